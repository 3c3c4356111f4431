//! The rows of `user`.

use crate::identity::user_id::UserId;
use crate::mysql::{Cell, Error, Row};

/// A user without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `id`.
    pub id: UserId,
    /// `email`.
    pub email: Option<String>,
    /// `name`: the first name.
    pub name: Option<String>,
    /// `username`: the last name.
    pub username: Option<String>,
    /// `updated_at`, in seconds since 1970-01-01 UTC.
    pub updated_at: Option<i64>,
}

/// The columns of a user that a login needs.
#[derive(Debug)]
pub struct StoredCredentials {
    /// `id`.
    pub id: UserId,
    /// `email`, as it is stored.
    pub email: String,
    /// `password`: a hash in any supported format, or anything else that the table holds.
    pub password: Option<String>,
}

impl User {
    /// Reads `id`, `email`, `name`, `username` and `UNIX_TIMESTAMP(updated_at)`.
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        let [id, email, name, username, updated_at] = row.columns()?;
        Ok(Self {
            id: read_id(id)?,
            email: email.text(),
            name: name.text(),
            username: username.text(),
            // '0000-00-00 00:00:00', which is possible without NO_ZERO_DATE, reads as 0.
            updated_at: updated_at.int()?.filter(|seconds| *seconds > 0),
        })
    }
}

impl StoredCredentials {
    /// Reads `id`, `email` and `password`.
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        let [id, email, password] = row.columns()?;
        Ok(Self {
            id: read_id(id)?,
            email: email.text().unwrap_or_default(),
            password: password.text(),
        })
    }
}

/// The error for a row without a valid id.
pub(super) const NO_ID: Error = Error::Protocol("a user without an id");

/// Reads an id, which has leading zeros if the column is `ZEROFILL`.
fn read_id(id: Cell<'_>) -> Result<UserId, Error> {
    let text = id.text().ok_or(NO_ID)?;
    let significant = text.trim_start_matches('0');
    UserId::parse(if significant.is_empty() && !text.is_empty() {
        "0"
    } else {
        significant
    })
    .ok_or(NO_ID)
}
