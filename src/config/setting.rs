//! The value of a setting as the runtime has it, and how it is read.

use super::error::ConfigError;
use super::settings::{Flag, Number, Text};

/// JavaScript's `Number.MAX_SAFE_INTEGER`, 2^53 - 1: larger integers may have been rounded.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// The value of a setting as the runtime has it.
pub enum Setting {
    /// No variable of this name: the default applies.
    Absent,
    /// A string.
    Text(String),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A value of any other JSON type, which no setting accepts; the type's name with its article.
    Other(&'static str),
}

impl From<Option<String>> for Setting {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

/// For tests, whose variables are JSON.
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
    /// Returns the value as text. Numbers and booleans are written as in JSON.
    fn text(self) -> Result<Option<String>, SettingError> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Boolean(flag) => Ok(Some(flag.to_string())),
            // No setting takes a fraction, and a larger number may have been rounded.
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "an integer that fits")]
                let number = number as i64;
                Ok(Some(number.to_string()))
            }
            Self::Number(_) => Err(SettingError::NotExact),
            Self::Other(kind) => Err(SettingError::Other(kind)),
        }
    }
}

/// The reason why a value cannot be a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum SettingError {
    #[error("as a number must be an integer of at most 9007199254740991")]
    NotExact,
    #[error("must be a string, a number or a boolean, not {0}")]
    Other(&'static str),
}

/// Reads settings through a function that returns the value of a name.
pub(super) struct Reader<'a>(pub(super) &'a dyn Fn(&str) -> Setting);

impl Reader<'_> {
    /// Reads a setting; `None` if it is absent or blank, so that an empty variable counts as unset.
    pub(super) fn text(&self, Text(name): Text) -> Result<Option<String>, ConfigError> {
        let text = (self.0)(name).text();
        let text = text.map_err(|error| ConfigError::new(name, error.to_string()))?;
        Ok(text.filter(|text| !text.trim().is_empty()))
    }

    /// Reads an integer and checks its range.
    pub(super) fn number(&self, number: &Number) -> Result<u32, ConfigError> {
        let Number {
            name,
            default,
            range,
        } = number;
        let Some(text) = self.text(Text(name))? else {
            return Ok(*default);
        };
        let number = text.trim().parse().ok();
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let problem = format!("must be a number from {} to {}", range.start(), range.end());
                ConfigError::new(name, problem)
            })
    }

    /// Reads a boolean; false by default.
    pub(super) fn flag(&self, Flag(name): Flag) -> Result<bool, ConfigError> {
        match self.text(Text(name))?.as_deref().map(str::trim) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ConfigError::new(name, "must be true or false")),
        }
    }
}
