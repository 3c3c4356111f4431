//! Tokens made by hand: what is refused, and why.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::AlgorithmSignature as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "a secret of the tests, 0123456789abcdef";

fn tokens() -> Tokens {
    let config = Config::read(|name| (name == "SECRET_KEY").then(|| SECRET.into())).unwrap();
    assert_eq!(config.token_lifetime, Duration::from_mins(30));
    Tokens::new(&config)
}

/// Signs a header and claims, as they are.
fn sign(header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let message = format!("{}.{}", encode(header), encode(claims));
    let tag = Hs256.sign(&Hs256Key::new(SECRET), message.as_bytes());
    format!(
        "{message}.{}",
        Base64UrlUnpadded::encode_string(&tag.as_bytes())
    )
}

fn header(changes: &Value) -> String {
    changed(
        &json!({ "alg": "HS256", "typ": "at+jwt", "kid": tokens().key_id }),
        changes,
    )
}

fn claims(changes: &Value) -> String {
    let claims =
        json!({ "iss": "gatehouse", "sub": "7", "jti": "x", "iat": NOW, "exp": NOW + 1800 });
    changed(&claims, changes)
}

/// An object with members changed, or left out where the change is null.
fn changed(object: &Value, changes: &Value) -> String {
    let mut object = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    Value::Object(object).to_string()
}

fn verify(header: &str, claims: &str) -> Result<i64, TokenError> {
    tokens().verify(&sign(header, claims), NOW)
}

fn good_header() -> String {
    header(&json!({}))
}

#[test]
fn a_token_that_was_issued_is_verified_until_it_expires() {
    let tokens = tokens();
    let token = tokens.issue(7, NOW).unwrap();
    assert_eq!(token.expires_in, 1800);
    assert_eq!(tokens.verify(&token.token, NOW), Ok(7));
    assert_eq!(tokens.verify(&token.token, NOW + 1799), Ok(7));
    assert_eq!(
        tokens.verify(&token.token, NOW + 1800 + 6),
        Err(TokenError::Expired)
    );
    assert_eq!(tokens.verify(&token.token, NOW - 4), Ok(7), "clocks differ");
    assert_eq!(
        tokens.verify(&token.token, NOW - 60),
        Err(TokenError::Early)
    );
}

#[test]
fn the_tokens_made_here_are_good_before_they_are_spoilt() {
    assert_eq!(verify(&good_header(), &claims(&json!({}))), Ok(7));
    assert_eq!(
        verify(
            &header(&json!({ "typ": "APPLICATION/AT+JWT" })),
            &claims(&json!({}))
        ),
        Ok(7)
    );
    assert_eq!(
        verify(
            &header(&json!({ "x": 1, "jku": "https://evil.example", "jwk": {} })),
            &claims(&json!({}))
        ),
        Ok(7)
    );
}

#[test]
fn only_our_algorithm_type_and_key_are_taken() {
    for (change, error) in [
        (json!({ "alg": "none" }), TokenError::Header),
        (json!({ "alg": "None" }), TokenError::Header),
        (json!({ "alg": "hs256" }), TokenError::Header),
        (json!({ "alg": "HS512" }), TokenError::Header),
        (json!({ "alg": "RS256" }), TokenError::Header),
        (json!({ "alg": null }), TokenError::Header),
        (json!({ "alg": ["HS256"] }), TokenError::Header),
        (json!({ "typ": null }), TokenError::Header),
        (json!({ "typ": "JWT" }), TokenError::Header),
        (json!({ "typ": "rt+jwt" }), TokenError::Header),
        (json!({ "kid": null }), TokenError::Header),
        (json!({ "kid": 7 }), TokenError::Header),
        (json!({ "kid": "' OR 1=1" }), TokenError::UnknownKey),
        (json!({ "kid": "../../dev/null" }), TokenError::UnknownKey),
        (json!({ "crit": [] }), TokenError::Header),
        (json!({ "crit": ["exp"] }), TokenError::Header),
        (json!({ "b64": false }), TokenError::Header),
    ] {
        assert_eq!(
            verify(&header(&change), &claims(&json!({}))),
            Err(error),
            "{change}"
        );
    }
}

