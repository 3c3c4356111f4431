//! What is taken for a configuration, and what is said of what is not.

use super::*;

const SECRET: (&str, &str) = ("SECRET_KEY", "0123456789abcdef0123456789abcdef");

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(|key| {
        let found = variables.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn error(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap_err().to_string()
}

#[test]
fn a_secret_is_all_it_needs() {
    let config = read(&[SECRET]).unwrap();
    assert_eq!(config.token_lifetime, Duration::from_mins(30));
    assert_eq!(config.password_policy.min_length, 8);
    assert_eq!(config.breach_check, None);
    assert!(config.cors_origins.is_empty());
}

#[test]
fn a_missing_short_or_monotonous_secret_is_refused_and_never_shown() {
    assert_eq!(error(&[]), "SECRET_KEY is not set");
    assert_eq!(error(&[("SECRET_KEY", "  ")]), "SECRET_KEY is not set");
    let short = "0123456789abcdef0123456789abcde";
    assert_eq!(
        error(&[("SECRET_KEY", short)]),
        "SECRET_KEY must have at least 32 bytes"
    );
    assert!(error(&[("SECRET_KEY", &"ab".repeat(32))]).contains("too few different characters"));
    assert!(!format!("{:?}", read(&[SECRET]).unwrap()).contains(SECRET.1));
}

/// A setting that is a number: its name, default, least and greatest value, and where it ends up.
type Number = (&'static str, u32, u32, u32, fn(&Config) -> u128);

const NUMBERS: [Number; 11] = [
    ("ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1, 1440, |config| {
        u128::from(config.token_lifetime.as_secs()) / 60
    }),
    ("PASSWORD_MIN_LENGTH", 8, 8, 64, |config| {
        config.password_policy.min_length as u128
    }),
    (
        "PASSWORD_BREACH_TIMEOUT_MILLISECONDS",
        1000,
        100,
        5000,
        |config| config.breach_check.as_ref().unwrap().timeout.as_millis(),
    ),
    ("LOGIN_GUESSES_PER_NETWORK", 30, 4, 33, |config| {
        config.login_limits.per_network.into()
    }),
    ("LOGIN_GUESSES_PER_ACCOUNT", 100, 12, 100, |config| {
        config.login_limits.per_account.into()
    }),
    ("LOGIN_FAILURE_MILLISECONDS", 500, 0, 5000, |config| {
        config.login_failure_time.as_millis()
    }),
    ("ARGON2_MEMORY_KIB", 19_456, 19_456, 65_536, |config| {
        config.password_cost.memory_kib.into()
    }),
    ("ARGON2_ITERATIONS", 2, 2, 16, |config| {
        config.password_cost.iterations.into()
    }),
    ("HASH_MAX_MEMORY_KIB", 65_536, 65_536, 102_400, |config| {
        config.hash_max_memory_kib.into()
    }),
    ("DATABASE_CONNECT_TIMEOUT_SECONDS", 5, 1, 15, |config| {
        config.connect_timeout.as_secs().into()
    }),
    ("DATABASE_STATEMENT_TIMEOUT_SECONDS", 10, 1, 60, |config| {
        config.statement_timeout.as_secs().into()
    }),
];

#[test]
fn each_number_has_its_range_and_the_message_names_it() {
    let url = ("PASSWORD_BREACH_URL", "https://breaches.example/range/");
    for (key, default, min, max, value) in NUMBERS {
        assert_eq!(
            value(&read(&[SECRET, url]).unwrap()),
            default.into(),
            "{key}"
        );
        // So that an account may have as few guesses as it can.
        let network = ("LOGIN_GUESSES_PER_NETWORK", "4");
        let with = |text: &str| read(&[SECRET, url, (key, text), network]);
        for good in [min, max] {
            let config = with(&good.to_string()).unwrap();
            assert_eq!(value(&config), good.into(), "{key}");
        }
        let below = i64::from(min) - 1;
        let above = i64::from(max) + 1;
        for bad in [&*below.to_string(), &*above.to_string(), "ten", "8.0"] {
            let problem = format!("{key} must be a number from {min} to {max}");
            assert_eq!(with(bad).unwrap_err().to_string(), problem, "{bad}");
        }
    }
}

#[test]
fn the_readme_gives_each_number_its_default_and_its_range() {
    let readme = include_str!("../../README.md");
    let has_range = |row: &&str| {
        let words: Vec<_> = row.split_whitespace().collect();
        let is_number = |word: &str| {
            word.trim_end_matches([',', ';', ':'])
                .parse::<u32>()
                .is_ok()
        };
        let ranges =
            |words: &[&str]| words[1] == "to" && is_number(words[0]) && is_number(words[2]);
        words.windows(3).any(ranges)
    };
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<_> = rows.filter(has_range).collect();
    assert_eq!(rows.len(), NUMBERS.len(), "{rows:?}");
    for (key, default, min, max, _) in NUMBERS {
        let start = format!("| `{key}` | {default} | ");
        let row = rows.iter().find(|row| row.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row begins with {start}"));
        assert!(row.contains(&format!("{min} to {max}")), "{row}");
    }
}

#[test]
fn an_account_takes_at_least_three_times_the_guesses_of_a_network() {
    let limits = |network, account| {
        let variables = [
            SECRET,
            ("LOGIN_GUESSES_PER_NETWORK", network),
            ("LOGIN_GUESSES_PER_ACCOUNT", account),
        ];
        let read = read(&variables).map(|config| config.login_limits);
        read.map_err(|error| error.to_string())
    };
    let given = limits("10", "30").unwrap();
    assert_eq!((given.per_network, given.per_account), (10, 30));
    let default = limits("", "").unwrap();
    assert_eq!((default.per_network, default.per_account), (30, 100));
    assert_eq!(
        limits("11", "32").unwrap_err(),
        "LOGIN_GUESSES_PER_ACCOUNT must be at least three times LOGIN_GUESSES_PER_NETWORK"
    );
}

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
        assert_eq!(config.signing_key.algorithm().name(), algorithm);
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
        let keys = read(&all)?.verification_keys;
        let names = keys.iter().map(|key| key.algorithm().name());
        Ok::<_, ConfigError>(names.collect::<Vec<_>>().join(" "))
    };
    let old = "an older secret, 9876543210 zyxwv";
    let both = format!("\n HS256:{old}\r\nEdDSA:{public} ");
    assert_eq!(read(&[], &both), Ok("HS256 EdDSA".to_owned()));
    // While keys are changed one after the other, a key may be there twice.
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
            "has the text of a public key as a secret",
        ),
        (
            "EdDSA:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            "line 1: is no public key of 32 bytes in base64url without padding, or a weak one",
        ),
        (
            "EdDSA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "line 1: is no public key of 32 bytes in base64url without padding, or a weak one",
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
    assert_eq!(config.legacy_tokens_until, Some(1_801_353_600));
    assert_eq!(read(&[SECRET]).unwrap().legacy_tokens_until, None);
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
    assert!(error(&bad).starts_with("LEGACY_TOKENS_UNTIL needs the key of those tokens"));
}

#[test]
fn a_secret_that_everyone_can_look_up_is_refused() {
    let known = "my-ultra-super-secure-and-super-long-secret";
    for secret in [known.to_owned(), format!(" {known}\r")] {
        let problem = "SECRET_KEY is on a public list of secrets; use a random one";
        assert_eq!(error(&[("SECRET_KEY", &secret)]), problem);
    }
}

#[test]
fn the_breach_check_goes_to_an_encrypted_url_unless_local() {
    let check = |url| read(&[SECRET, ("PASSWORD_BREACH_URL", url)]).map(|c| c.breach_check);
    for good in [
        "https://api.pwnedpasswords.com/range/",
        "http://127.0.0.1:7/",
    ] {
        let check = check(good).unwrap().unwrap();
        assert_eq!((&*check.url, check.timeout.as_millis()), (good, 1000));
    }
    for bad in [
        "http://api.pwnedpasswords.com/range/",
        "https://x",
        "ftp://x/",
        "x",
    ] {
        let error = check(bad).unwrap_err().to_string();
        assert!(
            error.starts_with("PASSWORD_BREACH_URL must be a URL"),
            "{bad}"
        );
    }
}

#[test]
fn forbidden_words_are_listed_and_compared_in_lower_case() {
    let words = read(&[SECRET, ("PASSWORD_FORBIDDEN_WORDS", "Acme Corp, ,intranet")]);
    let policy = words.unwrap().password_policy;
    assert_eq!(policy.forbidden_words, ["acme corp", "intranet"]);
}

#[test]
fn the_type_of_tokens_is_one_of_two_or_both_in_an_order() {
    use Type::{AccessToken, Jwt};
    let types = |value| read(&[SECRET, ("TOKEN_TYPE", value)]).map(|config| config.token_types);
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
fn each_variable_is_asked_for_once_so_that_no_second_copy_of_a_key_is_left() {
    let asked = std::cell::RefCell::new(Vec::new());
    Config::read(|key| {
        asked.borrow_mut().push(key.to_owned());
        (key == SECRET.0).then(|| SECRET.1.to_owned())
    })
    .unwrap();
    let mut asked = asked.into_inner();
    asked.sort_unstable();
    let all = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), all, "{asked:?}");
    assert_eq!(asked.len(), SETTINGS.len(), "{asked:?}");
}
