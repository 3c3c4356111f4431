//! The header parsers, tested against the grammars of the RFCs.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use proptest::prelude::*;

use super::bearer::Authorization;
use super::media_type::MediaType;
use super::{content_length, is_plain};

fn is_json(value: &str) -> bool {
    let media_type = MediaType::parse(value.as_bytes());
    media_type.is_some_and(|media_type| media_type.is_application("json") && media_type.is_utf8())
}

#[test]
fn json_is_known_with_its_parameters_and_in_any_case() {
    for good in [
        "application/json",
        "Application/JSON",
        " application/json\t",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json;charset=\"u\\tf-8\"",
        "application/json \t;\t CHARSET=utf8",
        "application/json; charset=csUTF8",
        "application/json; charset=utf-8; charset=utf8",
        "application/json; profile=\"a;b, \\\"c\\\" = é\"; charset=utf-8",
        "application/json;",
        "application/json ; ; ",
        "application/json; x=\"\"",
    ] {
        assert!(is_json(good), "{good}");
    }
    for bad in [
        "",
        "application",
        "application/",
        "/json",
        "application /json",
        "application/ json",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/problem+json",
        "application/json; charset=latin1",
        "application/json; charset=utf-8; charset=latin1",
        "application/json; charset=\"\"",
        "application/json; charset=",
        "application/json; charset = utf-8",
        "application/json; charset",
        "application/json; charset=\"utf-8",
        "application/json; charset=\"utf-8\\",
        "application/json; charset=\"utf-8\"x",
        "application/json; charset='utf-8'",
        "application/json; x=\"\u{7f}\"",
        "application/json charset=utf-8",
        "application/json, text/plain",
        "application/json; charset=utf-8, application/json",
    ] {
        assert!(!is_json(bad), "{bad}");
    }
}

#[test]
fn a_bearer_token_comes_after_one_space_or_more_and_is_one_token() {
    use Authorization::{Bearer, Malformed, Other};
    for (value, credentials) in [
        ("Bearer abc", Bearer("abc")),
        ("bEARER abc", Bearer("abc")),
        ("Bearer   abc", Bearer("abc")),
        ("\t Bearer abc \t", Bearer("abc")),
        ("Bearer a-._~+/9==", Bearer("a-._~+/9==")),
        ("Bearer", Malformed),
        ("Bearer ", Malformed),
        ("Bearer\tabc", Malformed),
        ("Bearer \tabc", Malformed),
        ("Bearer abc def", Malformed),
        ("Bearer abc, Bearer abc", Malformed),
        ("Bearer abc,", Malformed),
        ("Bearer =", Malformed),
        ("Bearer a=b", Malformed),
        ("Bearer \"abc\"", Malformed),
        ("Bearer token=abc", Malformed),
        ("Bearer é", Malformed),
        ("Bearer=abc", Malformed),
        ("Basic abc", Other),
        ("Bearers abc", Other),
        ("abc", Other),
        ("", Other),
        (" ", Other),
        ("=", Other),
    ] {
        assert_eq!(
            Authorization::parse(value.as_bytes()),
            credentials,
            "{value:?}"
        );
    }
}

fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, value.parse().unwrap());
    }
    headers
}

#[test]
fn a_content_encoding_is_a_list_that_may_say_identity() {
    let plain = |values: &[&str]| is_plain(&headers(&header::CONTENT_ENCODING, values));
    for good in [
        &[][..],
        &[""],
        &["identity"],
        &[" Identity ,, identity\t"],
        &["identity", ","],
    ] {
        assert!(plain(good), "{good:?}");
    }
    for bad in [
        &["gzip"][..],
        &["identity, br"],
        &["identity", "gzip"],
        &["identity;q=1"],
        &["x"],
    ] {
        assert!(!plain(bad), "{bad:?}");
    }
}

#[test]
fn a_declared_length_is_digits_and_never_wraps() {
    let length = |value: &str| content_length(&headers(&header::CONTENT_LENGTH, &[value]));
    assert_eq!(length("0"), Some(0));
    assert_eq!(length(" 016384 "), Some(16_384));
    assert_eq!(length("18446744073709551617"), Some(u64::MAX));
    for bad in ["", "+5", "-1", "5, 5", "0x10", "1e3"] {
        assert_eq!(length(bad), None, "{bad}");
    }
}

/// A token (RFC 9110, 5.6.2).
fn a_token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}"
}

