//! Every statement on the `gatehouse_session` table: sessions of users who have logged in.
//!
//! `migrations/0004` describes the columns. All times are the Worker's, in seconds since 1970-01-01
//! UTC. A session is live while `expires` is in the future; the statement behind a protected route
//! checks that in the same statement, by the condition of [`Current`].

mod list;
mod refresh;

use std::time::Duration;

use super::{Error, Session};
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;
use crate::mysql::{self, Sql};
use crate::{sql, statement};

pub use list::{StoredSession, list, list_all};
pub use refresh::{Refreshed, refresh, refreshing};

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// `SESSION_IDLE_DAYS`: the time after the last refresh.
    pub idle: Duration,
    /// `SESSION_DAYS`: the time after the login, however often the session is refreshed.
    pub absolute: Duration,
    /// `SESSION_REFRESH_GRACE_SECONDS`: the time in which a refresh may be repeated.
    pub grace: Duration,
}

impl Lifetimes {
    /// Returns the time at which a session expires that is refreshed now and ends at `ends`.
    #[must_use]
    pub fn expires(&self, now: u64, ends: u64) -> u64 {
        ends.min(now.saturating_add(self.idle.as_secs()))
    }
}

/// A session to start.
pub struct NewSession<'a> {
    /// A new id.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// The stored hash with which the password was compared.
    pub password: Option<&'a str>,
    /// The time of the login.
    pub now: u64,
    /// The time at which it expires if it is not refreshed.
    pub expires: u64,
    /// The time at which it ends however often it is refreshed.
    pub ends: u64,
    /// What the user is shown of the device: the start of its User-Agent.
    pub client: &'a str,
    /// What the user is shown of its address.
    pub address: &'a str,
}

/// The session of a request, which must be live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// The session, or `None` for a token from before sessions.
    pub session: Option<SessionId>,
    /// The time of the request.
    pub now: u64,
}

impl Current {
    /// Returns the SQL condition that the session is live and the user's; `TRUE` for a token without
    /// one.
    pub(super) fn condition(&self, user: UserId) -> Sql {
        match &self.session {
            None => Sql::from("TRUE"),
            Some(session) => sql!(
                "EXISTS (SELECT 1 FROM `gatehouse_session`
                         WHERE `id` = :session AND `user` = :user AND `expires` > :now)",
                session = session.as_bytes().as_slice(),
                user,
                now = self.now,
            ),
        }
    }

    /// Returns SQL that joins the session as `caller`, so that a statement on several tables finds
    /// nothing unless the session is live and the user's. It is nothing for a token without one.
    pub(super) fn join(&self, user: UserId) -> Sql {
        match &self.session {
            None => Sql::from(""),
            Some(session) => sql!(
                "JOIN `gatehouse_session` AS `caller`
                 ON `caller`.`id` = :session AND `caller`.`user` = :user AND `caller`.`expires` > :now",
                session = session.as_bytes().as_slice(),
                user,
                now = self.now,
            ),
        }
    }
}

/// Starts a session. Returns false if the user no longer exists or no longer has the stored hash
/// with which the password was compared.
///
/// `FOR UPDATE` makes it wait for a change of the password that is under way, which would not end
/// this session: under READ COMMITTED the SELECT would read the old hash otherwise. (`TiDB` refuses
/// `LOCK IN SHARE MODE` by default.)
///
/// # Errors
/// [`Error`] if the statement fails. The session may have been started.
pub async fn start(session: &Session<'_>, new: &NewSession<'_>) -> Result<bool, Error> {
    let insert = statement!(
        "starting a session",
        concat!(
            "INSERT INTO `gatehouse_session`
               (`id`, `user`, `counter`, `created`, `refreshed`, `expires`, `ends`, `client`, `address`)
             SELECT :id, :user, 0, :now, :now, :expires, :ends, :client, :address
             FROM `user` WHERE `id` = :user AND ",
            utf8!("password"),
            " <=> :password FOR UPDATE"
        ),
        id = new.id.as_bytes().as_slice(),
        user = new.user,
        now = new.now,
        expires = new.expires,
        ends = new.ends,
        client = new.client.as_bytes(),
        address = new.address.as_bytes(),
        password = new.password.map(str::as_bytes),
    );
    match session.execute_repeatable(&insert).await {
        Ok(done) => Ok(done.rows > 0),
        // An earlier attempt was applied, and its reply lost: the id is random, so it is this session.
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_duplicate) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Ends a session, whoever's it is. Returns false if there was none.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn end(session: &Session<'_>, id: SessionId) -> Result<bool, Error> {
    let delete = statement!(
        "ending a session",
        "DELETE FROM `gatehouse_session` WHERE `id` = :id",
        id = id.as_bytes().as_slice(),
    );
    Ok(session.execute_repeatable(&delete).await?.rows > 0)
}

/// Ends a live session of a user. Returns false if the user has no such session.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn end_of(
    session: &Session<'_>,
    user: UserId,
    id: SessionId,
    now: u64,
) -> Result<bool, Error> {
    let delete = statement!(
        "ending a session of a user",
        "DELETE FROM `gatehouse_session`
         WHERE `id` = :id AND `user` = :user AND `expires` > :now",
        id = id.as_bytes().as_slice(),
        user,
        now,
    );
    Ok(session.execute(&delete).await?.rows > 0)
}

/// Ends all sessions of a user.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn end_all(session: &Session<'_>, user: UserId) -> Result<(), Error> {
    let delete = statement!(
        "ending the sessions of a user",
        "DELETE FROM `gatehouse_session` WHERE `user` = :user",
        user,
    );
    session.execute_repeatable(&delete).await.map(drop)
}

/// The most sessions of a user that are kept. One more than a person has devices, tabs and programs,
/// by far; a change of the password has to end them all in one statement.
pub const MOST_SESSIONS: u64 = 100;

/// Ends sessions of a user beyond the newest [`MOST_SESSIONS`].
///
/// # Errors
/// [`Error`] if a statement fails.
pub async fn limit(session: &Session<'_>, user: UserId) -> Result<(), Error> {
    let select = statement!(
        "counting the sessions of a user",
        "SELECT `created` FROM `gatehouse_session` WHERE `user` = :user
         ORDER BY `created` DESC LIMIT :most, 1",
        user,
        most = MOST_SESSIONS,
    );
    let oldest = session.query(&select, |row| {
        let [created] = row.columns()?;
        created.int()
    });
    let Some(Some(created)) = oldest.await?.into_iter().next() else {
        return Ok(());
    };
    let delete = statement!(
        "ending the oldest sessions of a user",
        "DELETE FROM `gatehouse_session` WHERE `user` = :user AND `created` <= :created LIMIT 500",
        user,
        created,
    );
    session.execute_repeatable(&delete).await.map(drop)
}

/// Deletes up to 500 sessions that are over, and returns how many.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn purge(session: &Session<'_>, now: u64) -> Result<u64, Error> {
    let delete = statement!(
        "deleting old sessions",
        "DELETE FROM `gatehouse_session` WHERE `expires` <= :now LIMIT 500",
        now,
    );
    Ok(session.execute_repeatable(&delete).await?.rows)
}
