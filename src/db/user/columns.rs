//! The columns and unique keys of `user`, as the database describes them.

use crate::mysql::{self, Row, Sql, Statement};
use crate::sql;

use super::super::{Error, Session};

/// A column that Gatehouse writes text to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// `email`.
    Email,
    /// `password`.
    Password,
    /// `name`.
    Name,
    /// `username`.
    Username,
}

impl Column {
    pub(crate) const ALL: [Self; 4] = [Self::Email, Self::Password, Self::Name, Self::Username];

    /// Returns the name, which is also the name of the field in a request.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Password => "password",
            Self::Name => "name",
            Self::Username => "username",
        }
    }

    /// Returns `column = value`: an assignment in SET, a comparison in WHERE.
    pub(crate) fn equals(self, value: Option<&str>) -> Sql {
        match self {
            Self::Email => sql!("`email` = :value", value),
            Self::Password => sql!("`password` = :value", value),
            Self::Name => sql!("`name` = :value", value),
            Self::Username => sql!("`username` = :value", value),
        }
    }

    /// Returns SQL for the text as UTF-8, independent of the connection's character set.
    pub(crate) fn utf8(self) -> &'static str {
        match self {
            Self::Email => utf8!("email"),
            Self::Password => utf8!("password"),
            Self::Name => utf8!("name"),
            Self::Username => utf8!("username"),
        }
    }

    /// Finds a column by its name, which is case-insensitive in MySQL.
    fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|column| column.name().eq_ignore_ascii_case(name))
    }
}

/// The values that a column can hold.
#[derive(Debug)]
pub(crate) struct Holds {
    pub(crate) column: Column,
    /// The maximum length in characters, or in bytes if the column is binary.
    pub(crate) length: u64,
    character_set: Option<String>,
    nullable: bool,
    /// True for `CHAR`, which loses trailing spaces.
    trims: bool,
    /// True for a type that holds any text, unlike `ENUM`, or `BINARY`, which is padded with NULs.
    is_text: bool,
}

impl Holds {
    /// Returns whether a value is too long for the column.
    pub(crate) fn is_too_short_for(&self, value: &str) -> bool {
        let length = match self.character_set {
            Some(_) => value.chars().count(),
            None => value.len(),
        };
        u64::try_from(length).is_ok_and(|length| length > self.length)
    }

    /// Returns whether a value is NULL although the column is `NOT NULL`.
    pub(crate) fn is_required(&self, value: Option<&str>) -> bool {
        value.is_none() && !self.nullable
    }

    /// Returns whether the column may change a value that is not too long for it: drop its trailing
    /// spaces, or replace characters outside its character set.
    pub(crate) fn may_change(&self, value: &str) -> bool {
        let last = match self.character_set.as_deref() {
            None | Some("utf8mb4" | "utf16" | "utf16le" | "utf32") => char::MAX,
            Some("utf8" | "utf8mb3" | "ucs2") => '\u{ffff}',
            Some("latin1") => '\u{ff}',
            Some("swe7") => '\0',
            Some(_) => '\u{7f}',
        };
        (self.trims && value.ends_with(' ')) || value.chars().any(|c| c > last)
    }

    /// Returns whether the column is certain to store a value unchanged.
    pub(crate) fn is_certain_to_hold(&self, value: Option<&str>) -> bool {
        match value {
            Some(value) => self.is_text && !self.is_too_short_for(value) && !self.may_change(value),
            None => self.nullable,
        }
    }
}

/// Reads the columns of `user` that Gatehouse writes text to, if they are of a string type.
pub(in crate::db) async fn read(session: &Session<'_>) -> Result<Vec<Holds>, Error> {
    let select = Statement::new(
        "reading what the columns can hold",
        "SELECT COLUMN_NAME, CHARACTER_MAXIMUM_LENGTH, CHARACTER_SET_NAME, IS_NULLABLE, DATA_TYPE
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user'",
    );
    let columns = session.query(&select, read_column).await?;
    Ok(columns.into_iter().flatten().collect())
}

/// Reads a row of `information_schema.COLUMNS`; `None` for a column that is not a [`Column`] or not
/// of a string type.
fn read_column(row: &Row) -> Result<Option<Holds>, mysql::Error> {
    let [name, length, character_set, nullable, kind] = row.columns()?;
    let column = name.text().and_then(|name| Column::named(&name));
    let (Some(column), Some(length)) = (column, length.int()?) else {
        return Ok(None);
    };
    let kind = kind.text().unwrap_or_default().to_ascii_lowercase();
    Ok(Some(Holds {
        column,
        length: u64::try_from(length).unwrap_or_default(),
        character_set: character_set.text().map(|name| name.to_ascii_lowercase()),
        nullable: nullable
            .text()
            .is_some_and(|word| word.eq_ignore_ascii_case("YES")),
        trims: kind == "char",
        is_text: ["char", "varchar", "varbinary"].contains(&&*kind)
            || kind.ends_with("text")
            || kind.ends_with("blob"),
    }))
}

/// Reads the columns of each unique key except the primary key; `None` for a key that covers
/// anything but whole [`Column`]s.
pub(in crate::db) async fn read_unique_keys(
    session: &Session<'_>,
) -> Result<Vec<Option<Vec<Column>>>, Error> {
    let select = Statement::new(
        "reading the unique keys",
        "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' AND NON_UNIQUE = 0
         AND INDEX_NAME <> 'PRIMARY' ORDER BY INDEX_NAME, SEQ_IN_INDEX",
    );
    let read = |row: &Row| {
        let [key, column, part] = row.columns()?;
        let column = column.text().filter(|_| part.bytes().is_none());
        let column = column.and_then(|name| Column::named(&name));
        Ok((key.text().unwrap_or_default(), column))
    };
    let mut keys: Vec<(String, Option<Vec<Column>>)> = Vec::new();
    for (key, column) in session.query(&select, read).await? {
        match keys.last_mut() {
            Some((last, columns)) if *last == key => {
                *columns = columns.take().zip(column).map(|(mut columns, column)| {
                    columns.push(column);
                    columns
                });
            }
            _ => keys.push((key, column.map(|column| vec![column]))),
        }
    }
    Ok(keys.into_iter().map(|(_, columns)| columns).collect())
}

/// Returns the message for a `password` column that is too short for a hash.
pub(crate) fn narrow_password(length: u64, hash_length: usize) -> String {
    format!(
        "the column `password` of `user` holds {length} characters, and a hash has {hash_length}: \
         make it VARCHAR(255)"
    )
}
