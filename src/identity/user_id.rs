//! The id of a user, for any integer type of the column.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::mysql::Value;

/// The id of a user: any integer that a column of MySQL can hold, `BIGINT UNSIGNED` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserId(Integer);

/// `Large` is used only for values that `Int` cannot hold, so that equality and order are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Integer {
    Int(i64),
    Large(u64),
}

impl UserId {
    /// Parses an id in its canonical spelling: no plus sign, no `-0`, no leading zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = match text.parse::<i64>() {
            Ok(id) => Self::from(id),
            Err(_) => Self::from(text.parse::<u64>().ok()?),
        };
        (id.to_string() == text).then_some(id)
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self(Integer::Int(id))
    }
}

impl From<u64> for UserId {
    fn from(id: u64) -> Self {
        Self(i64::try_from(id).map_or(Integer::Large(id), Integer::Int))
    }
}

impl From<UserId> for Value<'_> {
    fn from(UserId(id): UserId) -> Self {
        match id {
            Integer::Int(id) => Self::Int(id),
            Integer::Large(id) => Self::UInt(id),
        }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Integer::Int(id) => id.fmt(f),
            Integer::Large(id) => id.fmt(f),
        }
    }
}

/// Serialises as a number.
impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Integer::Int(id) => serializer.serialize_i64(id),
            Integer::Large(id) => serializer.serialize_u64(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        for id in [
            "0",
            "-1",
            "7",
            "-9223372036854775808",
            "18446744073709551615",
        ] {
            assert_eq!(UserId::parse(id).unwrap().to_string(), id);
        }
        for no_id in [
            "",
            "-",
            "-0",
            "+1",
            "01",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x1",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            assert_eq!(UserId::parse(no_id), None, "{no_id:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_the_same_from_a_signed_and_from_an_unsigned_number(id in 0..=i64::MAX) {
            prop_assert_eq!(UserId::from(id), UserId::from(id.cast_unsigned()));
        }

        #[test]
        fn ids_are_ordered_as_numbers(a in any::<u64>(), b in any::<i64>()) {
            prop_assert_eq!(UserId::from(a) < UserId::from(b), i128::from(a) < i128::from(b));
        }
    }
}
