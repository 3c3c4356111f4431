//! Tests of the settings of keys and of token types.

use super::*;

#[test]
fn each_algorithm_takes_its_kind_of_key_and_no_other() {
    let long = ("SECRET_KEY", &*"0123456789abcdef".repeat(4));
    let private = (
        "ED25519_PRIVATE_KEY",
        "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY",
    );
    let name = |name| ("ALGORITHM", name);
    for (algorithm, variables) in [
        ("HS256", vec![SECRET]),
        ("HS384", vec![long]),
        ("HS512", vec![long]),
        ("EdDSA", vec![SECRET, private]),
        ("Ed25519", vec![SECRET, private]),
    ] {
        let config = read(&[variables, vec![name(algorithm)]].concat()).unwrap();
        assert_eq!(config.token.keyring.signing().algorithm().name(), algorithm);
    }
    for known in [
        "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        &format!("{}A", "B".repeat(42)),
    ] {
        let known = [SECRET, name("EdDSA"), ("ED25519_PRIVATE_KEY", known)];
        let problem = "ED25519_PRIVATE_KEY is known to everyone; use a random one";
        assert_eq!(error(&known), problem);
    }
    let any = "ALGORITHM must be HS256, HS384, HS512, EdDSA or Ed25519";
    for bad in ["none", "hs256", "RS256", "ES256", "eddsa"] {
        assert_eq!(error(&[SECRET, name(bad)]), any);
    }
    for (bad, reason) in [
        (
            vec![SECRET, name("HS384")],
            "SECRET_KEY must have at least 48 bytes",
        ),
        (
            vec![SECRET, name("HS512")],
            "SECRET_KEY must have at least 64 bytes",
        ),
        (
            vec![SECRET, name("EdDSA")],
            "ED25519_PRIVATE_KEY is not set",
        ),
        (vec![private, name("EdDSA")], "SECRET_KEY is not set"),
        (
            vec![SECRET, name("EdDSA"), ("ED25519_PRIVATE_KEY", "short")],
            "ED25519_PRIVATE_KEY must be 32 bytes in base64url without padding: `cargo xtask secret --ed25519`",
        ),
    ] {
        assert_eq!(error(&bad), reason);
    }
}

#[test]
fn keys_that_only_verify_are_listed_with_their_algorithms() {
    let private = (
        "ED25519_PRIVATE_KEY",
        "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY",
    );
    let public = "W6xSZcxVWuKNgycNpg8WtL1DwZzWPdWEu8VjR78qXCE";
    let read = |more: &[(&str, &str)], list: &str| {
        let all = [&[SECRET, ("VERIFICATION_KEYS", list)], more].concat();
        let keyring = read(&all)?.token.keyring;
        let names = keyring.iter().skip(1).map(|key| key.algorithm().name());
        Ok::<_, ConfigError>(names.collect::<Vec<_>>().join(" "))
    };
    let old = "an older secret, 9876543210 zyxwv";
    let both = format!("\n HS256:{old}\r\nEdDSA:{public} ");
    assert_eq!(read(&[], &both), Ok("HS256 EdDSA".to_owned()));
    // A key may be listed twice, since keys are rotated in steps.
    let again = format!("HS256:{}\nEdDSA:{public}\nEdDSA:{public}", SECRET.1);
    assert_eq!(read(&[], &again), Ok("EdDSA".to_owned()));
    assert_eq!(
        read(&[private], ""),
        Ok("EdDSA".to_owned()),
        "the pair that does not sign"
    );
    assert_eq!(read(&[private], &again), Ok("EdDSA".to_owned()));
    assert_eq!(
        read(&[private, ("ALGORITHM", "EdDSA")], ""),
        Ok(String::new())
    );
    for (bad, problem) in [
        (old.to_owned(), "line 1: is not of the form ALGORITHM:key"),
        (
            format!("\nnone:{old}"),
            "line 2: is not of the form ALGORITHM:key",
        ),
        (
            "HS256:short".to_owned(),
            "line 1: must have at least 32 bytes",
        ),
        (
            format!("HS384:{0}{0}\nHS256:{0}{0}", SECRET.1),
            "line 2: is a key that another algorithm has already",
        ),
        (
            format!("EdDSA:{public}\nEd25519:{public}"),
            "line 2: is a key that another algorithm has already",
        ),
        (
            format!("HS256:{old}x HS256:{old}y"),
            "line 1: holds several keys; put each on a line of its own",
        ),
        (
            format!("EdDSA:{public}\nHS256:{public}"),
            "line 2: has the text of a public key as a secret",
        ),
        (
            "EdDSA:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            "line 1: is not a public key of 32 bytes in base64url without padding, or is a weak one",
        ),
        (
            "EdDSA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "line 1: is not a public key of 32 bytes in base64url without padding, or is a weak one",
        ),
    ] {
        let error = read(&[], &bad).unwrap_err().to_string();
        assert_eq!(error, format!("VERIFICATION_KEYS {problem}"));
        assert!(!error.contains(old));
    }
}

#[test]
fn tokens_of_the_replaced_system_end_at_a_time_and_need_their_key() {
    let until = |time| ("LEGACY_TOKENS_UNTIL", time);
    let config = read(&[SECRET, until("2027-01-31T01:00:00+01:00")]).unwrap();
    assert_eq!(config.token.legacy_until, Some(1_801_353_600));
    assert_eq!(read(&[SECRET]).unwrap().token.legacy_until, None);
    for bad in [
        "tomorrow",
        "2027-01-31",
        "1801353600",
        "1900-01-01T00:00:00Z",
    ] {
        let problem = "LEGACY_TOKENS_UNTIL must be a time such as 2027-01-31T00:00:00Z";
        assert_eq!(error(&[SECRET, until(bad)]), problem);
    }
    let long = "0123456789abcdef".repeat(4);
    let bad = [
        ("SECRET_KEY", &*long),
        ("ALGORITHM", "HS512"),
        until("2027-01-31T00:00:00Z"),
    ];
    assert!(error(&bad).starts_with("LEGACY_TOKENS_UNTIL needs the key that signed those tokens"));
}

#[test]
fn the_type_of_tokens_is_one_of_two_or_both_in_an_order() {
    use crate::token::Type::{AccessToken, Jwt};
    let types = |value| read(&[SECRET, ("TOKEN_TYPE", value)]).map(|config| config.token.types);
    for (value, expected) in [
        ("", (AccessToken, None)),
        ("at+jwt", (AccessToken, None)),
        (" JWT ", (Jwt, None)),
        ("at+jwt,JWT", (AccessToken, Some(Jwt))),
        ("JWT, at+jwt", (Jwt, Some(AccessToken))),
    ] {
        assert_eq!(types(value), Ok(expected), "{value}");
    }
    for bad in [
        "jwt",
        "AT+JWT",
        "application/at+jwt",
        "JWT,JWT",
        "JWT,",
        ",",
        "JWT,at+jwt,JWT",
        "none",
    ] {
        let error = types(bad).unwrap_err().to_string();
        assert!(
            error.starts_with("TOKEN_TYPE must be at+jwt or JWT"),
            "{bad}"
        );
    }
}

#[test]
fn a_secret_that_everyone_can_look_up_is_refused() {
    let known = "my-ultra-super-secure-and-super-long-secret";
    for secret in [known.to_owned(), format!(" {known}\r")] {
        let problem = "SECRET_KEY is on a public list of secrets; use a random one";
        assert_eq!(error(&[("SECRET_KEY", &secret)]), problem);
    }
}
