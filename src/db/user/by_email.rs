//! Statements that find rows of `user` by e-mail, in every spelling of the same address.
//!
//! The column's collation decides which e-mails are equal, and its idea differs from that of
//! [`Lookup`]: it may be case-sensitive, or hold `josé` and `jose` to be equal, and it ignores
//! neither white space nor the form of an international domain. So the statement selects a few rows
//! too many, by ranges of the key, and [`Lookup`] picks from them.

use crate::identity::email::Lookup;
use crate::mysql::{self, Sql, Statement};
use crate::{sql, statement};

use super::super::{Error, Session};
use super::row::StoredCredentials;

/// The length of the `email` column, in characters.
const MOST_CHARACTERS: usize = 255;

/// SQL that selects the credentials of the rows that match a condition.
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

/// Finds the row that has an e-mail in any of its spellings. Of several rows, it is the one closest
/// to what was typed, then the one with the least id.
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

/// Runs a statement for each spelling, for a column that cannot be compared with the characters of
/// some spellings. No row can hold those.
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

/// Finds the rows whose e-mail is equal to one, by the column's collation.
pub(super) async fn find_equal(
    session: &Session<'_>,
    purpose: &'static str,
    email: &str,
) -> Result<Vec<StoredCredentials>, Error> {
    let select = statement!(purpose, select_credentials!("`email` = :email"), email);
    Ok(query(session, &select).await?.unwrap_or_default())
}

/// Runs a statement; `None` if it holds characters that the column cannot be compared with.
async fn query(
    session: &Session<'_>,
    statement: &Statement,
) -> Result<Option<Vec<StoredCredentials>>, Error> {
    match session.query(statement, StoredCredentials::read).await {
        Err(error) if error.as_mysql().is_some_and(mysql::Error::is_incomparable) => Ok(None),
        rows => rows.map(Some),
    }
}

/// Builds the statement that selects each spelling, with and without white space around it.
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
        // E-mails that begin with white space sort before all others.
        exclamation_mark = "!",
        underscore = "_",
        go_on = &any(goes_on_with_white_space),
        hold_one = &any(|spelling| sql!("LOCATE(:spelling, `email`)", spelling)),
    )
}

/// Builds the condition for a range of the key that contains all e-mails in which ASCII white space
/// follows a prefix, and hardly any others. (`LIKE` would miss some: in a `_bin` collation with PAD
/// SPACE, its range begins after a tab.)
///
/// The range begins at the prefix and U+0001, which sorts before white space. For collations that
/// ignore U+0001 there is another bound, the prefix and more tabs than fit into the column: with
/// PAD SPACE, more tabs sort before fewer. The range ends at the character that sorts after the
/// space: `!`, or `_` in UCA collations.
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
