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
use crate::mysql::{self, Sql, Statement};
use crate::validation::{FieldError, Violation};
use crate::{sql, statement};

use super::super::{Error, Session};
use super::columns::{self, Column, Holds};

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

/// Returns whether an UPDATE with [`nothing_lost`] failed without need: the columns are certain to
/// hold the values.
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
    // With `autocommit=0`, an earlier SELECT has opened a transaction, whose snapshot does not show
    // the row in the way.
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
        // A unique key allows any number of NULLs.
        let has_values = values.iter().all(|(_, value)| value.is_some());
        if has_values && is_there(session, &values, own).await? {
            taken.extend(values.into_iter().map(|(column, _)| column));
        }
    }
    if taken.is_empty() && is_told {
        let reason = "the server reports a duplicate entry, which no unique key but the primary \
                      key can have caused: is AUTO_INCREMENT exhausted?";
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

/// Returns whether another row than `own` has these values, by the columns' collations.
async fn is_there(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
) -> Result<bool, Error> {
    let mut conditions: Vec<_> = assignments
        .iter()
        .map(|&(column, value)| column.equals(value))
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
    let message = "The database cannot store some of the characters.";
    let fields = fields(unsupported, "unsupported_characters", message);
    Ok(Refusal::Invalid(fields))
}

/// Returns the same validation error for the field of each column.
fn fields(columns: Vec<Column>, code: &'static str, message: &str) -> Vec<FieldError> {
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
