//! Tests of accepted configurations, and of the messages about others.

mod keys;
mod setting;

use std::time::Duration;

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
    assert_eq!(config.token.lifetime, Duration::from_mins(30));
    assert_eq!(config.password.policy.min_length, 8);
    assert_eq!(config.password.breach_check, None);
    assert!(config.http.cors_origins.is_empty());
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

/// The name of a setting that is a number, and a function that reads it from the configuration.
type Number = (&'static str, fn(&Config) -> u128);

const NUMBERS: [Number; 14] = [
    ("ACCESS_TOKEN_EXPIRE_MINUTES", |config| {
        u128::from(config.token.lifetime.as_secs()) / 60
    }),
    ("PASSWORD_MIN_LENGTH", |config| {
        config.password.policy.min_length as u128
    }),
    ("PASSWORD_BREACH_TIMEOUT_MILLISECONDS", |config| {
        config
            .password
            .breach_check
            .as_ref()
            .unwrap()
            .timeout
            .as_millis()
    }),
    ("LOGIN_GUESSES_PER_NETWORK", |config| {
        config.login.limits.per_network.into()
    }),
    ("LOGIN_GUESSES_PER_ACCOUNT", |config| {
        config.login.limits.per_account.into()
    }),
    ("LOGIN_FAILURE_MILLISECONDS", |config| {
        config.login.failure_time.as_millis()
    }),
    ("SESSION_IDLE_DAYS", |config| {
        (config.sessions.idle.as_secs() / 86_400).into()
    }),
    ("SESSION_DAYS", |config| {
        (config.sessions.absolute.as_secs() / 86_400).into()
    }),
    ("SESSION_REFRESH_GRACE_SECONDS", |config| {
        config.sessions.grace.as_secs().into()
    }),
    ("ARGON2_MEMORY_KIB", |config| {
        config.password.cost.memory_kib.into()
    }),
    ("ARGON2_ITERATIONS", |config| {
        config.password.cost.iterations.into()
    }),
    ("HASH_MAX_MEMORY_KIB", |config| {
        config.password.hash_max_memory_kib.into()
    }),
    ("DATABASE_CONNECT_TIMEOUT_SECONDS", |config| {
        config.database.connect.as_secs().into()
    }),
    ("DATABASE_STATEMENT_TIMEOUT_SECONDS", |config| {
        config.database.statement.as_secs().into()
    }),
];

#[test]
fn each_number_has_its_range_and_the_message_names_it() {
    let url = ("PASSWORD_BREACH_URL", "https://breaches.example/range/");
    let mut numbers = 0;
    for (key, kind) in SETTINGS {
        let Kind::Number { default, range } = kind else {
            continue;
        };
        numbers += 1;
        let (_, value) = NUMBERS.iter().find(|(other, _)| other == key).unwrap();
        let unset = read(&[SECRET, url]).unwrap();
        assert_eq!(value(&unset), (*default).into(), "{key}");
        // The smallest value, so that LOGIN_GUESSES_PER_ACCOUNT may be at the end of its range.
        let network = ("LOGIN_GUESSES_PER_NETWORK", "4");
        let with = |text: &str| read(&[SECRET, url, (key, text), network]);
        let (min, max) = (*range.start(), *range.end());
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
    assert_eq!(numbers, NUMBERS.len());
}

#[test]
fn the_page_explains_each_setting_with_its_default_and_its_range() {
    let page = include_str!("../../../docs/configuration.md");
    let (_, section) = page.split_once("\n## Settings\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect::<Vec<_>>();
    assert_eq!(rows.len(), SETTINGS.len(), "{rows:?}");
    for (name, kind) in SETTINGS {
        let row = rows
            .iter()
            .find(|row| row.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("{name} is not explained"));
        if let Kind::Number { default, range } = kind {
            assert_eq!(
                row.split('|').nth(2).unwrap().trim(),
                default.to_string(),
                "{row}"
            );
            let range = format!("{} to {}", range.start(), range.end());
            assert!(row.contains(&range), "{row}");
        }
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
        let read = read(&variables).map(|config| config.login.limits);
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
fn the_breach_check_goes_to_an_encrypted_url_unless_local() {
    let check =
        |url| read(&[SECRET, ("PASSWORD_BREACH_URL", url)]).map(|c| c.password.breach_check);
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
        "https://x:70000/",
        "https://x:+443/",
        "https://user:password@x/",
    ] {
        let error = check(bad).unwrap_err().to_string();
        assert!(
            error.starts_with("PASSWORD_BREACH_URL must be a URL"),
            "{bad}"
        );
    }
}

#[test]
fn the_base_url_of_problems_is_one_that_a_code_can_be_appended_to() {
    let base = |url: &str| {
        let config = read(&[SECRET, ("PROBLEM_BASE_URL", url)]);
        config.map(|config| config.http.problem_base_url)
    };
    for good in [
        "https://example.com/docs/errors#",
        "https://example.com/#/errors/",
        "https://example.com#",
        "http://localhost:5173/errors/",
        "https://[::1]/errors?code=",
    ] {
        assert_eq!(base(&format!(" {good} ")), Ok(Some(good.to_owned())));
    }
    assert_eq!(base(" "), Ok(None));
    for bad in [
        "https://example.com/docs/errors",
        "https://example.com",
        "https://",
        "https://#",
        "https:///errors/",
        "example.com/errors#",
        "/errors#",
        "about:blank#",
        "urn:errors:#",
        "ftp://example.com/errors#",
        "https://user:password@example.com/errors#",
        "https://example.com:99999/errors#",
        "https://example.com:+443/errors#",
        "https://example.com:0/errors#",
        "https://example.com:/errors#",
        "https://example.com/an error/",
        "https://example.com/errors#a#",
        "https://example.com/\"#",
        "https://exämple.com/errors#",
    ] {
        let problem = "PROBLEM_BASE_URL must be a URL that ends in #, / or =, \
                       such as https://example.com/docs/errors# (in .dev.vars, a value with # needs quotes)";
        let error = base(bad).unwrap_err().to_string();
        assert_eq!(error, problem, "{bad}");
    }
}

#[test]
fn forbidden_words_are_listed_and_compared_in_lower_case() {
    let words = read(&[SECRET, ("PASSWORD_FORBIDDEN_WORDS", "Acme Corp, ,intranet")]);
    let policy = words.unwrap().password.policy;
    assert_eq!(policy.forbidden_words, ["acme corp", "intranet"]);
}

#[test]
fn each_setting_is_asked_for_once_so_that_no_second_copy_of_a_key_is_left() {
    let asked = std::cell::RefCell::new(Vec::new());
    Config::read(|key| {
        asked.borrow_mut().push(key.to_owned());
        (key == SECRET.0).then(|| SECRET.1.to_owned())
    })
    .unwrap();
    let mut asked = asked.into_inner();
    asked.sort_unstable();
    let mut settings: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
    settings.sort_unstable();
    assert_eq!(asked, settings);
}
