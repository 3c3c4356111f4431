//! SQL text with parameters written in as literals.
//!
//! Hyperdrive forwards only MySQL's text protocol, which has no parameters. The literal of a
//! [`Value`] is `NULL`, a decimal number, or hexadecimal digits between a fixed prefix and a quote.
//! No server setting (`sql_mode`, character set) changes how the server reads such a literal, so it
//! needs no escaping and cannot end early.

use std::fmt::Write as _;

/// A parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// `NULL`.
    Null,
    /// A signed 64-bit integer.
    Int(i64),
    /// An unsigned 64-bit integer.
    UInt(u64),
    /// Text, sent as UTF-8 (`_utf8mb4`) whatever the server's character set is.
    Text(&'a str),
    /// Bytes without a character set.
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::UInt(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The replacement for a name in a template: a value, or SQL that was built before.
#[derive(Debug, Clone, Copy)]
pub enum Argument<'a> {
    /// A value, written as a literal.
    Value(Value<'a>),
    /// SQL, inserted unchanged.
    Sql(&'a Sql),
}

impl<'a, T: Into<Value<'a>>> From<T> for Argument<'a> {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl<'a> From<&'a Sql> for Argument<'a> {
    fn from(sql: &'a Sql) -> Self {
        Self::Sql(sql)
    }
}

/// SQL text with its parameters written in: a statement or a part of one. Built with
/// [`sql!`](crate::sql).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql(pub(super) String);

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Sql {
    /// Joins the parts with a separator between them.
    #[must_use]
    pub fn join(separator: &'static str, parts: &[Self]) -> Self {
        let mut joined = Self(String::new());
        for part in parts {
            if !joined.0.is_empty() {
                joined.0.push_str(separator);
            }
            joined.0.push_str(&part.0);
        }
        joined
    }

    /// Writes the values as literals separated by commas, as for `IN (...)`.
    pub fn list<'a, T: Into<Value<'a>>>(values: impl IntoIterator<Item = T>) -> Self {
        let mut list = Self(String::new());
        for value in values {
            if !list.0.is_empty() {
                list.0.push_str(", ");
            }
            list.push(value.into());
        }
        list
    }

    pub(super) fn push(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.0.push_str("NULL"),
            Value::Int(value) => self.push_display(value),
            Value::UInt(value) => self.push_display(value),
            Value::Text(text) => {
                self.0.push_str("_utf8mb4 ");
                self.push_hex(text.as_bytes());
            }
            Value::Bytes(bytes) => self.push_hex(bytes),
        }
    }

    fn push_display(&mut self, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
    }

    fn push_hex(&mut self, bytes: &[u8]) {
        self.0.push_str("X'");
        self.0.push_str(&hex::encode_upper(bytes));
        self.0.push('\'');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded<'a>(value: impl Into<Value<'a>>) -> String {
        Sql::list([value]).0
    }

    #[test]
    fn each_kind_of_value_has_its_literal() {
        assert_eq!(encoded(None::<&str>), "NULL");
        assert_eq!(encoded(i64::MIN), "-9223372036854775808");
        assert_eq!(encoded(u64::MAX), "18446744073709551615");
        assert_eq!(encoded("é"), "_utf8mb4 X'C3A9'");
        assert_eq!(encoded(""), "_utf8mb4 X''");
        assert_eq!(encoded(&[0, 255][..]), "X'00FF'");
    }

    proptest! {
        #[test]
        fn text_adds_nothing_but_hexadecimal_digits_between_fixed_marks(text in any::<String>()) {
            let literal = encoded(text.as_str());
            let digits = literal.strip_prefix("_utf8mb4 X'").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
            prop_assert_eq!(digits.len(), text.len() * 2);
        }

        #[test]
        fn bytes_read_back_from_their_literal_are_the_same(bytes in any::<Vec<u8>>()) {
            let literal = encoded(bytes.as_slice());
            let digits = literal.strip_prefix("X'").unwrap().strip_suffix('\'').unwrap();
            let read: Vec<u8> = digits
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            prop_assert_eq!(read, bytes);
        }

        #[test]
        fn numbers_are_digits_with_at_most_a_sign(value in any::<i64>()) {
            prop_assert_eq!(encoded(value).parse::<i64>().unwrap(), value);
        }
    }
}
