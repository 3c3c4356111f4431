//! The rows of `user`.

use subtle::ConstantTimeEq as _;

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

/// The credentials of the user of a request.
#[derive(Debug)]
pub struct OwnCredentials {
    /// The credentials.
    pub stored: StoredCredentials,
    /// Whether the session of the request is live and the user's.
    pub is_live: bool,
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
    /// Returns whether the row holds a hash, or `None` for NULL.
    pub(super) fn has_hash(&self, hash: Option<&str>) -> bool {
        match (self.password.as_deref(), hash) {
            (Some(stored), Some(hash)) => stored.as_bytes().ct_eq(hash.as_bytes()).into(),
            (stored, hash) => stored.is_none() && hash.is_none(),
        }
    }

    /// Reads `id`, `email` and `password`.
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        Self::of(row.columns()?)
    }

    fn of([id, email, password]: [Cell<'_>; 3]) -> Result<Self, Error> {
        Ok(Self {
            id: read_id(id)?,
            email: email.text().unwrap_or_default(),
            password: password.text(),
        })
    }
}

impl OwnCredentials {
    /// Reads `id`, `email`, `password` and whether the session is live.
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        let [id, email, password, is_live] = row.columns()?;
        Ok(Self {
            stored: StoredCredentials::of([id, email, password])?,
            is_live: is_live.int()? == Some(1),
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
