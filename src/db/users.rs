//! Every statement on the `user` table, and the one reading of its rows.
//!
//! The table is the replaced system's, so nothing in it can be relied on but the column names:
//! e-mails and passwords may be NULL, e-mails in any case and under any collation.

use crate::email::{Email, Lookup};
use crate::mysql::{self, Affected, Cell, Row, Sql};
use crate::name::Name;
use crate::patch::Patch;
use crate::user_id::UserId;
use crate::{sql, statement};

use super::refusal::{Assignments, Refusal, explain, is_groundless, nothing_lost};
use super::schema::Column;
use super::{Error, Session, by_email};

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

/// New values for the columns that are to change.
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
/// [`Refusal`]. Of two users who register one e-mail at the same time, the unique key refuses one;
/// what it does not call equal is for [`is_taken`] to say before.
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

/// Whether any user has an e-mail, in whatever spelling.
///
/// # Errors
/// [`Error`] of the database.
pub async fn is_taken(session: &Session<'_>, email: &Lookup) -> Result<bool, Error> {
    let purpose = "finding whether an e-mail is taken";
    let found = by_email::find_all(session, purpose, email).await?;
    Ok(!found.is_empty())
}

/// Finds the credentials of an e-mail. Where old rows hold one address in several spellings, the one
/// as typed is meant, or else the canonical one, or else the eldest.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_credentials(
    session: &Session<'_>,
    email: &Lookup,
) -> Result<Option<Credentials>, Error> {
    let found = by_email::find_all(session, "finding a user by e-mail", email).await?;
    Ok(found.into_iter().next())
}

/// Finds the user of an e-mail that a token of the replaced system names.
///
/// No password proves whose row is meant, so nothing is made of what the token says: the row has
/// it byte for byte, or it is the only one that differs in ASCII case alone.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_by_exact_email(
    session: &Session<'_>,
    email: &str,
) -> Result<Option<UserId>, Error> {
    let rows = by_email::find_equal(session, "finding the user of an old token", email).await?;
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
pub async fn find(session: &Session<'_>, id: UserId) -> Result<Option<User>, Error> {
    let select = statement!(
        "finding a user by id",
        concat!(
            "SELECT `id`, ",
            utf8!("email"),
            ", ",
            utf8!("name"),
            ", ",
            utf8!("username"),
            ", UNIX_TIMESTAMP(`updated_at`) FROM `user` WHERE `id` = :id"
        ),
        id,
    );
    let rows = session.query(&select, read).await?;
    Ok(rows.into_iter().next())
}

fn read(row: &Row) -> Result<User, mysql::Error> {
    let [id, email, name, username, updated_at] = row.columns()?;
    Ok(User {
        id: read_id(id)?,
        email: email.text(),
        name: name.text(),
        username: username.text(),
        // '0000-00-00 00:00:00', which some modes allow, reads as 0.
        updated_at: updated_at.int()?.filter(|seconds| *seconds > 0),
    })
}

/// Changes a user, who may be gone: whether there is one is for [`find`] to say, since a change
/// to the same values affects no row either.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    session: &Session<'_>,
    id: UserId,
    changes: &Changes<'_>,
    now: u64,
) -> Result<(), Refusal> {
    let columns = [
        (Column::Name, changes.name),
        (Column::Username, changes.username),
    ];
    let assignments: Vec<_> = columns
        .into_iter()
        .filter_map(|(column, value)| Some((column, value.change()?.map(Name::as_str))))
        .collect();
    if assignments.is_empty() {
        return Ok(());
    }
    let rows = sql!("`id` = :id", id);
    let purpose = "updating a user";
    let done = change(session, purpose, id, &rows, &assignments, now);
    done.await.map(drop)
}

/// Replaces the hash of a password by another of the same password, unless it has changed since
/// it was read; says whether it did.
///
/// # Errors
/// [`Refusal`].
pub async fn upgrade_hash(
    session: &Session<'_>,
    id: UserId,
    old: &str,
    new: &str,
    now: u64,
) -> Result<bool, Refusal> {
    // Byte by byte, whatever the column's collation calls equal.
    let rows = sql!(
        "`id` = :id AND CAST(`password` AS BINARY) = :old",
        id,
        old = old.as_bytes(),
    );
    let assignments = [(Column::Password, Some(new))];
    let purpose = "upgrading a password hash";
    let done = change(session, purpose, id, &rows, &assignments, now);
    Ok(done.await?.rows == 1)
}

/// Changes the row of an id if a condition picks it.
async fn change(
    session: &Session<'_>,
    purpose: &'static str,
    id: UserId,
    condition: &Sql,
    assignments: Assignments<'_>,
    now: u64,
) -> Result<Affected, Refusal> {
    let columns = assignments.iter().map(|(column, value)| {
        let column = Sql::from(column.sql());
        sql!(":column = :value", column = &column, value = *value)
    });
    let columns = Sql::join(", ", columns);
    let update = |nothing_lost: &Sql| {
        statement!(
            purpose,
            "UPDATE `user` SET :columns, `updated_at` = FROM_UNIXTIME(:now) + :nothing_lost
             WHERE :condition",
            columns = &columns,
            now,
            nothing_lost,
            condition,
        )
    };
    let mut done = session.execute(&update(&nothing_lost(assignments))).await;
    if let Err(error) = &done
        && is_groundless(session, assignments, error).await?
    {
        done = session.execute(&update(&Sql::from("0"))).await;
    }
    match done {
        Ok(done) => Ok(done),
        Err(error) => Err(explain(session, assignments, Some(id), error).await),
    }
}

const NO_ID: mysql::Error = mysql::Error::Protocol("a user without an id");

/// Reads an id as MySQL writes it: `ZEROFILL` puts zeros in front.
pub(super) fn read_id(id: Cell<'_>) -> Result<UserId, mysql::Error> {
    let text = id.text().ok_or(NO_ID)?;
    let significant = text.trim_start_matches('0');
    UserId::parse(if significant.is_empty() && !text.is_empty() {
        "0"
    } else {
        significant
    })
    .ok_or(NO_ID)
}
