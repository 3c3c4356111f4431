//! The examples of the document.

use http::StatusCode;
use serde_json::Value;
use testkit_openapi::Contract;

use crate::codes::errors;

/// All problems in a part of the document.
fn problems(part: &Value) -> Vec<&Value> {
    let below = match part {
        Value::Array(items) => items.iter().flat_map(problems).collect(),
        Value::Object(members) => members.values().flat_map(problems).collect(),
        _ => Vec::new(),
    };
    let is_problem = part["title"].is_string() && part["code"].is_string();
    is_problem
        .then_some(part)
        .into_iter()
        .chain(below)
        .collect()
}

#[test]
fn every_body_has_an_example_and_every_example_is_as_it_says() {
    let contract = Contract::read();
    let examples = contract.examples();
    assert!(examples.len() > 50, "{}", examples.len());
    for (place, wrong) in examples {
        assert!(wrong.is_empty(), "{place}: {}", wrong.join("; "));
    }
}

#[test]
fn the_problems_of_the_examples_have_the_title_of_their_status_and_it_is_that_of_their_code() {
    let contract = Contract::read();
    let problems = problems(&contract.document);
    assert!(problems.len() > 15, "{}", problems.len());
    let errors = errors();
    for problem in problems {
        let status = problem["status"]
            .as_u64()
            .and_then(|it| u16::try_from(it).ok());
        let status = status.expect("a status");
        let code = problem["code"].as_str().expect("a code").to_owned();
        assert!(errors.contains(&(status, code)), "{problem}");
        let named = StatusCode::from_u16(status).expect("a status");
        assert_eq!(problem["title"].as_str(), named.canonical_reason());
    }
}