#[test]
fn every_claim_has_to_be_there_and_right() {
    for (change, error) in [
        (json!({ "exp": null }), TokenError::Claims),
        (json!({ "exp": NOW.to_string() }), TokenError::Claims),
        (json!({ "exp": -1 }), TokenError::Expired),
        (json!({ "exp": NOW - 6 }), TokenError::Expired),
        (json!({ "exp": NOW + 1801 }), TokenError::Claims),
        (json!({ "exp": u64::MAX }), TokenError::Claims),
        (json!({ "exp": 1e300 }), TokenError::Claims),
        (json!({ "iat": null }), TokenError::Claims),
        (
            json!({ "iat": NOW + 60, "exp": NOW + 90 }),
            TokenError::Early,
        ),
        (json!({ "nbf": NOW + 60 }), TokenError::Early),
        (json!({ "nbf": "x" }), TokenError::Claims),
        (json!({ "iss": null }), TokenError::Claims),
        (json!({ "iss": "Gatehouse" }), TokenError::Claims),
        (json!({ "iss": ["gatehouse"] }), TokenError::Claims),
        (json!({ "sub": null }), TokenError::Claims),
        (json!({ "sub": 7 }), TokenError::Claims),
        (json!({ "sub": "07" }), TokenError::Claims),
        (json!({ "sub": "+7" }), TokenError::Claims),
        (json!({ "sub": "-7" }), TokenError::Claims),
        (json!({ "sub": "0" }), TokenError::Claims),
        (json!({ "sub": "7 " }), TokenError::Claims),
        (json!({ "sub": "ada@example.com" }), TokenError::Claims),
        (json!({ "sub": "9223372036854775808" }), TokenError::Claims),
        (json!({ "jti": null }), TokenError::Claims),
    ] {
        assert_eq!(
            verify(&good_header(), &claims(&change)),
            Err(error),
            "{change}"
        );
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_not_read() {
    let (header, claims) = (good_header(), claims(&json!({})));
    let twice = claims.replacen('{', r#"{"sub":"8","#, 1);
    let escaped = claims.replacen('{', r#"{"\u0073ub":"8","#, 1);
    for (header, claims) in [
        (header.clone(), twice),
        (header.clone(), escaped),
        (header.replacen('{', r#"{"alg":"none","#, 1), claims.clone()),
        (header.clone(), format!("{claims} x")),
        (header.clone(), format!("\u{feff}{claims}")),
        (header.clone(), "[]".into()),
        (header.clone(), "7".into()),
        ("null".into(), claims.clone()),
    ] {
        assert_eq!(
            verify(&header, &claims),
            Err(TokenError::Malformed),
            "{header} {claims}"
        );
    }
}

#[test]
fn a_token_has_one_spelling() {
    let token = sign(&good_header(), &claims(&json!({})));
    assert_eq!(tokens().verify(&token, NOW), Ok(7));
    let parts: Vec<_> = token.split('.').collect();
    let last = token.chars().last().unwrap();
    // A 32-byte signature leaves two spare bits in its last character.
    let spare = char::from(u8::try_from(last).unwrap() + 1);
    for other in [
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        token.replace('.', ".."),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}{spare}", &token[..token.len() - 1]),
        format!(
            "{}.{}.{}.{}.{}",
            parts[0], parts[1], parts[2], parts[2], parts[2]
        ),
        token.replacen("eyJ", "e+J", 1),
        "x".repeat(5000),
        String::new(),
    ] {
        assert_eq!(
            tokens().verify(&other, NOW),
            Err(TokenError::Malformed),
            "{other}"
        );
    }
}

#[test]
fn a_signature_counts_whole() {
    let token = sign(&good_header(), &claims(&json!({})));
    let (message, signature) = token.rsplit_once('.').unwrap();
    for signature in [&signature[..40], "AAAA", &"A".repeat(43)] {
        assert_eq!(
            tokens().verify(&format!("{message}.{signature}"), NOW),
            Err(TokenError::Signature),
            "{signature}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_passes_for_a_token_or_makes_it_panic(text in any::<String>(), parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 0..5)) {
        prop_assert!(tokens().verify(&text, NOW).is_err());
        prop_assert!(tokens().verify(&parts.join("."), NOW).is_err());
    }
}
