//! The configuration: read once per isolate, failing closed on anything it cannot use.

mod keys;

use std::{fmt, time::Duration};

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use crate::db::attempts;
use crate::password::{self, Cost};
use crate::token::Key;

/// Everything that can be set. Each field names its variable.
pub struct Config {
    /// `SECRET_KEY`: what all keys that are not a setting of their own come from; at least 32
    /// bytes. No default.
    pub secret_key: Zeroizing<String>,
    /// `ALGORITHM` (default HS256) with `SECRET_KEY` or, for `EdDSA` and `Ed25519`,
    /// `ED25519_PRIVATE_KEY`: signs the access tokens.
    pub signing_key: Key,
    /// `VERIFICATION_KEYS`: further keys whose tokens are taken; default none.
    pub verification_keys: Vec<Key>,
    /// `LEGACY_TOKENS_UNTIL`: until when tokens of the replaced system are taken, in seconds since
    /// 1970-01-01 UTC; default never.
    pub legacy_tokens_until: Option<u64>,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`: 1 to 1440; default 30, as in the replaced system.
    pub token_lifetime: Duration,
    /// `TOKEN_ISSUER`: the `iss` of the tokens; default `gatehouse`.
    pub token_issuer: String,
    /// `TOKEN_AUDIENCE`: the `aud` of the tokens; default `gatehouse`.
    pub token_audience: String,
    /// `PASSWORD_MIN_LENGTH` (in code points, 8 to 64; default 8) and `PASSWORD_FORBIDDEN_WORDS`
    /// (separated by commas; default none).
    pub password_policy: password::Policy,
    /// `PASSWORD_BREACH_URL` (default none, and no check) and `PASSWORD_BREACH_TIMEOUT_MILLISECONDS`
    /// (100 to 5000; default 1000).
    pub breach_check: Option<BreachCheck>,
    /// `ARGON2_MEMORY_KIB` (19456 to 65536; default 19456) and `ARGON2_ITERATIONS` (2 to 16;
    /// default 2): the cost of a new password hash.
    pub password_cost: Cost,
    /// `LOGIN_FREE_FAILURES` (1 to 50; default 5): failed logins of an account in a row that cost
    /// nothing; and `LOGIN_MAX_WAIT_SECONDS` (1 to 86400; default 3600): the longest wait after
    /// more.
    pub login_attempts: attempts::Policy,
    /// `LOGIN_FAILURE_MILLISECONDS`: 0 to 5000; default 500: the least time that a failed login
    /// takes, so that the cost of an old hash does not show.
    pub login_failure_time: Duration,
    /// `CORS_ORIGINS`: origins that may call from a browser, separated by commas; default none.
    pub cors_origins: Vec<HeaderValue>,
    /// `DATABASE_CONNECT_TIMEOUT_SECONDS`: 1 to 15; default 5.
    pub connect_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_SECONDS`: 1 to 60; default 10.
    pub statement_timeout: Duration,
}

/// Where passwords of breaches are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachCheck {
    /// What the first digits of a SHA-1 are appended to.
    pub url: String,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// A variable that is missing or cannot be used. It never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {problem}")]
pub struct ConfigError {
    key: &'static str,
    problem: String,
}

impl ConfigError {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self {
            key,
            problem: problem.into(),
        }
    }
}

