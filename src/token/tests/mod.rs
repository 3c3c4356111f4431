//! Tokens made by hand, and the reasons why they are refused.

mod keys;
mod legacy;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;

const NOW: u64 = 1_800_000_000;
/// The session of the tokens that tests issue.
const SESSION: [u8; 16] = [7; 16];
const SECRET: &str = "a secret of the tests, 0123456789abcdef";

fn tokens() -> Tokens {
    tokens_with(&[])
}

fn tokens_with(variables: &[(&str, &str)]) -> Tokens {
    let secret = [("SECRET_KEY", SECRET)];
    let config = Config::read(|name| {
        let all = || variables.iter().chain(&secret);
        let found = all().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    Tokens::new(config.unwrap().token)
}

/// Signs a header and claims without changing or checking them.
fn sign(header: &str, claims: &str) -> String {
    let key = Key::from_secret(Algorithm::Hs256, SECRET.as_bytes()).unwrap();
    sign_with(&key, header, claims)
}

fn sign_with(key: &Key, header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let message = format!("{}.{}", encode(header), encode(claims));
    let tag = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", Base64UrlUnpadded::encode_string(&tag))
}

fn header(changes: &Value) -> String {
    changed(
        &json!({ "alg": "HS256", "typ": "at+jwt", "kid": tokens().0.keyring.signing().id() }),
        changes,
    )
}

fn claims(changes: &Value) -> String {
    let claims = json!({ "iss": "gatehouse", "aud": "gatehouse", "sub": "7", "jti": "x", "iat": NOW, "exp": NOW + 1800 });
    changed(&claims, changes)
}

/// An object with some members changed; a change to null removes the member.
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

fn verify(header: &str, claims: &str) -> Result<Subject, TokenError> {
    tokens().verify(&sign(header, claims), NOW)
}

/// The subject of the tokens that tests issue.
fn issued() -> Subject {
    Subject::Id(7_i64.into(), Some(SESSION.into()))
}

fn good_header() -> String {
    header(&json!({}))
}

#[test]
fn a_token_that_was_issued_is_verified_until_it_expires() {
    let tokens = tokens();
    let token = tokens.issue(7_i64.into(), SESSION.into(), NOW).unwrap();
    assert_eq!(token.expires_in, 1800);
    assert_eq!(tokens.verify(&token.token, NOW), Ok(issued()));
    assert_eq!(tokens.verify(&token.token, NOW + 1799), Ok(issued()));
    assert_eq!(
        tokens.verify(&token.token, NOW + 1800 + 5),
        Err(TokenError::Expired)
    );
    assert_eq!(tokens.verify(&token.token, NOW + 1800 + 4), Ok(issued()));
    assert_eq!(
        tokens.verify(&token.token, NOW - 5),
        Ok(issued()),
        "clocks differ"
    );
    assert_eq!(tokens.verify(&token.token, NOW - 6), Err(TokenError::Early));
}

#[test]
fn whatever_id_a_user_has_the_token_is_taken() {
    for id in [
        0_i64.into(),
        (-1_i64).into(),
        i64::MIN.into(),
        (i64::MAX - 1).into(),
        UserId::from(u64::MAX),
    ] {
        let token = tokens().issue(id, SESSION.into(), NOW).unwrap();
        assert_eq!(
            tokens().verify(&token.token, NOW),
            Ok(Subject::Id(id, Some(SESSION.into())))
        );
    }
}

#[test]
fn the_tokens_made_here_are_good_before_they_are_spoilt() {
    assert_eq!(
        verify(&good_header(), &claims(&json!({}))),
        Ok(Subject::Id(7_i64.into(), None))
    );
    assert_eq!(
        verify(
            &header(&json!({ "typ": "APPLICATION/AT+JWT" })),
            &claims(&json!({}))
        ),
        Ok(Subject::Id(7_i64.into(), None))
    );
    assert_eq!(
        verify(
            &header(&json!({ "x": 1, "jku": "https://evil.example", "jwk": {} })),
            &claims(&json!({}))
        ),
        Ok(Subject::Id(7_i64.into(), None))
    );
}

#[test]
fn no_key_is_taken_from_a_token() {
    let private = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let theirs = Key::from_private(Algorithm::EdDsa, private).unwrap();
    let ours = (
        "ED25519_PRIVATE_KEY",
        "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY",
    );
    let eddsa = tokens_with(&[("ALGORITHM", "EdDSA"), ours]);
    let secret = [7; 32];
    let shared = Key::from_secret(Algorithm::Hs256, &secret).unwrap();
    let octets =
        json!({ "kty": "oct", "alg": "HS256", "k": Base64UrlUnpadded::encode_string(&secret) });
    for (tokens, key, jwk) in [
        (&eddsa, &theirs, json!(theirs.jwk())),
        (&tokens(), &shared, octets),
    ] {
        for kid in [tokens.0.keyring.signing().id(), key.id()] {
            for (member, value) in [
                ("jwk", jwk.clone()),
                ("jwks", json!({ "keys": [jwk] })),
                ("jku", json!("https://evil.example/jwks.json")),
                ("x5u", json!("https://evil.example/key.pem")),
                ("x5c", json!([jwk["x"]])),
            ] {
                let mut header =
                    json!({ "alg": key.algorithm().name(), "typ": "at+jwt", "kid": kid });
                header[member] = value;
                let token = sign_with(key, &header.to_string(), &claims(&json!({})));
                // A verifier that used the key in the header would accept the token.
                assert_eq!(verify_signature(&token, key), Ok(()));
                let error = if kid == key.id() {
                    TokenError::UnknownKey
                } else {
                    TokenError::Signature
                };
                assert_eq!(tokens.verify(&token, NOW), Err(error), "{member}");
            }
        }
    }
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
        (json!({ "kid": "" }), TokenError::UnknownKey),
        (json!({ "kid": 7 }), TokenError::Header),
        (json!({ "kid": "' OR 1=1" }), TokenError::UnknownKey),
        (json!({ "kid": "../../dev/null" }), TokenError::UnknownKey),
        (json!({ "crit": [] }), TokenError::Header),
        (json!({ "crit": ["exp"] }), TokenError::Header),
        (json!({ "b64": false }), TokenError::Header),
        (json!({ "zip": "DEF" }), TokenError::Header),
        (json!({ "enc": "A256GCM" }), TokenError::Header),
        (json!({ "cty": "JWT" }), TokenError::Header),
        (json!({ "cty": "" }), TokenError::Header),
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
        (json!({ "exp": NOW - 5 }), TokenError::Expired),
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
        (json!({ "aud": null }), TokenError::Claims),
        (json!({ "aud": "Gatehouse" }), TokenError::Claims),
        (json!({ "aud": ["elsewhere"] }), TokenError::Claims),
        (json!({ "aud": [] }), TokenError::Claims),
        (json!({ "aud": 7 }), TokenError::Claims),
        (json!({ "sub": null }), TokenError::Claims),
        (json!({ "sub": 7 }), TokenError::Claims),
        (json!({ "sub": "07" }), TokenError::Claims),
        (json!({ "sub": "+7" }), TokenError::Claims),
        (json!({ "sub": "-0" }), TokenError::Claims),
        (json!({ "sub": "7 " }), TokenError::Claims),
        (json!({ "sub": "ada@example.com" }), TokenError::Claims),
        (json!({ "sub": "18446744073709551616" }), TokenError::Claims),
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
fn a_token_may_be_meant_for_others_too() {
    let claims = claims(&json!({ "aud": ["elsewhere", "gatehouse"] }));
    assert_eq!(
        verify(&good_header(), &claims),
        Ok(Subject::Id(7_i64.into(), None))
    );
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
    assert_eq!(
        tokens().verify(&token, NOW),
        Ok(Subject::Id(7_i64.into(), None))
    );
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

#[test]
fn a_token_names_its_session_or_none_and_nothing_else() {
    let sid = |sid: Value| verify(&good_header(), &claims(&json!({ "sid": sid })));
    let session = SESSION.into();
    let named = Ok(Subject::Id(7_i64.into(), Some(session)));
    assert_eq!(sid(json!(SessionId::from(SESSION))), named);
    for other in [json!(""), json!("07"), json!(7), json!(["x"])] {
        assert_eq!(sid(other.clone()), Err(TokenError::Claims), "{other}");
    }
}

#[test]
fn a_logout_knows_the_session_of_a_token_that_has_expired_and_of_no_forged_one() {
    let tokens = tokens();
    let token = tokens
        .issue(7_i64.into(), SESSION.into(), NOW)
        .unwrap()
        .token;
    let session = Some((SESSION.into(), 7_i64.into()));
    for later in [0, 1800, 1_000_000] {
        assert_eq!(tokens.session_of(&token, NOW + later), session, "{later}");
    }
    assert_eq!(tokens.session_of(&token, NOW - 60), None);
    let other = tokens_with(&[("TOKEN_AUDIENCE", "other")]);
    assert_eq!(other.session_of(&token, NOW + 10_000), None);
    let other = tokens_with(&[("SECRET_KEY", "another secret, 0123456789abcdef0123")]);
    assert_eq!(other.session_of(&token, NOW + 10_000), None);
}
