//! The statements that list the sessions of a user.

use super::super::{Error, Session};
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;
use crate::mysql::{self, Row};
use crate::statement;

/// A session as its user is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The id.
    pub id: SessionId,
    /// The time of the login.
    pub created: i64,
    /// The time of the last refresh, or of the login.
    pub refreshed: i64,
    /// The time at which it expires if it is not refreshed; 0 if it has been ended.
    pub expires: i64,
    /// The time at which it ends however often it is refreshed.
    pub ends: i64,
    /// The number of refreshes.
    pub counter: i64,
    /// The start of the User-Agent of its device.
    pub client: String,
    /// What is shown of its address.
    pub address: String,
}

/// SQL that selects the sessions that match a condition.
macro_rules! select_sessions {
    ($condition:literal) => {
        concat!(
            "SELECT `id`, `created`, `refreshed`, `expires`, `ends`, `counter`, `client`, `address`
             FROM `gatehouse_session` WHERE ",
            $condition
        )
    };
}

/// Returns the live sessions of a user, the one that was used last first.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn list(
    session: &Session<'_>,
    user: UserId,
    now: u64,
) -> Result<Vec<StoredSession>, Error> {
    let select = statement!(
        "listing sessions",
        select_sessions!(
            "`user` = :user AND `expires` > :now
             ORDER BY `refreshed` DESC, `created` DESC, `id` LIMIT 1000"
        ),
        user,
        now,
    );
    session.query(&select, StoredSession::read).await
}

/// Returns the sessions of a user that are stored, also those that are over: at most 1000.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn list_all(session: &Session<'_>, user: UserId) -> Result<Vec<StoredSession>, Error> {
    let select = statement!(
        "listing all sessions",
        select_sessions!(
            "`user` = :user ORDER BY `refreshed` DESC, `created` DESC, `id` LIMIT 1000"
        ),
        user,
    );
    session.query(&select, StoredSession::read).await
}

impl StoredSession {
    fn read(row: &Row) -> Result<Self, mysql::Error> {
        const MALFORMED: mysql::Error = mysql::Error::Protocol("a malformed session");
        let [
            id,
            created,
            refreshed,
            expires,
            ends,
            counter,
            client,
            address,
        ] = row.columns()?;
        let id: Option<[u8; 16]> = id.bytes().and_then(|id| id.try_into().ok());
        Ok(Self {
            id: id.ok_or(MALFORMED)?.into(),
            created: created.int()?.ok_or(MALFORMED)?,
            refreshed: refreshed.int()?.ok_or(MALFORMED)?,
            expires: expires.int()?.ok_or(MALFORMED)?,
            ends: ends.int()?.ok_or(MALFORMED)?,
            counter: counter.int()?.ok_or(MALFORMED)?,
            client: client.text().unwrap_or_default(),
            address: address.text().unwrap_or_default(),
        })
    }
}
