//! The routes, and what the text names.

use std::collections::BTreeSet;

use gatehouse::config::SETTINGS;
use gatehouse::http::headers::REQUEST_HEADERS;
use testkit_openapi::Contract;

const TEXT: &str = include_str!("../../openapi.yaml");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The routes of the router, but for what only a test build has.
fn routes() -> BTreeSet<String> {
    let source = include_str!("../../src/router.rs");
    let mut routes = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let route = route.trim_start().strip_prefix('"').expect("a path");
        let (path, handlers) = route.split_once('"').expect("its end");
        let calls = |method: &&str| {
            let call = format!("{method}(");
            handlers.contains(&format!(" {call}")) || handlers.contains(&format!(".{call}"))
        };
        if path != "/test/panic" {
            let methods = METHODS.iter().filter(|method| calls(method));
            routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
    }
    routes
}

#[test]
fn the_document_has_the_routes_of_the_router() {
    let contract = Contract::read();
    let documented = contract.operations.iter();
    let documented = documented.map(|one| format!("{} {}", one.method, one.path));
    assert_eq!(documented.collect::<BTreeSet<_>>(), routes());
}

#[test]
fn every_route_has_a_name_of_its_own_a_tag_and_a_summary() {
    let contract = Contract::read();
    let mut names = BTreeSet::new();
    for operation in &contract.operations {
        let path = &contract.document["paths"][&operation.path];
        let operation = &path[operation.method.to_lowercase()];
        let name = operation["operationId"].as_str().expect("a name");
        assert!(names.insert(name), "{name}");
        assert!(operation["summary"].is_string(), "{name}");
        let tag = &operation["tags"][0];
        let tags = contract.document["tags"].as_array().expect("tags");
        assert!(tags.iter().any(|known| known["name"] == *tag), "{name}");
    }
}

#[test]
fn the_document_is_of_this_version() {
    let contract = Contract::read();
    let version = &contract.document["info"]["version"];
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_setting_that_the_document_names_is_one() {
    let mut settings = 0;
    for word in TEXT.split('`').skip(1).step_by(2) {
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if word.contains('_') && word.chars().all(is_name) {
            assert!(SETTINGS.iter().any(|(name, _)| *name == word), "{word}");
            settings += 1;
        }
    }
    assert!(settings > 5, "{settings}");
}

#[test]
fn every_header_that_a_request_may_have_is_read() {
    let contract = Contract::read();
    let parameters = &contract.document["components"]["parameters"];
    let parameters = parameters.as_object().expect("parameters");
    for parameter in parameters.values() {
        let name = parameter["name"].as_str().expect("a name");
        let mut read = REQUEST_HEADERS.iter();
        let is_read = read.any(|header| name.eq_ignore_ascii_case(header.as_str()));
        assert!(is_read, "{name}");
    }
}

#[test]
fn the_readme_and_the_api_page_have_every_route() {
    let contract = Contract::read();
    let documented = contract.operations.iter();
    let documented: BTreeSet<_> = documented
        .map(|one| format!("{} {}", one.method, one.path))
        .collect();
    let pages = [
        include_str!("../../README.md"),
        include_str!("../../docs/api.md"),
    ];
    for page in pages {
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        let routes = rows.filter_map(|row| row.split('`').nth(1));
        let routes = routes.filter(|route| route.contains(" /"));
        let routes: Vec<_> = routes.map(str::to_owned).collect();
        assert_eq!(routes.len(), documented.len());
        assert_eq!(routes.into_iter().collect::<BTreeSet<_>>(), documented);
    }
}
