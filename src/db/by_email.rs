//! Rows of `user` by e-mail, in every spelling that is the same address.
//!
//! The unique key decides equality as the column's collation has it, which is neither all nor only
//! what one address is: it may tell cases apart, or take `josé` for `jose`, and it knows nothing of
//! white space or of international domains. So the statement asks for a little more than it must,
//! by ranges of the key, and [`Lookup`] decides on what comes.

use crate::email::Lookup;
use crate::mysql::{self, Row, Statement};

use super::users::Credentials;
use super::{Error, Query, failed};

/// Every row that has an e-mail in any of its spellings, the one closest to what was typed first,
/// then the eldest.
///
/// # Errors
/// [`Error`] of the database.
pub(super) async fn find_all(
    mut on: impl Query,
    doing: &'static str,
    email: &Lookup,
) -> Result<Vec<Credentials>, Error> {
    let spellings = email.spellings();
    let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
    let mut rows = on.query(doing, &select(&spellings)).await;
    if is_incomparable(&rows) {
        // Some spellings hold characters that the column cannot, so no row has them. Ask for each by
        // itself.
        let mut held = Vec::new();
        for spelling in spellings {
            let rows = on.query(doing, &select(&[spelling])).await;
            if !is_incomparable(&rows) {
                held.extend(rows?);
            }
        }
        rows = Ok(held);
    }
    let mut found: Vec<Credentials> = Vec::new();
    for row in &rows? {
        let user = credentials(row).map_err(failed(doing))?;
        if email.is(&user.email) && found.iter().all(|other| other.id != user.id) {
            found.push(user);
        }
    }
    found.sort_by_key(|user| (email.distance(&user.email), user.id));
    Ok(found)
}

/// The rows whose e-mail is equal to one, as the column's collation has it.
///
/// # Errors
/// [`Error`] of the database.
pub(super) async fn find_equal(
    mut on: impl Query,
    doing: &'static str,
    email: &str,
) -> Result<Vec<Credentials>, Error> {
    let statement = Statement::new(SELECT).sql("`email` = ").value(email);
    let rows = on.query(doing, &statement).await;
    if is_incomparable(&rows) {
        return Ok(Vec::new());
    }
    let found = rows?.iter().map(credentials).collect::<Result<_, _>>();
    found.map_err(failed(doing))
}

/// What `email` holds.
const MOST_CHARACTERS: usize = 255;

const SELECT: &str = concat!(
    "SELECT `id`, ",
    utf8!("password"),
    ", ",
    utf8!("email"),
    " FROM `user` WHERE "
);

/// Finds each spelling, and those with white space before or after them.
fn select(spellings: &[&str]) -> Statement {
    let mut statement = Statement::new(SELECT).sql("`email` IN (");
    for (separator, spelling) in separated(", ", spellings) {
        statement = statement.sql(separator).value(*spelling);
    }
    // What begins with white space comes before all others.
    statement = statement.sql(") OR (((`email` < ").value("!");
    statement = statement.sql(" AND `email` < ").value("_").sql(")");
    for spelling in spellings {
        statement = begins_with_and_white_space(statement.sql(" OR "), spelling);
    }
    statement = statement.sql(") AND (");
    for (separator, spelling) in separated(" OR ", spellings) {
        let condition = statement.sql(separator).sql("LOCATE(").value(*spelling);
        statement = condition.sql(", `email`)");
    }
    statement.sql("))")
}

/// A range of the key that has all e-mails that go on with ASCII white space after a prefix, and next
/// to no others. (`LIKE` would miss some: in the `_bin` collations that pad with spaces, its range
/// begins after a tab.)
///
/// It begins with U+0001, which comes before white space, except where a collation ignores it: then
/// with more tabs than fit into the column, since those that pad with spaces put them before fewer.
/// It ends with the character after the space: `!`, or `_` in collations of the UCA.
fn begins_with_and_white_space(statement: Statement, prefix: &str) -> Statement {
    statement
        .sql("((`email` >= ")
        .value(&*format!("{prefix}\u{1}"))
        .sql(" OR `email` >= ")
        .value(&*format!("{prefix}{}", "\t".repeat(MOST_CHARACTERS)))
        .sql(") AND `email` < ")
        .value(&*format!("{prefix}!"))
        .sql(" AND `email` < ")
        .value(&*format!("{prefix}_"))
        .sql(")")
}

/// Each value with what stands before it.
fn separated<'a, T>(
    separator: &'static str,
    values: &'a [T],
) -> impl Iterator<Item = (&'static str, &'a T)> {
    let separators = std::iter::once("").chain(std::iter::repeat(separator));
    separators.zip(values)
}

fn is_incomparable<T>(result: &Result<T, Error>) -> bool {
    let error = result.as_ref().err().and_then(Error::as_mysql);
    error.is_some_and(mysql::Error::is_incomparable)
}

fn credentials(row: &Row) -> Result<Credentials, mysql::Error> {
    Ok(Credentials {
        id: super::users::id(row)?,
        email: row.text(2)?.unwrap_or_default(),
        password: row.text(1)?,
    })
}
