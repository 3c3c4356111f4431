//! Tests of settings of every JSON type, and of misspelt names.

use serde_json::{Value, json};

use super::super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Reads a configuration that has a secret and one other variable.
fn read(key: &str, value: &Value) -> Result<Config, String> {
    let config = Config::read(|name| match name {
        _ if name == key => value.clone().into(),
        "SECRET_KEY" => Setting::Text(SECRET.to_owned()),
        _ => Setting::Absent,
    });
    config.map_err(|error| error.to_string())
}

#[test]
fn what_is_no_string_number_or_boolean_is_refused_under_every_name() {
    for (name, _) in SETTINGS {
        for (value, kind) in [
            (json!(["https://app.example"]), "an array"),
            (json!({ "min": 15 }), "an object"),
            (json!(null), "null"),
        ] {
            let error = read(name, &value).unwrap_err();
            let expected = format!("{name} must be a string, a number or a boolean, not {kind}");
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn a_number_is_what_it_would_be_as_a_string() {
    for (number, text) in [
        ("15", "15"),
        ("15.0", "15"),
        ("1.5e1", "15"),
        ("-1", "-1"),
        ("0", "0"),
        ("-0.0", "0"),
        ("9007199254740991", "9007199254740991"),
    ] {
        let value: Value = serde_json::from_str(number).unwrap();
        let config = read("TOKEN_ISSUER", &value).unwrap();
        assert_eq!(config.token.issuer, text, "{number}");
    }
    for number in [
        "9007199254740993",
        "12345678901234567890123456789012345",
        "-1e300",
        "15.5",
    ] {
        let value: Value = serde_json::from_str(number).unwrap();
        let error = read("SECRET_KEY", &value).unwrap_err();
        assert!(
            error.starts_with("SECRET_KEY as a number must be an integer"),
            "{error}"
        );
    }
    let min_length =
        |value| read("PASSWORD_MIN_LENGTH", &value).map(|config| config.password.policy.min_length);
    assert_eq!(min_length(json!(15)), Ok(15));
    for bad in [json!(7), json!(-15), json!(true)] {
        let problem = "PASSWORD_MIN_LENGTH must be a number from 8 to 64";
        assert_eq!(min_length(bad), Err(problem.to_owned()));
    }
}

#[test]
fn a_switch_is_true_or_false_and_off_by_default() {
    let hsts = |value| {
        read("HSTS_INCLUDE_SUBDOMAINS", &value).map(|config| config.http.hsts_include_subdomains)
    };
    assert_eq!(hsts(json!("")), Ok(false));
    for on in [json!(true), json!("true"), json!(" true ")] {
        assert_eq!(hsts(on), Ok(true));
    }
    for off in [json!(false), json!("false")] {
        assert_eq!(hsts(off), Ok(false));
    }
    for bad in [json!("yes"), json!("TRUE"), json!(1), json!("on")] {
        let problem = "HSTS_INCLUDE_SUBDOMAINS must be true or false";
        assert_eq!(hsts(bad), Err(problem.to_owned()));
    }
}

#[test]
fn a_name_that_looks_like_a_setting_is_told_with_the_one_that_was_meant() {
    for (name, meant) in [
        ("PASSWORD_MINLENGTH", Some("PASSWORD_MIN_LENGTH")),
        ("password_min_length", Some("PASSWORD_MIN_LENGTH")),
        ("PASSWORD_MIN_LENGHT", Some("PASSWORD_MIN_LENGTH")),
        ("CORS-ORIGINS", Some("CORS_ORIGINS")),
        ("CORS_ORIGIN", Some("CORS_ORIGINS")),
        ("SECRETKEY", Some("SECRET_KEY")),
        (
            "LOGIN_FAILURE_MILLISECOND",
            Some("LOGIN_FAILURE_MILLISECONDS"),
        ),
        ("PASWORD_MIN_LENGTH", Some("PASSWORD_MIN_LENGTH")),
        ("PASSWROD_MIN_LENGTH", Some("PASSWORD_MIN_LENGTH")),
        ("PASSSSWORD_MIN_LENGTH", Some("PASSWORD_MIN_LENGTH")),
        ("ALGORITM", Some("ALGORITHM")),
        ("PASSWORD_MAX_LENGTH", Some("PASSWORD_MIN_LENGTH")),
        ("TOKEN_LIFETIME", None),
        ("LOGIN_LOCKOUT_MINUTES", None),
        ("ARGON2_PARALLELISM", None),
        ("SECRET_KEY_FALLBACKS", None),
    ] {
        let found: Vec<_> = strays([name].into_iter()).collect();
        assert_eq!(found, [Stray { name, meant }]);
    }
    let unrelated = [
        "HYPERDRIVE",
        "METRICS",
        "LOGIN_LIMITER",
        "REGISTER_LIMITER",
        "DATABASE_URL",
        "DATABASE_PASSWORD",
        "ENVIRONMENT",
        "SENTRY_DSN",
        "CF_VERSION_METADATA",
        "KEY",
        "",
        "_",
    ];
    let long = "X".repeat(100_000);
    let names = unrelated
        .into_iter()
        .chain(SETTINGS.iter().map(|(name, _)| *name))
        .chain([long.as_str()]);
    assert_eq!(strays(names).collect::<Vec<_>>(), []);
}
