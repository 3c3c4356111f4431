//! Parses the body of a form: `application/x-www-form-urlencoded` (URL Standard, 5.1), in UTF-8.

use percent_encoding::percent_decode;

/// The most parameters of a form.
const MOST_PARAMETERS: usize = 64;

/// The reason for refusing a form. The messages are for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    /// curl's `-d` sends JSON as a form, unless it is told the type.
    #[error("The form is JSON; send it as Content-Type: application/json.")]
    Json,
    /// A name or a value is not UTF-8 when it is decoded.
    #[error("The form is not UTF-8.")]
    NotUtf8,
    /// Two parsers that pick different duplicates would let a client evade checks; OAuth 2.0 forbids
    /// them (RFC 6749, 3.2).
    #[error("The form has a parameter twice.")]
    Duplicate,
    /// More than [`MOST_PARAMETERS`]: nothing that is read has so many, and each costs time.
    #[error("The form has more than 64 parameters.")]
    TooMany,
}

/// Returns the parameters of a form in their order.
///
/// # Errors
/// [`FormError`] if it is a JSON object, if anything is not UTF-8, if a name appears twice, or if there are
/// too many. A `%` without two digits stands for itself, as in the URL Standard.
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    if body.trim_ascii_start().starts_with(b"{") {
        return Err(FormError::Json);
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|it| !it.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if parameters.iter().any(|(other, _)| *other == name) {
            return Err(FormError::Duplicate);
        }
        if parameters.len() == MOST_PARAMETERS {
            return Err(FormError::TooMany);
        }
        parameters.push((name, value));
    }
    Ok(parameters)
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    let spaced: Vec<_> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| FormError::NotUtf8)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text.as_bytes()).unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn plus_is_a_space_and_percent_signs_escape_bytes() {
        assert_eq!(pairs("a+b=c%2Bd%20+e"), [pair("a b", "c+d  e")]);
        assert_eq!(pairs("p=%C3%A4%f0%9f%94%91"), [pair("p", "ä🔑")]);
        assert_eq!(pairs("p=100%&q=%zz"), [pair("p", "100%"), pair("q", "%zz")]);
        assert_eq!(pairs("p=a=b=="), [pair("p", "a=b==")]);
    }

    #[test]
    fn parameters_may_lack_a_value_or_a_name() {
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("&&"), []);
        assert_eq!(pairs("a&b="), [pair("a", ""), pair("b", "")]);
        assert_eq!(pairs("=a"), [pair("", "a")]);
    }

    #[test]
    fn a_name_that_appears_twice_is_refused_in_any_spelling() {
        for text in ["a=1&a=1", "a=1&%61=2", "a&a", "a=1&b=2&a=", "=1&=2"] {
            assert_eq!(parse(text.as_bytes()), Err(FormError::Duplicate), "{text}");
        }
    }

    #[test]
    fn json_that_is_sent_as_a_form_is_told_so() {
        for text in ["{}", " {\"a\": 1}", "\r\n{"] {
            assert_eq!(parse(text.as_bytes()), Err(FormError::Json), "{text}");
        }
    }

    #[test]
    fn sixty_four_parameters_are_taken_and_no_more() {
        let form = |count: usize| {
            let each = (0..count).map(|at| format!("a{at}=b"));
            each.collect::<Vec<_>>().join("&")
        };
        assert_eq!(pairs(&form(64)).len(), 64);
        assert_eq!(parse(form(65).as_bytes()), Err(FormError::TooMany));
    }

    #[test]
    fn what_is_not_utf8_is_refused_raw_and_escaped() {
        for text in [&b"a=\xe4"[..], b"a=%E4", b"%ff=1", b"a=%ED%A0%80"] {
            assert_eq!(parse(text), Err(FormError::NotUtf8), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_has_encoded_comes_out_again(name in ".*", value in ".*") {
            let encode = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
            let spaced = |text: &str| encode(text).replace("%20", "+");
            let form = format!("{}={}", encode(&name), spaced(&value));
            prop_assert_eq!(pairs(&form), [(name, value)]);
        }

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&body);
        }
    }
}
