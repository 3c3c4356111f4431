//! Every statement on the `user` table, and the one reading of its rows.
//!
//! The table is the replaced system's, so nothing in it can be relied on but the column names:
//! e-mails and passwords may be NULL, e-mails in any case and under any collation.

use crate::email::{Email, Lookup};
use crate::mysql::{self, Row, Statement};
use crate::name::Name;

use super::{Error, Query, Session};

/// A user without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `id`.
    pub id: i64,
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
    pub id: i64,
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

/// Inserts a user and returns the id; none when the e-mail is taken.
///
/// # Errors
/// [`Error`] of the database.
pub async fn insert(session: &mut Session<'_>, user: &NewUser<'_>) -> Result<Option<i64>, Error> {
    let statement = Statement::new(
        "INSERT INTO `user` (`email`, `password`, `name`, `username`, `updated_at`) VALUES (",
    )
    .value(user.email.as_str())
    .sql(", ")
    .value(user.password)
    .sql(", ")
    .value(user.name.map(Name::as_str))
    .sql(", ")
    .value(user.username.map(Name::as_str))
    .sql(", FROM_UNIXTIME(")
    .value(user.now)
    .sql("))");
    let doing = "inserting a user";
    let done = match session.execute(doing, &statement).await {
        // The unique key decides, not a look before. It is the e-mail's: the statement names no id.
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_duplicate) => return Ok(None),
        done => done?,
    };
    match (done.rows, i64::try_from(done.last_insert_id)) {
        (1, Ok(id @ 1..)) => Ok(Some(id)),
        _ => Err(failed(doing)(NO_ID)),
    }
}

/// Finds the credentials of an e-mail.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_credentials(
    mut on: impl Query,
    email: &Lookup,
) -> Result<Option<Credentials>, Error> {
    let doing = "finding a user by e-mail";
    // Under a collation that tells cases apart, an old row is found by its old spelling only.
    let spellings = select_by_email([email.canonical(), email.typed()]);
    let rows = match on.query(doing, &spellings).await {
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_incomparable) => {
            // The typed one has characters that the column cannot hold, so no row has it.
            let canonical = email.canonical();
            if !canonical.is_ascii() {
                return Ok(None);
            }
            on.query(doing, &select_by_email([canonical, canonical]))
                .await?
        }
        rows => rows?,
    };
    let mut found = Vec::new();
    for row in &rows {
        let user = credentials(row).map_err(failed(doing))?;
        if email.is(&user.email) {
            found.push((user.email != email.typed(), user.id, user));
        }
    }
    // Where old rows hold one address in two spellings, the one as typed is meant, or the elder.
    found.sort_by_key(|(differs, id, _)| (*differs, *id));
    Ok(found.into_iter().next().map(|(.., user)| user))
}

/// Finds the user of an e-mail that a token of the replaced system names.
///
/// No password proves whose row is meant, so nothing is made of what the token says: the row has
/// it byte for byte, or it is the only one that differs in ASCII case alone.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find_by_exact_email(mut on: impl Query, email: &str) -> Result<Option<i64>, Error> {
    let doing = "finding the user of an old token";
    let rows = match on.query(doing, &select_by_email([email, email])).await {
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_incomparable) => {
            return Ok(None);
        }
        rows => rows?,
    };
    let mut alike = Vec::new();
    for row in &rows {
        let user = credentials(row).map_err(failed(doing))?;
        if user.email == email {
            return Ok(Some(user.id));
        }
        if user.email.eq_ignore_ascii_case(email) {
            alike.push(user.id);
        }
    }
    Ok(alike.first().copied().filter(|_| alike.len() == 1))
}

fn credentials(row: &Row) -> Result<Credentials, mysql::Error> {
    Ok(Credentials {
        id: row.int(0)?.ok_or(NO_ID)?,
        email: row.text(2)?.unwrap_or_default(),
        password: row.text(1)?,
    })
}

fn select_by_email(spellings: [&str; 2]) -> Statement {
    let [first, second] = spellings;
    Statement::new(concat!(
        "SELECT `id`, ",
        utf8!("password"),
        ", ",
        utf8!("email"),
        " FROM `user` WHERE `email` IN ("
    ))
    .value(first)
    .sql(", ")
    .value(second)
    .sql(")")
}

/// Finds a user by id.
///
/// # Errors
/// [`Error`] of the database.
pub async fn find(mut on: impl Query, id: i64) -> Result<Option<User>, Error> {
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
/// [`Error`] of the database.
pub async fn update(
    session: &mut Session<'_>,
    id: i64,
    changes: &Changes<'_>,
    now: u64,
) -> Result<(), Error> {
    let mut statement = Statement::new("UPDATE `user` SET `updated_at` = FROM_UNIXTIME(")
        .value(now)
        .sql(")");
    if let Some(name) = changes.name {
        statement = statement.sql(", `name` = ").value(name.map(Name::as_str));
    }
    if let Some(username) = changes.username {
        statement = statement
            .sql(", `username` = ")
            .value(username.map(Name::as_str));
    }
    let statement = statement.sql(" WHERE `id` = ").value(id);
    session
        .execute("updating a user", &statement)
        .await
        .map(drop)
}

/// Replaces the hash of a password by another of the same password, unless it has changed since
/// it was read; says whether it did.
///
/// # Errors
/// [`Error`] of the database.
pub async fn upgrade_hash(
    session: &mut Session<'_>,
    id: i64,
    old: &str,
    new: &str,
    now: u64,
) -> Result<bool, Error> {
    let statement = Statement::new("UPDATE `user` SET `password` = ")
        .value(new)
        .sql(", `updated_at` = FROM_UNIXTIME(")
        .value(now)
        .sql(") WHERE `id` = ")
        .value(id)
        // Byte by byte, whatever the column's collation calls equal.
        .sql(" AND CAST(`password` AS BINARY) = ")
        .value(old.as_bytes());
    let doing = "upgrading a password hash";
    let done = session.execute(doing, &statement).await?;
    Ok(done.rows == 1)
}

const NO_ID: mysql::Error = mysql::Error::Protocol("a user without an id");

fn failed(doing: &'static str) -> impl Fn(mysql::Error) -> Error {
    move |source| Error::Failed { doing, source }
}

fn read(row: &Row) -> Result<User, mysql::Error> {
    Ok(User {
        id: row.int(0)?.ok_or(NO_ID)?,
        email: row.text(1)?,
        name: row.text(2)?,
        username: row.text(3)?,
        // '0000-00-00 00:00:00', which some modes allow, reads as 0.
        updated_at: row.int(4)?.filter(|seconds| *seconds > 0),
    })
}
