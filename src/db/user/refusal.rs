//! The guard that makes a write to `user` store exactly what was sent or nothing, and the reasons
//! for which a write stores nothing.
//!
//! Without strict SQL mode, a server silently truncates a value that is too long and stores `?` for
//! a character that the column's character set lacks. So each statement compares, column by column,
//! the value that it has just assigned with the value that was sent, and fails if they differ.
//!
//! In an UPDATE, TiDB and MariaDB's mode `SIMULTANEOUS_ASSIGNMENT` compare the old values of the
//! columns instead, so that the UPDATE fails without need. It is then run again without the
//! comparison, if the columns are certain to hold the values.

use crate::identity::user_id::UserId;
use crate::mysql::{self, Affected, Sql, Statement};
use crate::sql;
use crate::validation::{FieldError, Violation};

use super::super::retry::Step;
use super::super::{Error, Session};
use super::columns::{self, Column, Holds};
use super::duplicate;

/// The reason why a write failed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another user has the e-mail.
    #[error("e-mail taken")]
    EmailTaken,
    /// A unique key other than the e-mail's refused the row: another user has the same values in
    /// these fields. Empty if the fields are not known.
    #[error("a unique key other than the e-mail's")]
    Conflict(Vec<FieldError>),
    /// The columns cannot hold the values of these fields.
    #[error("values that the columns cannot hold")]
    Invalid(Vec<FieldError>),
    /// The database failed, or the `user` table lacks something that is needed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// The columns to write, with their values.
pub(super) type Assignments<'a> = &'a [(Column, Option<&'a str>)];

/// Returns a term to add to the last column that a statement assigns: 0 if every column holds the
/// value that was sent, otherwise a number that makes the statement fail. Relies on assignments
/// being evaluated from left to right.
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

/// Writes columns of a user with the guard, and once more without it if it failed without need.
/// `update` makes the statement with a term to add to `updated_at`, the last column that it assigns:
/// the guard, or 0. `id` is the user, for the search for the cause of a failure.
///
/// # Errors
/// [`Refusal`]; after [`Refusal::Database`] the columns may have been written nevertheless.
pub(super) async fn write_guarded(
    session: &Session<'_>,
    id: UserId,
    assignments: Assignments<'_>,
    step: Step,
    update: impl Fn(&Sql) -> Statement,
) -> Result<Affected, Refusal> {
    let statement = update(&nothing_lost(assignments));
    let mut done = session.change(&statement, step).await;
    if let Err(error) = &done
        && is_groundless(session, assignments, error).await?
    {
        let statement = update(&Sql::from("0"));
        done = session.change(&statement, step).await;
    }
    match done {
        Ok(done) => Ok(done),
        Err(error) => Err(explain(session, assignments, Some(id), error).await),
    }
}

/// Returns whether an UPDATE with [`nothing_lost`] failed without need: the columns are certain to
/// hold the values.
async fn is_groundless(
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

/// Finds out why a write failed, with further statements on the same connection. `own` is the id of
/// the row to change.
///
/// The server's message is not parsed: it depends on the server's language, and quotes values that
/// the client chose.
pub(super) async fn explain(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
    error: Error,
) -> Refusal {
    let found = match error.as_mysql() {
        Some(mysql) if mysql.is_duplicate() => duplicate::explain(session, assignments, own).await,
        Some(mysql) if mysql.is_unfit() => unfit(session, assignments, error).await,
        _ => return Refusal::Database(error),
    };
    found.unwrap_or_else(Refusal::Database)
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
    let message = "The database cannot store some of the characters.";
    let fields = fields(unsupported, "unsupported_characters", message);
    Ok(Refusal::Invalid(fields))
}

/// Returns the same validation error for the field of each column.
pub(super) fn fields(columns: Vec<Column>, code: &'static str, message: &str) -> Vec<FieldError> {
    let errors = columns
        .into_iter()
        .map(|column| FieldError::new(column.name(), Violation::new(code, message)));
    errors.collect()
}

/// Returns the columns that cannot store some characters of their values: the one that the server
/// names, or otherwise every candidate.
fn unsupported(fits: &[(&Holds, Option<&str>)], error: &Error) -> Vec<Column> {
    let values = fits
        .iter()
        .filter_map(|(holds, value)| Some((*holds, (*value)?)));
    // E-mails and hashes are ASCII.
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
