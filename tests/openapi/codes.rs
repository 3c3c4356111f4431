//! The codes of errors.

use std::collections::BTreeSet;

use gatehouse::error::Error;
use testkit_openapi::Contract;

/// The texts of a function of a source.
fn texts(source: &'static str, function: &str) -> BTreeSet<&'static str> {
    let (_, body) = source.split_once(function).expect("the function");
    let (body, _) = body.split_once("\n    }\n").expect("its end");
    body.split('"').skip(1).step_by(2).collect()
}

/// An error of every code, each with its status.
pub(crate) fn errors() -> BTreeSet<(u16, String)> {
    let timeout = || gatehouse::db::Error::Timeout {
        purpose: "a test",
        limit: std::time::Duration::ZERO,
    };
    let errors = [
        Error::MalformedRequest,
        Error::MalformedBody(String::new()),
        Error::MissingToken,
        Error::InvalidToken(gatehouse::token::TokenError::Malformed),
        Error::InvalidCredentials,
        Error::InvalidSession,
        Error::CrossOrigin,
        Error::NotFound,
        Error::SessionNotFound,
        Error::MethodNotAllowed,
        Error::EmailTaken,
        Error::Conflict(Vec::new()),
        Error::Referenced(timeout()),
        Error::BodyTooLarge,
        Error::UnsupportedMediaType(""),
        Error::InvalidFields(Vec::new()),
        Error::RateLimited,
        Error::TooManyAttempts(std::time::Duration::ZERO),
        Error::Database(timeout()),
        Error::Internal(String::new()),
    ];
    let each = errors.iter();
    each.map(|error| (error.status().as_u16(), error.code().to_owned()))
        .collect()
}

#[test]
fn every_code_is_documented_with_its_status_and_no_other_is() {
    let source = include_str!("../../src/error.rs");
    let in_source = texts(source, "pub fn code(");
    let errors = errors();
    let made: BTreeSet<_> = errors.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(made, in_source, "the list of errors above");

    let contract = Contract::read();
    assert_eq!(contract.codes(), errors);
    let listed = &contract.document["components"]["schemas"]["Code"]["enum"];
    let listed = listed.as_array().expect("a list").iter();
    let listed: BTreeSet<_> = listed.filter_map(|code| code.as_str()).collect();
    assert_eq!(listed, in_source);
}
