//! Writes to `user` that store exactly what was sent or nothing, and why one stored nothing.
//!
//! Without strict mode a server cuts what a column is too short for and stores `?` for what its
//! character set lacks, and tells nobody. So a statement compares, column by column, what it has
//! just assigned with what was sent, and makes itself fail if they differ.
//!
//! In an UPDATE, TiDB and MariaDB's mode `SIMULTANEOUS_ASSIGNMENT` compare what the columns had
//! before instead. Such an UPDATE fails, too; it is run again without the comparison where the
//! columns are certain to hold the values.

use crate::identity::user_id::UserId;
use crate::mysql::{self, Sql, Statement};
use crate::validation::{FieldError, Violation};
use crate::{sql, statement};

use super::super::{Error, Session};
use super::columns::{self, Column, Holds};

/// Why a write stored nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another user has the e-mail.
    #[error("e-mail taken")]
    EmailTaken,
    /// Another user has the values of these fields together, which a unique key forbids; no fields
    /// where it cannot be told which ones.
    #[error("a unique key other than the e-mail's")]
    Conflict(Vec<FieldError>),
    /// The columns cannot hold the values of these fields.
    #[error("values that the columns cannot hold")]
    Invalid(Vec<FieldError>),
    /// The database failed, or its table is not as it must be.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What is to be written: columns and their values.
