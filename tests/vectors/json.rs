//! Bodies that JSON parsers disagree about.

use base64ct::{Base64, Encoding as _};
use gatehouse::strict_json::Object;

use crate::corpus;

#[test]
fn what_no_parser_may_take_is_refused_and_nothing_panics() {
    let Some(corpus) = corpus("json_parsing.json") else {
        return;
    };
    let mut refused = 0;
    for case in corpus["cases"].as_array().expect("cases") {
        // The two largest are given as a recipe.
        let Some(text) = case["b64"].as_str() else {
            continue;
        };
        let body = Base64::decode_vec(text).expect("base64");
        let mut member = br#"{"a":"#.to_vec();
        member.extend(&body);
        member.push(b'}');
        let taken = Object::parse(&body).is_ok() || Object::parse(&member).is_ok();
        if case["expect"] == "n" || case["expect"] == "reject" {
            assert!(!taken, "{}", case["name"]);
            refused += 1;
        }
    }
    assert!(refused > 150, "{refused}");
}
