//! The rules for what a request has.

use std::sync::LazyLock;

use gatehouse::identity::email::Email;
use gatehouse::identity::name::Name;
use gatehouse::identity::session_id::SessionId;
use gatehouse::password::{Password, Policy};
use proptest::prelude::*;
use serde_json::json;
use testkit_openapi::{Contract, Schema};

/// Whether a schema of the document takes a text.
fn schema(name: &str) -> impl Fn(&str) -> bool {
    let schema = Contract::read().schema(name);
    move |text| schema.takes(&json!(text))
}

/// The code with which a password of that many characters is refused.
fn code_of(length: usize) -> Option<&'static str> {
    // No two of its parts are alike, so it is never too common.
    let text: String = (0..length)
        .filter_map(|at| char::from_u32(0x4e00 + u32::try_from(at * 37).ok()?))
        .collect();
    let policy = Policy {
        min_length: 8,
        forbidden_words: Vec::new(),
    };
    let checked = Password::new(text).check(&policy, None);
    checked.err().map(|rule| rule.code)
}

#[test]
fn a_new_password_has_the_documented_length() {
    let takes = schema("NewPassword");
    for length in [0, 1, 7, 8, 9, 255, 256, 257, 1000] {
        let documented = takes(&"x".repeat(length));
        assert_eq!(documented, code_of(length).is_none(), "{length}");
    }
}

#[test]
fn every_single_character_is_in_a_name_as_documented() {
    let takes = schema("Name");
    for character in (0..0x3000)
        .chain(0xe000..0x1_0400)
        .filter_map(char::from_u32)
    {
        let name = format!("a{character}b");
        let documented = takes(&name);
        assert_eq!(documented, Name::parse(name).is_ok(), "{character:?}");
    }
}

#[test]
fn a_name_has_the_documented_length() {
    let takes = schema("Name");
    for length in [0, 1, 49, 50, 51, 100] {
        let name = "👩".repeat(length);
        let documented = takes(&name);
        assert_eq!(documented, Name::parse(name).is_ok(), "{length}");
    }
}

#[test]
fn an_e_mail_that_is_too_long_is_so_in_the_document() {
    let takes = schema("NewEmail");
    // Of odd lengths and of even ones, 254 among them.
    for local in ["a", "ab"] {
        for labels in 80..130 {
            let email = format!("{local}@{}example", "a.".repeat(labels));
            assert_eq!(takes(&email), Email::parse(&email).is_ok(), "{email}");
        }
    }
}

#[test]
fn an_id_of_a_session_is_as_documented() {
    let takes = schema("SessionId");
    for id in [
        "",
        "0",
        &"0".repeat(31),
        &"0".repeat(33),
        &"A".repeat(32),
        &"af09".repeat(8),
        &"g".repeat(32),
    ] {
        let documented = takes(id);
        assert_eq!(documented, SessionId::parse(id).is_some(), "{id}");
    }
}

proptest! {
    #[test]
    fn an_e_mail_that_is_taken_is_one_in_the_document(
        email in "[ \t]{0,2}[a-zA-Z0-9.!+_-]{1,8}@[a-zA-Z0-9.äß。．｡⒈-]{1,12}[.。․][a-z]{1,4}[ \n]{0,2}"
    ) {
        static TAKES: LazyLock<Schema> = LazyLock::new(|| Contract::read().schema("NewEmail"));
        if Email::parse(&email).is_ok() {
            prop_assert!(TAKES.takes(&json!(email)), "{:?}", email);
        }
    }
}