pub(super) type Assignments<'a> = &'a [(Column, Option<&'a str>)];

/// A number to add to the last column that a statement assigns: 0, or one that makes the statement
/// fail if a column has got another value than was sent. Assignments are evaluated from left to
/// right.
pub(super) fn nothing_lost(assignments: Assignments<'_>) -> Sql {
    let equal = assignments.iter().map(|(column, value)| {
        let column = Sql::from(column.utf8());
        let value = value.map(str::as_bytes);
        sql!(":column <=> :value", column = &column, value)
    });
    let equal = Sql::join(" AND ", &equal.collect::<Vec<_>>());
    // A sum out of range is an error in every mode.
    sql!("IF(:equal, 0, 9223372036854775807)", equal = &equal)
}

/// Whether a guarded UPDATE failed although the columns are certain to hold the values.
pub(super) async fn is_groundless(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    error: &Error,
) -> Result<bool, Error> {
    if !error.as_mysql().is_some_and(mysql::Error::is_out_of_range) {
        return Ok(false);
    }
    let columns = columns::read(session).await?;
    Ok(assignments.iter().all(|&(column, value)| {
        let holds = columns.iter().find(|holds| holds.column == column);
        holds.is_some_and(|holds| holds.is_certain_to_hold(value))
    }))
}

/// Finds out why a write failed, with further statements on its connection. `own` is the row that
/// it was to change.
///
/// The server's message is not asked: its words differ with its language, and the values in it are
/// the client's.
pub(super) async fn explain(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
    error: Error,
) -> Refusal {
    let found = match error.as_mysql() {
        Some(mysql) if mysql.is_duplicate() => duplicate(session, assignments, own).await,
        Some(mysql) if mysql.is_unfit() => unfit(session, assignments, error).await,
        _ => return Refusal::Database(error),
    };
    found.unwrap_or_else(Refusal::Database)
}

async fn duplicate(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
) -> Result<Refusal, Error> {
    // Where the server does not commit by itself, the look-up before opened a transaction, which
    // still sees the table as it was then.
    let commit = Statement::new("ending a transaction", "COMMIT");
    session.execute(&commit).await?;
    let find = |column| {
        let mut assignments = assignments.iter().copied();
        assignments.find(|(other, _)| *other == column)
    };
    if let Some(email) = find(Column::Email)
        && is_there(session, &[email], own).await?
    {
        return Ok(Refusal::EmailTaken);
    }
    let mut taken: Vec<Column> = Vec::new();
    let mut is_told = true;
    for key in columns::read_unique_keys(session).await? {
        let values = key.and_then(|key| key.into_iter().map(find).collect::<Option<Vec<_>>>());
        let Some(values) = values else {
            is_told = false;
            continue;
        };
        // Any number of rows may have no value.
        let has_values = values.iter().all(|(_, value)| value.is_some());
        if has_values && is_there(session, &values, own).await? {
            taken.extend(values.into_iter().map(|(column, _)| column));
        }
    }
    if taken.is_empty() && is_told {
        let reason = "the server says that a unique key refuses the row, and no key but that of the \
                      ids can: are they used up?";
        return Err(Error::Schema(reason.to_owned()));
    }
    // Two keys may have a column in common.
    let taken = Column::ALL
        .into_iter()
        .filter(|column| taken.contains(column));
    let taken: Vec<_> = taken.collect();
    let message = "Another user has this already.";
    Ok(Refusal::Conflict(fields(taken, "taken", message)))
}

/// Whether another row has these values, as the columns' collations have it.
async fn is_there(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
) -> Result<bool, Error> {
    let mut conditions: Vec<_> = assignments
        .iter()
        .map(|(column, value)| {
            let column = Sql::from(column.sql());
            sql!(":column = :value", column = &column, value = *value)
        })
        .collect();
    conditions.extend(own.map(|id| sql!("`id` <> :id", id)));
    let select = statement!(
        "finding what a unique key refuses",
        "SELECT 1 FROM `user` WHERE :conditions LIMIT 1",
        conditions = &Sql::join(" AND ", &conditions),
    );
    match session.query(&select, |_| Ok(())).await {
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_incomparable) => Ok(false),
        rows => rows.map(|rows| !rows.is_empty()),
    }
}

async fn unfit(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    error: Error,
) -> Result<Refusal, Error> {
    let columns = columns::read(session).await?;
    let find = |column| columns.iter().find(|holds: &&Holds| holds.column == column);
    let fits: Vec<_> = assignments
        .iter()
        .filter_map(|&(column, value)| Some((find(column)?, value)))
        .collect();
    let mut too_long = Vec::new();
    for (holds, value) in &fits {
        let Some(value) = value.filter(|value| holds.is_too_short_for(value)) else {
            continue;
        };
        if holds.column == Column::Password {
            let reason = columns::narrow_password(holds.length, value.len());
            return Ok(Refusal::Database(Error::Schema(reason)));
        }
        let length = holds.length;
        let message = format!(
            "The database holds at most {length} characters (bytes, if the column is binary)."
        );
        let rule = Violation::new("too_long", message);
        too_long.push(FieldError::new(holds.column.name(), rule));
    }
    if !too_long.is_empty() {
        return Ok(Refusal::Invalid(too_long));
    }
    let required = fits
        .iter()
        .filter(|(holds, value)| holds.is_required(*value));
    let required: Vec<_> = required.map(|(holds, _)| holds.column).collect();
    if !required.is_empty() {
        let message = "This field is required.";
        return Ok(Refusal::Invalid(fields(required, "required", message)));
    }
    let unsupported = unsupported(&fits, &error);
    if unsupported.is_empty() {
        return Ok(Refusal::Database(error));
    }
    let message = "A name has only characters that the database can hold.";
    let fields = fields(unsupported, "unsupported_characters", message);
    Ok(Refusal::Invalid(fields))
}

/// The same broken rule for the field of each column.
fn fields(columns: Vec<Column>, code: &'static str, message: &str) -> Vec<FieldError> {
    let errors = columns
        .into_iter()
        .map(|column| FieldError::new(column.name(), Violation::new(code, message)));
    errors.collect()
}

/// The columns that cannot hold some of their characters: the one that the server names, or else
/// all that it may be.
fn unsupported(fits: &[(&Holds, Option<&str>)], error: &Error) -> Vec<Column> {
    let values = fits
        .iter()
        .filter_map(|(holds, value)| Some((*holds, (*value)?)));
    // The others are ASCII.
    let names = values.filter(|(holds, _)| matches!(holds.column, Column::Name | Column::Username));
    let names: Vec<_> = names.collect();
    let columns = |chosen: &dyn Fn(&Holds, &str) -> bool| -> Vec<Column> {
        let chosen = names.iter().filter(|(holds, value)| chosen(holds, value));
        chosen.map(|(holds, _)| holds.column).collect()
    };
    let told = error.as_mysql().and_then(mysql::Error::unstorable_column);
    if let Some(told) = told {
        return columns(&|holds, _| holds.column.name().eq_ignore_ascii_case(told));
    }
    let likely = columns(&Holds::may_change);
    if likely.is_empty() {
        return columns(&|_, _| true);
    }
    likely
}
