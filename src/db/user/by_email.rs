//! Rows of `user` by e-mail, in every spelling that is the same address.
//!
//! The unique key decides equality as the column's collation has it, which is neither all nor only
//! what one address is: it may tell cases apart, or take `josé` for `jose`, and it knows nothing of
//! white space or of international domains. So the statement asks for a little more than it must,
//! by ranges of the key, and [`Lookup`] decides on what comes.

use crate::identity::email::Lookup;
use crate::mysql::{self, Sql, Statement};
use crate::{sql, statement};

use super::super::{Error, Session};
use super::row::StoredCredentials;

/// What `email` holds, in characters.
const MOST_CHARACTERS: usize = 255;

/// The credentials of the rows that a condition picks.
macro_rules! select_credentials {
    ($condition:literal) => {
        concat!(
            "SELECT `id`, ",
            utf8!("email"),
            ", ",
            utf8!("password"),
            " FROM `user` WHERE ",
            $condition
        )
    };
}

/// The row that has an e-mail in any of its spellings: of several the one closest to what was
/// typed, then the eldest.
///
/// # Errors
/// [`Error`] of the database.
pub(super) async fn find_closest(
    session: &Session<'_>,
    purpose: &'static str,
    email: &Lookup,
) -> Result<Option<StoredCredentials>, Error> {
    let spellings = email.spellings();
    let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
    let rows = match query(session, &select(purpose, &spellings)).await? {
        Some(rows) => rows,
        None => find_each(session, purpose, &spellings).await?,
    };
    let same = rows.into_iter().filter(|user| email.is(&user.email));
    Ok(same.min_by_key(|user| (email.distance(&user.email), user.id)))
}

/// Asks for each spelling by itself, where the column cannot hold the characters of some: no row
/// has those.
async fn find_each(
    session: &Session<'_>,
    purpose: &'static str,
    spellings: &[&str],
) -> Result<Vec<StoredCredentials>, Error> {
    let mut found = Vec::new();
    for spelling in spellings {
        let rows = query(session, &select(purpose, &[spelling])).await?;
        found.extend(rows.unwrap_or_default());
    }
    Ok(found)
}

/// The rows whose e-mail is equal to one, as the column's collation has it.
///
/// # Errors
/// [`Error`] of the database.
pub(super) async fn find_equal(
    session: &Session<'_>,
    purpose: &'static str,
    email: &str,
) -> Result<Vec<StoredCredentials>, Error> {
    let select = statement!(purpose, select_credentials!("`email` = :email"), email);
    Ok(query(session, &select).await?.unwrap_or_default())
}

/// Runs a statement; none when it holds characters that the column cannot be compared with.
async fn query(
    session: &Session<'_>,
    statement: &Statement,
) -> Result<Option<Vec<StoredCredentials>>, Error> {
    match session.query(statement, StoredCredentials::read).await {
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_incomparable) => Ok(None),
        rows => rows.map(Some),
    }
}

/// Finds each spelling, and those with white space before or after them.
fn select(purpose: &'static str, spellings: &[&str]) -> Statement {
    let any = |part: fn(&str) -> Sql| {
        let parts: Vec<_> = spellings.iter().copied().map(part).collect();
        Sql::join(" OR ", &parts)
    };
    statement!(
        purpose,
        select_credentials!(
            "`email` IN (:spellings)
             OR (((`email` < :exclamation_mark AND `email` < :underscore) OR :go_on)
                 AND (:hold_one))"
        ),
        spellings = &Sql::list(spellings.iter().copied()),
        // What begins with white space comes before all others.
        exclamation_mark = "!",
        underscore = "_",
        go_on = &any(goes_on_with_white_space),
        hold_one = &any(|spelling| sql!("LOCATE(:spelling, `email`)", spelling)),
    )
}

/// A range of the key that has all e-mails that go on with ASCII white space after a prefix, and next
/// to no others. (`LIKE` would miss some: in the `_bin` collations that pad with spaces, its range
/// begins after a tab.)
///
/// It begins with U+0001, which comes before white space, except where a collation ignores it: then
/// with more tabs than fit into the column, since those that pad with spaces put them before fewer.
/// It ends with the character after the space: `!`, or `_` in collations of the UCA.
fn goes_on_with_white_space(prefix: &str) -> Sql {
    sql!(
        "((`email` >= :control OR `email` >= :tabs)
          AND `email` < :exclamation_mark AND `email` < :underscore)",
        control = &format!("{prefix}\u{1}"),
        tabs = &format!("{prefix}{}", "\t".repeat(MOST_CHARACTERS)),
        exclamation_mark = &format!("{prefix}!"),
        underscore = &format!("{prefix}_"),
    )
}
