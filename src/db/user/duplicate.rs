//! The reason why a unique key refused a write to `user`.

use crate::identity::user_id::UserId;
use crate::mysql::{self, Sql, Statement};
use crate::{sql, statement};

use super::super::session::LAG_PAUSES;
use super::super::{Error, Session};
use super::columns::{self, Column};
use super::refusal::{Assignments, Refusal, fields};

/// Finds the row in the way.
pub(super) async fn explain(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
) -> Result<Refusal, Error> {
    // With `autocommit=0`, an earlier SELECT has opened a transaction, whose snapshot does not show
    // the row in the way.
    let commit = Statement::new("ending a transaction", "COMMIT");
    session.execute(&commit).await?;
    let mut pauses = LAG_PAUSES.into_iter();
    loop {
        if let Some(refusal) = find(session, assignments, own).await? {
            return Ok(refusal);
        }
        let Some(pause) = pauses.next() else {
            let reason = "the server reports a duplicate entry, which no unique key but the \
                          primary key can have caused: is AUTO_INCREMENT exhausted?";
            return Err(Error::Schema(reason.to_owned()));
        };
        session.wait(pause).await;
    }
}

/// Looks for the row in the way; returns `None` if no unique key has refused the write.
async fn find(
    session: &Session<'_>,
    assignments: Assignments<'_>,
    own: Option<UserId>,
) -> Result<Option<Refusal>, Error> {
    let find = |column| {
        let mut assignments = assignments.iter().copied();
        assignments.find(|(other, _)| *other == column)
    };
    if let Some(email) = find(Column::Email)
        && is_there(session, &[email], own).await?
    {
        return Ok(Some(Refusal::EmailTaken));
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
        return Ok(None);
    }
    // Two keys may have a column in common.
    let taken = Column::ALL
        .into_iter()
        .filter(|column| taken.contains(column));
    let taken: Vec<_> = taken.collect();
    let message = "Another user has this already.";
    Ok(Some(Refusal::Conflict(fields(taken, "taken", message))))
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
