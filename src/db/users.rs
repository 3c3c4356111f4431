//! Every statement on the `user` table, and the one reading of its rows.
//!
//! The table is the replaced system's, so nothing in it can be relied on but the column names:
//! e-mails and passwords may be NULL, e-mails in any case and under any collation.

use crate::email::{Email, Lookup};
use crate::mysql::{self, Affected, Row, Statement};
use crate::name::Name;
use crate::user_id::UserId;

use super::refusal::{Cells, Refusal, explain, guarded_time, is_groundless, time};
use super::schema::Column;
use super::{Error, Query, Session, by_email, failed};

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

/// What a login needs of a user.
#[derive(Debug)]
pub struct Credentials {
    /// `id`.
    pub id: UserId,
    /// `email`, as it is stored.
    pub email: String,
    /// `password`: a hash in any of the forms that the table may hold.
    pub password: Option<String>,
}

/// A user to be.
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

/// New values for the columns that are to change: `Some(None)` clears one.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// The first name.
    pub name: Option<Option<&'a Name>>,
    /// The last name.
    pub username: Option<Option<&'a Name>>,
}

/// Inserts a user and returns the id.
///
/// # Errors
/// [`Refusal`]. Of two users who register one e-mail at the same time, the unique key refuses one;
/// what it does not call equal is for [`is_taken`] to say before.
pub async fn insert(session: &mut Session<'_>, user: &NewUser<'_>) -> Result<UserId, Refusal> {
    let cells = [
        (Column::Email, Some(user.email.as_str())),
        (Column::Password, Some(user.password)),
        (Column::Name, user.name.map(Name::as_str)),
        (Column::Username, user.username.map(Name::as_str)),
    ];
    let mut statement = Statement::new(
        "INSERT INTO `user` (`email`, `password`, `name`, `username`, `updated_at`) VALUES (",
    );
    for (_, value) in cells {
        statement = statement.value(value).sql(", ");
    }
    let statement = guarded_time(statement, user.now, &cells).sql(")");
    let doing = "inserting a user";
    match session.execute(doing, &statement).await {
        Ok(done) if done.rows == 1 && done.last_insert_id > 0 => Ok(done.last_insert_id.into()),
        Ok(_) => Err(failed(doing)(NO_ID).into()),
        Err(error) => Err(explain(session, &cells, None, error).await),
    }
}

/// Whether any user has an e-mail, in whatever spelling.
///
/// # Errors
/// [`Error`] of the database.
pub async fn is_taken(on: impl Query, email: &Lookup) -> Result<bool, Error> {
    let found = by_email::find_all(on, "finding whether an e-mail is taken", email).await?;
    Ok(!found.is_empty())
}

/// Finds the credentials of an e-mail. Where old rows hold one address in several spellings, the one
/// as typed is meant, or else the canonical one, or else the eldest.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_credentials(
    on: impl Query,
    email: &Lookup,
) -> Result<Option<Credentials>, Error> {
    let found = by_email::find_all(on, "finding a user by e-mail", email).await?;
    Ok(found.into_iter().next())
}

/// Finds the user of an e-mail that a token of the replaced system names.
///
/// No password proves whose row is meant, so nothing is made of what the token says: the row has
/// it byte for byte, or it is the only one that differs in ASCII case alone.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_by_exact_email(on: impl Query, email: &str) -> Result<Option<UserId>, Error> {
    let rows = by_email::find_equal(on, "finding the user of an old token", email).await?;
    if let Some(user) = rows.iter().find(|user| user.email == email) {
        return Ok(Some(user.id));
    }
    let mut alike = rows
        .iter()
        .filter(|user| user.email.eq_ignore_ascii_case(email));
    let first = alike.next();
    Ok(first.filter(|_| alike.next().is_none()).map(|user| user.id))
}

