//! Statements that insert and change users.

use super::super::login_session::Current;
use super::super::retry::Step;
use super::super::session::LAG_PAUSES;
use super::super::{Error, Session};
use super::columns::Column;
use super::read::find;
use super::refusal::{Assignments, Refusal, explain, nothing_lost, write_guarded};
use super::row::{NO_ID, User};
use crate::identity::email::Email;
use crate::identity::name::Name;
use crate::identity::user_id::UserId;
use crate::mysql::{Affected, Sql};
use crate::patch::Patch;
use crate::{sql, statement};

/// The columns of a user to insert.
pub struct NewUser<'a> {
    /// The e-mail.
    pub email: &'a Email,
    /// The hash of the password.
    pub password: &'a str,
    /// The first name.
    pub name: Option<&'a Name>,
    /// The last name.
    pub username: Option<&'a Name>,
    /// `updated_at`, in seconds since 1970-01-01 UTC.
    pub now: u64,
}

/// Changes to the names of a user.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// The first name.
    pub name: Patch<&'a Name>,
    /// The last name.
    pub username: Patch<&'a Name>,
}

/// Inserts a user and returns the id.
///
/// # Errors
/// [`Refusal`]; after [`Refusal::Database`] the user may have been inserted nevertheless. Call
/// [`is_taken`](super::is_taken) first: the unique key refuses one of two simultaneous
/// registrations of an e-mail, but to it the spellings of one address may be different.
pub async fn insert(session: &Session<'_>, user: &NewUser<'_>) -> Result<UserId, Refusal> {
    let (email, password) = (user.email.as_str(), user.password);
    let (name, username) = (user.name.map(Name::as_str), user.username.map(Name::as_str));
    let assignments = [
        (Column::Email, Some(email)),
        (Column::Password, Some(password)),
        (Column::Name, name),
        (Column::Username, username),
    ];
    let insert = statement!(
        "inserting a user",
        "INSERT INTO `user` (`email`, `password`, `name`, `username`, `updated_at`)
         VALUES (:email, :password, :name, :username, FROM_UNIXTIME(:now) + :nothing_lost)",
        email,
        password,
        name,
        username,
        now = user.now,
        nothing_lost = &nothing_lost(&assignments),
    );
    match session.execute(&insert).await {
        Ok(done) if done.rows == 1 && done.last_insert_id > 0 => Ok(done.last_insert_id.into()),
        Ok(_) => Err(Refusal::Database(Error::Failed {
            purpose: insert.purpose(),
            source: NO_ID,
        })),
        Err(error) => Err(explain(session, &assignments, None, error).await),
    }
}

impl Changes<'_> {
    /// Returns the columns to write.
    fn assignments(&self) -> Vec<(Column, Option<&str>)> {
        let columns = [(Column::Name, self.name), (Column::Username, self.username)];
        columns
            .into_iter()
            .filter_map(|(column, value)| Some((column, value.change()?.map(Name::as_str))))
            .collect()
    }

    /// Makes the changes to a user that was read.
    fn apply(&self, user: &mut User) {
        let owned = |name: &Name| name.as_str().to_owned();
        if let Some(name) = self.name.change() {
            user.name = name.map(owned);
        }
        if let Some(username) = self.username.change() {
            user.username = username.map(owned);
        }
    }
}

/// Changes a user and returns it as it is now, or `None` if there is no such user or the session of
/// the request is not live.
///
/// The UPDATE and the SELECT may reach two servers, of which the second one may not have the change
/// yet. So the changed columns are returned as they were written. If the UPDATE has changed no row,
/// because the user had the values already or because the first server does not have the user yet,
/// the SELECT must show the values, or both are repeated.
///
/// # Errors
/// [`Refusal`]; after [`Refusal::Database`] the user may have been changed nevertheless.
pub async fn update(
    session: &Session<'_>,
    id: UserId,
    changes: &Changes<'_>,
    current: &Current,
) -> Result<Option<User>, Refusal> {
    let assignments = changes.assignments();
    if assignments.is_empty() {
        return Ok(find(session, id, current).await?);
    }
    let now = current.now;
    let is_live = current.condition(id);
    let rows = sql!("`id` = :id AND :is_live", id, is_live = &is_live);
    let purpose = "updating a user";
    let mut pauses = LAG_PAUSES.into_iter();
    loop {
        let done = change(session, purpose, id, &rows, &assignments, now).await?;
        let read = find(session, id, current).await?;
        match (done.rows > 0, read) {
            (true, Some(mut user)) => {
                changes.apply(&mut user);
                user.updated_at = i64::try_from(now).ok();
                return Ok(Some(user));
            }
            (false, None) => return Ok(None),
            (false, Some(user)) => {
                let mut expected = user.clone();
                changes.apply(&mut expected);
                if user == expected {
                    return Ok(Some(user));
                }
            }
            // It was deleted in between, or the second server does not have it yet.
            (true, None) => {}
        }
        let pause = pauses.next();
        let pause = pause.ok_or(Refusal::Database(Error::Disagreement { purpose }))?;
        session.wait(pause).await;
    }
}

/// Replaces the stored hash `old` by `new`, a hash of the same password. Returns false if the row
/// no longer holds `old`.
///
/// # Errors
/// [`Refusal`]; after [`Refusal::Database`] the hash may have been replaced nevertheless.
pub async fn upgrade_hash(
    session: &Session<'_>,
    id: UserId,
    old: &str,
    new: &str,
    now: u64,
) -> Result<bool, Refusal> {
    // Compared byte by byte: the column's collation may ignore case.
    let rows = sql!(
        concat!("`id` = :id AND ", utf8!("password"), " = :old"),
        id,
        old = old.as_bytes(),
    );
    let assignments = [(Column::Password, Some(new))];
    let purpose = "upgrading a password hash";
    let done = change(session, purpose, id, &rows, &assignments, now);
    Ok(done.await?.rows == 1)
}

/// Updates the rows that match a condition. `id` is the row that it is about, for the search for
/// the cause of a failure.
async fn change(
    session: &Session<'_>,
    purpose: &'static str,
    id: UserId,
    condition: &Sql,
    assignments: Assignments<'_>,
    now: u64,
) -> Result<Affected, Refusal> {
    let columns = assignments
        .iter()
        .map(|&(column, value)| column.equals(value));
    let columns = Sql::join(", ", &columns.collect::<Vec<_>>());
    let update = |guard: &Sql| {
        statement!(
            purpose,
            "UPDATE `user` SET :columns, `updated_at` = FROM_UNIXTIME(:now) + :guard WHERE :condition",
            columns = &columns,
            now,
            guard,
            condition,
        )
    };
    write_guarded(session, id, assignments, Step::Write, update).await
}
