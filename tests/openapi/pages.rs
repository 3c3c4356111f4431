//! The pages on errors: they have every code, with its status, and no other.

use std::collections::{BTreeMap, BTreeSet};

use testkit_openapi::Contract;

use crate::codes::errors;

const PAGE: &str = include_str!("../../docs/errors.md");
const API: &str = include_str!("../../docs/api.md");

/// The codes of errors.
fn codes() -> BTreeSet<String> {
    errors().into_iter().map(|(_, code)| code).collect()
}

/// The sections of docs/errors.md by their headings.
fn sections() -> BTreeMap<&'static str, &'static str> {
    let sections = PAGE.split("\n## ").skip(1);
    let sections: Vec<_> = sections
        .filter_map(|section| section.split_once("\n\n"))
        .collect();
    let count = sections.len();
    let sections = BTreeMap::from_iter(sections);
    assert_eq!(sections.len(), count, "a heading is there twice");
    sections
}

/// The codes in the table of docs/api.md with their statuses.
fn table() -> BTreeMap<&'static str, &'static str> {
    let (_, section) = API.split_once("\n## Errors\n").expect("a section");
    let mut statuses = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let (status, named) = cells.next().zip(cells.next()).expect("two cells");
        for code in named.split('`').skip(1).step_by(2) {
            let other = statuses.insert(code, status);
            assert_eq!(other, None, "{code} is there twice");
        }
    }
    statuses
}

#[test]
fn every_code_has_a_section_and_every_section_is_one_of_a_code() {
    let codes = codes();
    assert!(codes.contains("invalid_credentials"), "{codes:?}");
    let sections = sections().into_keys().map(str::to_owned);
    assert_eq!(sections.collect::<BTreeSet<_>>(), codes);
}

#[test]
fn the_table_of_the_api_page_has_every_code_with_its_status_and_no_other() {
    let rows = table().into_iter();
    let rows = rows.map(|(code, status)| (status.parse().expect("a status"), code.to_owned()));
    assert_eq!(rows.collect::<BTreeSet<_>>(), errors());
}

#[test]
fn the_table_of_the_api_page_has_the_codes_of_fields() {
    let (_, table) = API.split_once("\n## Errors\n").expect("a section");
    let contract = Contract::read();
    let codes = &contract.document["components"]["schemas"]["FieldCode"]["enum"];
    for code in codes.as_array().expect("codes") {
        let code = code.as_str().expect("a code");
        assert!(table.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn a_section_has_the_status_of_the_table_and_says_what_clients_and_operators_do() {
    let table = table();
    for (code, section) in sections() {
        let status = table[code];
        assert!(section.starts_with(&format!("{status}: ")), "{code}");
        for reader in ["Client", "Operator"] {
            let line = format!("\n* **{reader}:** ");
            assert_eq!(section.matches(&line).count(), 1, "{reader} of {code}");
        }
    }
}

/// The names of a section that are set as code, of settings and of what is logged.
fn names() -> impl Iterator<Item = &'static str> {
    let words = PAGE.split('`').skip(1).step_by(2);
    words.filter(|word| {
        let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        word.contains('_') && word.bytes().all(letters)
    })
}

#[test]
fn what_the_sections_name_is_a_setting_or_an_event_or_a_code_or_a_member() {
    let settings = include_str!("../../docs/configuration.md");
    let events = include_str!("../../docs/architecture.md");
    let codes = codes();
    let mut count = 0;
    for name in names() {
        let row = format!("\n| `{name}` |");
        let known = settings.contains(&row)
            || events.contains(&row)
            || codes.contains(name)
            || API.contains(&format!("\n| 400 | `{name}` |"));
        assert!(known || name == "request_id", "{name}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}