/// Finds a user by id.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find(mut on: impl Query, id: UserId) -> Result<Option<User>, Error> {
    let statement = Statement::new(concat!(
        "SELECT `id`, ",
        utf8!("email"),
        ", ",
        utf8!("name"),
        ", ",
        utf8!("username"),
        ", UNIX_TIMESTAMP(`updated_at`) FROM `user` WHERE `id` = "
    ))
    .value(id);
    let doing = "finding a user by id";
    let rows = on.query(doing, &statement).await?;
    rows.first().map(read).transpose().map_err(failed(doing))
}

/// Changes a user, who may be gone: whether there is one is for [`find`] to say, since a change
/// to the same values affects no row either.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    session: &mut Session<'_>,
    id: UserId,
    changes: &Changes<'_>,
    now: u64,
) -> Result<(), Refusal> {
    let cells = [
        (Column::Name, changes.name),
        (Column::Username, changes.username),
    ];
    let cells: Vec<_> = cells
        .into_iter()
        .filter_map(|(column, value)| Some((column, value?.map(Name::as_str))))
        .collect();
    let doing = "updating a user";
    change(session, doing, id, &cells, now, |statement| statement)
        .await
        .map(drop)
}

/// Replaces the hash of a password by another of the same password, unless it has changed since
/// it was read; says whether it did.
///
/// # Errors
/// [`Refusal`].
pub async fn upgrade_hash(
    session: &mut Session<'_>,
    id: UserId,
    old: &str,
    new: &str,
    now: u64,
) -> Result<bool, Refusal> {
    let cells = [(Column::Password, Some(new))];
    let doing = "upgrading a password hash";
    let done = change(session, doing, id, &cells, now, |statement| {
        statement
            // Byte by byte, whatever the column's collation calls equal.
            .sql(" AND CAST(`password` AS BINARY) = ")
            .value(old.as_bytes())
    });
    Ok(done.await?.rows == 1)
}

/// Changes a row to which a further condition applies, or nothing.
async fn change(
    session: &mut Session<'_>,
    doing: &'static str,
    id: UserId,
    cells: Cells<'_>,
    now: u64,
    condition: impl Fn(Statement) -> Statement,
) -> Result<Affected, Refusal> {
    let mut assignments = Statement::new("UPDATE `user` SET ");
    for (column, value) in cells {
        let assignment = assignments.sql(column.sql()).sql(" = ");
        assignments = assignment.value(*value).sql(", ");
    }
    let assignments = assignments.sql("`updated_at` = ");
    let of_row = |statement: Statement| condition(statement.sql(" WHERE `id` = ").value(id));
    let guarded = of_row(guarded_time(assignments.clone(), now, cells));
    let mut done = session.execute(doing, &guarded).await;
    if let Err(error) = &done
        && is_groundless(session, cells, error).await?
    {
        let statement = of_row(time(assignments, now));
        done = session.execute(doing, &statement).await;
    }
    match done {
        Ok(done) => Ok(done),
        Err(error) => Err(explain(session, cells, Some(id), error).await),
    }
}

const NO_ID: mysql::Error = mysql::Error::Protocol("a user without an id");

/// The id in the first column of a row.
pub(super) fn id(row: &Row) -> Result<UserId, mysql::Error> {
    let text = row.text(0)?;
    let id = text.as_deref().and_then(read_id);
    id.ok_or(NO_ID)
}

/// An id as MySQL writes it: `ZEROFILL` puts zeros in front.
fn read_id(text: &str) -> Option<UserId> {
    let significant = text.trim_start_matches('0');
    UserId::parse(if significant.is_empty() && !text.is_empty() {
        "0"
    } else {
        significant
    })
}

fn read(row: &Row) -> Result<User, mysql::Error> {
    Ok(User {
        id: id(row)?,
        email: row.text(1)?,
        name: row.text(2)?,
        username: row.text(3)?,
        // '0000-00-00 00:00:00', which some modes allow, reads as 0.
        updated_at: row.int(4)?.filter(|seconds| *seconds > 0),
    })
}
