//! Accepted JSON, and the messages for JSON that is refused.

use super::*;
use proptest::prelude::*;

fn error(text: &str) -> String {
    Object::parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn members_are_taken_by_name() {
    let mut object = Object::parse(br#" {"a": "x", "b": null, "c": [1, {"d": 2}]} "#).unwrap();
    assert_eq!(object.take("a"), Some(Value::String("x".into())));
    assert_eq!(object.take("a"), None);
    assert_eq!(object.take("b"), Some(Value::Null));
    assert_eq!(object.take("c"), Some(Value::Array));
}

#[test]
fn a_name_that_appears_twice_is_refused_at_any_depth_and_in_any_spelling() {
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"x":[{"a":1,"a":1}]}"#,
    ] {
        assert!(
            error(text).contains("a member name that appears twice"),
            "{text}"
        );
    }
}

#[test]
fn nesting_is_read_to_the_limit_and_no_further() {
    let nested = |depth| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(Object::parse(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
    for depth in [MAX_DEPTH, 127, 128, 5000] {
        assert!(Object::parse(nested(depth).as_bytes()).is_err(), "{depth}");
    }
}

#[test]
fn what_is_no_json_object_gets_a_sentence_that_says_so() {
    assert_eq!(Object::parse(b"\xff\xfe").unwrap_err(), JsonError::NotUtf8);
    assert_eq!(error("[]"), "The body must be a JSON object, not an array.");
    for text in [
        "",
        "{",
        r#"{"a":1}x"#,
        r#"{"a":1,}"#,
        "{'a':1}",
        "\u{feff}{}",
        r#"{"a":NaN}"#,
        r#"{"a":"\ud800"}"#,
        "{\"a\":\"\n\"}",
    ] {
        assert!(
            error(text).starts_with("The body is not valid JSON: "),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = Object::parse(&bytes);
    }

    #[test]
    fn any_string_comes_through_unchanged(text in any::<String>()) {
        let body = serde_json::json!({ "a": text }).to_string();
        let mut object = Object::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(object.take("a"), Some(Value::String(text)));
    }
}