impl Config {
    /// Reads the configuration through a lookup from name to value.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first variable that is missing or cannot be used.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // An empty variable is an unset one, as in a shell.
        let lookup = |key: &'static str| lookup(key).filter(|value| !value.trim().is_empty());
        let number = |key, default, range| number(key, lookup(key), default, range);
        let secret_key = keys::secret_key(lookup("SECRET_KEY"))?;
        let signing_key = keys::signing_key(
            lookup("ALGORITHM").as_deref().map(str::trim),
            &secret_key,
            lookup("ED25519_PRIVATE_KEY"),
        )?;
        let verification_keys = Zeroizing::new(lookup("VERIFICATION_KEYS").unwrap_or_default());
        let verification_keys = keys::verification_keys(&verification_keys, &signing_key)?;
        let algorithms = std::iter::once(&signing_key).chain(&verification_keys);
        Ok(Self {
            legacy_tokens_until: keys::legacy_tokens_until(
                lookup("LEGACY_TOKENS_UNTIL"),
                algorithms.map(Key::algorithm),
            )?,
            secret_key,
            signing_key,
            verification_keys,
            token_lifetime: Duration::from_secs(
                60 * u64::from(number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1..=1440)?),
            ),
            token_issuer: lookup("TOKEN_ISSUER").unwrap_or_else(|| "gatehouse".into()),
            token_audience: lookup("TOKEN_AUDIENCE").unwrap_or_else(|| "gatehouse".into()),
            password_policy: password::Policy {
                min_length: number("PASSWORD_MIN_LENGTH", 8, 8..=64)? as usize,
                forbidden_words: words(&lookup("PASSWORD_FORBIDDEN_WORDS").unwrap_or_default()),
            },
            breach_check: breach_check(
                lookup("PASSWORD_BREACH_URL"),
                number("PASSWORD_BREACH_TIMEOUT_MILLISECONDS", 1000, 100..=5000)?,
            )?,
            password_cost: Cost {
                memory_kib: number("ARGON2_MEMORY_KIB", 19_456, 19_456..=65_536)?,
                iterations: number("ARGON2_ITERATIONS", 2, 2..=16)?,
            },
            login_attempts: attempts::Policy {
                free_failures: number("LOGIN_FREE_FAILURES", 5, 1..=50)?,
                max_wait: seconds(number("LOGIN_MAX_WAIT_SECONDS", 3600, 1..=86_400)?),
            },
            login_failure_time: Duration::from_millis(u64::from(number(
                "LOGIN_FAILURE_MILLISECONDS",
                500,
                0..=5000,
            )?)),
            cors_origins: origins(&lookup("CORS_ORIGINS").unwrap_or_default())?,
            connect_timeout: seconds(number("DATABASE_CONNECT_TIMEOUT_SECONDS", 5, 1..=15)?),
            statement_timeout: seconds(number("DATABASE_STATEMENT_TIMEOUT_SECONDS", 10, 1..=60)?),
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("secret_key", &"***")
            .field("token_issuer", &self.token_issuer)
            .finish_non_exhaustive()
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

fn number(
    key: &'static str,
    value: Option<String>,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    let Some(value) = value else {
        return Ok(default);
    };
    value
        .trim()
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let problem = format!("must be a number from {} to {}", range.start(), range.end());
            ConfigError::new(key, problem)
        })
}

fn words(list: &str) -> Vec<String> {
    let words = list.split(',').map(|word| word.trim().to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn breach_check(url: Option<String>, timeout: u32) -> Result<Option<BreachCheck>, ConfigError> {
    let Some(url) = url else {
        return Ok(None);
    };
    let url = url.trim().to_owned();
    let base: Option<http::Uri> = url.parse().ok();
    let secure = base.is_some_and(|base| {
        let local = matches!(base.host(), Some("localhost" | "127.0.0.1"));
        base.scheme_str() == Some("https") || (base.scheme_str() == Some("http") && local)
    });
    if !secure || !url.ends_with('/') {
        let problem = "must be a URL such as https://api.pwnedpasswords.com/range/; \
                       http only for localhost";
        return Err(ConfigError::new("PASSWORD_BREACH_URL", problem));
    }
    Ok(Some(BreachCheck {
        url,
        timeout: Duration::from_millis(u64::from(timeout)),
    }))
}

fn origins(list: &str) -> Result<Vec<HeaderValue>, ConfigError> {
    let origins = list
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            if !is_origin(origin) {
                let problem = "must list origins such as https://app.example, separated by commas; \
                               http only for localhost";
                return Err(ConfigError::new("CORS_ORIGINS", problem));
            }
            HeaderValue::from_str(origin)
                .map_err(|_| ConfigError::new("CORS_ORIGINS", "must be ASCII"))
        })
        .collect()
}