fn space() -> impl Strategy<Value = String> {
    "[ \t]{0,3}"
}

/// A parameter's value and its written form: a token, or a quoted string with any escapes.
fn a_value() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let text = prop_oneof![Just(b'\t'), 0x20_u8..=0x7e, 0x80_u8..=0xff];
    let quoted = prop::collection::vec((text, any::<bool>()), 0..12).prop_map(|characters| {
        let mut written = vec![b'"'];
        for (character, escape) in &characters {
            if *escape || matches!(character, b'"' | b'\\') {
                written.push(b'\\');
            }
            written.push(*character);
        }
        written.push(b'"');
        (
            characters
                .into_iter()
                .map(|(character, _)| character)
                .collect(),
            written,
        )
    });
    prop_oneof![
        a_token().prop_map(|token| (token.clone().into_bytes(), token.into_bytes())),
        quoted
    ]
}

proptest! {
    #[test]
    fn every_media_type_of_the_grammar_is_read_as_it_was_meant(
        main in a_token(),
        sub in a_token(),
        parameters in prop::collection::vec((space(), space(), prop::option::of((a_token(), a_value()))), 0..5),
        around in (space(), space()),
    ) {
        let mut written = format!("{}{main}/{sub}", around.0).into_bytes();
        let mut meant = Vec::new();
        for (before, after, parameter) in &parameters {
            written.extend(format!("{before};{after}").bytes());
            if let Some((name, (value, as_written))) = parameter {
                written.extend(format!("{name}=").bytes());
                written.extend(as_written);
                meant.push((name.as_bytes(), value.clone()));
            }
        }
        written.extend(around.1.bytes());
        let read = MediaType::parse(&written);
        let whole = MediaType { main: main.as_bytes(), sub: sub.as_bytes(), parameters: meant };
        prop_assert_eq!(read, Some(whole));
    }

    #[test]
    fn every_bearer_token_of_the_grammar_is_read_as_it_was_meant(
        scheme in "[bB][eE][aA][rR][eE][rR]",
        spaces in " {1,5}",
        token in "[A-Za-z0-9._~+/-]{1,40}={0,3}",
        around in (space(), space()),
    ) {
        let written = format!("{}{scheme}{spaces}{token}{}", around.0, around.1);
        prop_assert_eq!(Authorization::parse(written.as_bytes()), Authorization::Bearer(&token));
    }

    #[test]
    fn a_token_that_is_read_is_one_of_the_grammar(value in "(?s)[Bb]earer[ \t=,]{0,2}.{0,20}") {
        if let Authorization::Bearer(token) = Authorization::parse(value.as_bytes()) {
            let body = token.trim_end_matches('=');
            prop_assert!(!body.is_empty());
            prop_assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b)));
            prop_assert!(value.trim_matches([' ', '\t'])[6..].trim_start_matches(' ') == token);
        }
    }

    #[test]
    fn a_list_of_codings_is_plain_if_each_is_identity_however_it_is_split(
        codings in prop::collection::vec((space(), "([iI]dentity|IDENTITY)?", space()), 0..5),
        other in prop::option::of((any::<prop::sample::Index>(), "[a-z]{1,8}")),
        split in any::<bool>(),
    ) {
        let mut list: Vec<String> = codings.iter().map(|(a, name, b)| format!("{a}{name}{b}")).collect();
        let plain = other.as_ref().is_none_or(|(_, name)| name == "identity");
        if let Some((place, name)) = other {
            list.insert(place.index(list.len() + 1), name);
        }
        let joined = [list.join(",")];
        let values: Vec<&str> = if split { &list[..] } else { &joined[..] }.iter().map(String::as_str).collect();
        prop_assert_eq!(is_plain(&headers(&header::CONTENT_ENCODING, &values)), plain);
    }

    #[test]
    fn every_declared_length_is_read_as_the_number_it_is(length in any::<u64>(), zeros in "0{0,3}", around in (space(), space())) {
        let written = format!("{}{zeros}{length}{}", around.0, around.1);
        prop_assert_eq!(content_length(&headers(&header::CONTENT_LENGTH, &[&written])), Some(length));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Authorization::parse(&bytes);
        let _ = MediaType::parse(&bytes);
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let headers: HeaderMap = [(header::CONTENT_LENGTH, value.clone()), (header::CONTENT_ENCODING, value)]
                .into_iter()
                .collect();
            let _ = (content_length(&headers), is_plain(&headers));
        }
    }
}
