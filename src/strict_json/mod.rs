//! A JSON parser for untrusted objects, stricter than RFC 8259 where leniency is dangerous.
//!
//! Member names must be unique at every depth (RFC 7493, 2.3), because two parsers that pick
//! different duplicates let a client evade checks. Nesting is limited, and numbers are never
//! converted to strings.

use std::{collections::HashSet, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting of objects and arrays that is accepted.
const MAX_DEPTH: usize = 32;

/// A JSON value. Only strings, and the members of the outermost object, keep their content.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// A string.
    String(String),
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An array.
    Array,
    /// An object. Only the outermost one keeps its members.
    Object(Object),
}

impl Value {
    /// The name of the value's JSON type, with its article.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::String(_) => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// The members of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// Parses a text that is exactly one JSON object.
    ///
    /// # Errors
    /// [`JsonError`] if the text is anything else.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(text).map_err(|_| JsonError::NotUtf8)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Seed { depth: 0 }
            .deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value))
            .map_err(|error| JsonError::Syntax(error.to_string()))?;
        match value {
            Value::Object(object) => Ok(object),
            other => Err(JsonError::NotAnObject(other.kind())),
        }
    }

    /// Creates an object of strings. The names must differ.
    pub(crate) fn of_strings(members: impl Iterator<Item = (String, String)>) -> Self {
        Self(
            members
                .map(|(name, text)| (name, Value::String(text)))
                .collect(),
        )
    }

    /// Returns true if there is a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(member, _)| member == name)
    }

    /// Removes a member and returns its value, if there is one.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// Returns true if no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The reason for refusing a text. The messages are for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not UTF-8.
    #[error("The body is not UTF-8.")]
    NotUtf8,
    /// The text breaks the grammar, repeats a member name or is nested too deeply. Holds the
    /// message of `serde_json`, which gives the place and never quotes the input.
    #[error("The body is not valid JSON: {0}.")]
    Syntax(String),
    /// The text is another JSON value. Holds [`Value::kind`].
    #[error("The body must be a JSON object, not {0}.")]
    NotAnObject(&'static str),
}

#[derive(Clone, Copy)]
struct Seed {
    depth: usize,
}

impl Seed {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!(
                "more than {MAX_DEPTH} levels of nesting"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Boolean)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(Value::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut names = HashSet::new();
        let mut object = Object::default();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom("a member name that appears twice"));
            }
            let value = members.next_value_seed(inner)?;
            if self.depth == 0 {
                object.0.push((name, value));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