/// Whether it is an origin as a browser writes it: `scheme://host[:port]`, lower case, no path.
fn is_origin(origin: &str) -> bool {
    let (host, secure) = match (
        origin.strip_prefix("https://"),
        origin.strip_prefix("http://"),
    ) {
        (Some(host), _) => (host, true),
        (_, Some(host)) => (host, false),
        _ => return false,
    };
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let local = matches!(name, "localhost" | "127.0.0.1");
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    (secure || local)
        && !name.is_empty()
        && name.chars().all(letters)
        && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
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
        assert!(
            error(&[("SECRET_KEY", &"ab".repeat(32))]).contains("too few different characters")
        );
        assert!(!format!("{:?}", read(&[SECRET]).unwrap()).contains(SECRET.1));
    }

    #[test]
    fn each_number_has_its_range_and_the_message_names_it() {
        for (key, bad) in [
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
            ("PASSWORD_MIN_LENGTH", "7"),
            ("ARGON2_MEMORY_KIB", "19455"),
            ("ARGON2_ITERATIONS", "1"),
            ("LOGIN_FREE_FAILURES", "0"),
            ("LOGIN_MAX_WAIT_SECONDS", "86401"),
            ("LOGIN_FAILURE_MILLISECONDS", "5001"),
            ("DATABASE_CONNECT_TIMEOUT_SECONDS", "-1"),
            ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "ten"),
        ] {
            assert!(
                error(&[SECRET, (key, bad)]).starts_with(&format!("{key} must be a number from"))
            );
        }
    }

    #[test]
    fn each_algorithm_takes_its_kind_of_key_and_no_other() {
        let long = ("SECRET_KEY", &*"0123456789abcdef".repeat(4));
        let private = (
            "ED25519_PRIVATE_KEY",
            "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
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
                vec![SECRET, private],
                "ED25519_PRIVATE_KEY is not used while ALGORITHM is HS256",
            ),
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
        let list = |list: &str| {
            let keys = read(&[SECRET, ("VERIFICATION_KEYS", list)])?.verification_keys;
            Ok(keys
                .iter()
                .map(|key| key.algorithm().name())
                .collect::<Vec<_>>()
                .join(" "))
        };
        let old = "an older secret, 9876543210zyxwv".replace([',', ' '], "-");
        let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let both = format!(" HS256:{old}\nEdDSA:{public} ");
        assert_eq!(list(&both), Ok("HS256 EdDSA".to_owned()));
        for (bad, problem) in [
            (
                old.clone(),
                "must list keys as ALGORITHM:key, separated by spaces",
            ),
            (
                format!("none:{old}"),
                "must list keys as ALGORITHM:key, separated by spaces",
            ),
            ("HS256:short".to_owned(), "must have at least 32 bytes"),
            (
                format!("HS256:{}", SECRET.1),
                "has a key twice, or the one that signs",
            ),
            (
                format!("EdDSA:{public} Ed25519:{public}"),
                "has a key twice, or the one that signs",
            ),
            (
                "EdDSA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
                "has a public key that is not 32 bytes in base64url without padding, or weak",
            ),
        ] {
            let error: ConfigError = list(&bad).unwrap_err();
            assert_eq!(error.to_string(), format!("VERIFICATION_KEYS {problem}"));
            assert!(!error.to_string().contains(&old));
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
    fn origins_are_exact_and_encrypted_unless_local() {
        let good = "https://app.example, http://localhost:5173,http://127.0.0.1:5173";
        assert_eq!(
            read(&[SECRET, ("CORS_ORIGINS", good)])
                .unwrap()
                .cors_origins
                .len(),
            3
        );
        for bad in [
            "*",
            "null",
            "http://app.example",
            "https://app.example/",
            "https://App.example",
            "app.example",
            "https://",
            "https://a:b",
        ] {
            assert!(
                error(&[SECRET, ("CORS_ORIGINS", bad)]).starts_with("CORS_ORIGINS"),
                "{bad}"
            );
        }
    }
}
