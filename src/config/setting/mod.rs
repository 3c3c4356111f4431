//! Settings as a runtime has them: their names, and what can stand under a name.

use super::ConfigError;

/// The name of every setting, as README.md lists them.
pub const SETTINGS: [&str; 24] = [
    "SECRET_KEY",
    "ALGORITHM",
    "ED25519_PRIVATE_KEY",
    "VERIFICATION_KEYS",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "TOKEN_ISSUER",
    "TOKEN_AUDIENCE",
    "TOKEN_TYPE",
    "LEGACY_TOKENS_UNTIL",
    "PASSWORD_MIN_LENGTH",
    "PASSWORD_FORBIDDEN_WORDS",
    "PASSWORD_BREACH_URL",
    "PASSWORD_BREACH_TIMEOUT_MILLISECONDS",
    "LOGIN_GUESSES_PER_NETWORK",
    "LOGIN_GUESSES_PER_ACCOUNT",
    "LOGIN_FAILURE_MILLISECONDS",
    "ARGON2_MEMORY_KIB",
    "ARGON2_ITERATIONS",
    "HASH_MAX_MEMORY_KIB",
    "CORS_ORIGINS",
    "CORS_HEADERS",
    "HSTS_INCLUDE_SUBDOMAINS",
    "DATABASE_CONNECT_TIMEOUT_SECONDS",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS",
];

/// Names that begin like a setting and are something else: bindings of `wrangler.toml`, and the
/// variables of the native tools.
const OTHERS: [&str; 8] = [
    "LOGIN_LIMITER",
    "REGISTER_LIMITER",
    "DATABASE_URL",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
];

/// The largest integer up to which JavaScript keeps all exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// What a runtime has under the name of a setting.
pub enum Setting {
    /// Nothing: the setting has its default.
    Absent,
    /// A string.
    Text(String),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Something else, which no setting is: what JSON calls it, with its article.
    Other(&'static str),
}

impl From<Option<String>> for Setting {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

/// For the runtimes of tests, which have variables as JSON.
#[cfg(not(target_arch = "wasm32"))]
impl From<serde_json::Value> for Setting {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::String(text) => Self::Text(text),
            Value::Bool(flag) => Self::Boolean(flag),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null => Self::Other("null"),
            Value::Array(_) => Self::Other("an array"),
            Value::Object(_) => Self::Other("an object"),
        }
    }
}

impl Setting {
    /// The text of it: numbers and booleans as they are written in JSON.
    fn text(self) -> Result<Option<String>, String> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Boolean(flag) => Ok(Some(flag.to_string())),
            // No setting has a fraction; and what is larger is no longer what was written.
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "an integer that fits")]
                let number = number as i64;
                Ok(Some(number.to_string()))
            }
            Self::Number(_) => {
                Err("as a number must be a whole one, and at most 9007199254740991".to_owned())
            }
            Self::Other(kind) => Err(format!(
                "must be a string, a number or a boolean, not {kind}"
            )),
        }
    }
}

/// Reads settings by their names.
pub(super) struct Reader<L>(pub(super) L);

impl<S: Into<Setting>, L: Fn(&str) -> S> Reader<L> {
    /// A setting; none if it is absent or blank, which is what an empty variable is in a shell.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<String>, ConfigError> {
        let text = (self.0)(key).into().text();
        let text = text.map_err(|problem| ConfigError::new(key, problem))?;
        Ok(text.filter(|text| !text.trim().is_empty()))
    }

    /// A whole number in a range.
    pub(super) fn number(
        &self,
        key: &'static str,
        default: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, ConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(default);
        };
        let number = text.trim().parse().ok();
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let problem = format!("must be a number from {} to {}", range.start(), range.end());
                ConfigError::new(key, problem)
            })
    }

    /// A switch, off by default.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, ConfigError> {
        match self.text(key)?.as_deref().map(str::trim) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ConfigError::new(key, "must be true or false")),
        }
    }
}

/// A name that is no setting, but that somebody may have taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray<'a> {
    /// The name.
    pub name: &'a str,
    /// The setting that was probably meant, if one is close enough.
    pub meant: Option<&'static str>,
}

/// Finds the names that look like settings and are none: misspelt ones, and those that begin with
/// the first word of one (`PASSWORD_`, `TOKEN_`, ...).
pub fn strays<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Stray<'a>> {
    names.filter_map(|name| {
        if SETTINGS.contains(&name) || OTHERS.contains(&name) {
            return None;
        }
        let meant = nearest(name);
        let first_word = |setting: &str| setting.split_inclusive('_').next().map(str::to_owned);
        let related = || {
            let mut words = SETTINGS.iter().filter_map(|setting| first_word(setting));
            words.any(|word| name.starts_with(&word))
        };
        (meant.is_some() || related()).then_some(Stray { name, meant })
    })
}

/// The setting that a name differs from in one place and by at most two characters there, case and
/// underscores aside: a slip of the finger, or an abbreviation.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_uppercase();
    let name = plain(name);
    let mut settings = SETTINGS.into_iter();
    settings.find(|setting| differing(name.as_bytes(), plain(setting).as_bytes()) <= 2)
}

/// How long the longer one is without what both begin and end with.
fn differing(one: &[u8], other: &[u8]) -> usize {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (
        one.get(start..).unwrap_or(&[]),
        other.get(start..).unwrap_or(&[]),
    );
    let pairs = one.iter().rev().zip(other.iter().rev());
    one.len().max(other.len()) - pairs.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests;
