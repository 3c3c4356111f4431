//! The SQL that Gatehouse may send: what `MariaDB`, `MySQL`, Aurora, `TiDB` and Vitess all take.
//!
//! Every statement of an app under test goes through [`refuse`], which knows nothing but these lists.
//! Only what an app sends straight to the database ([`super::Reaches::Database`]) does not.
//!
//! Whatever is not listed is refused: user and system variables, `SET`, hints but for `FORCE INDEX`,
//! comments, joins but in the UPDATE and the DELETE of several tables, subqueries but for `EXISTS` and
//! `INSERT ... SELECT`, locking reads but for `INSERT ... SELECT ... FOR UPDATE`, `RETURNING`, common
//! table expressions, window functions. Aurora `MySQL` runs `MySQL`'s own parser. For the two that have
//! their own, this was read in November 2026:
//!
//! * `TiDB`: all functions are in `pkg/parser/ast/functions.go` at 0324060d.
//! * Vitess: the parser takes all of it since v15 (`INSERT()` is pull request 10593), and
//!   `LAST_INSERT_ID(expr)` is passed on from v22 (`changelog/22.0/22.0.0/summary.md`, 17408), where
//!   v16 to v21 refuse it (issue 13020). It takes an UPDATE and a DELETE of several tables since v20
//!   (`changelog/20.0/20.0.0/summary.md`). On a table with several shards, `DELETE ... LIMIT` needs v20
//!   (14959), and no version takes an assignment to a user variable.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

const FUNCTIONS: [&str; 18] = [
    "CAST",
    "CONCAT",
    "CONVERT",
    "DATABASE",
    "EXISTS",
    "FROM_UNIXTIME",
    "GREATEST",
    "IF",
    "INSERT",
    "LAST_INSERT_ID",
    "LEAST",
    "LEFT",
    "LOCATE",
    "LPAD",
    "SUBSTR",
    "TIMESTAMPDIFF",
    "UNIX_TIMESTAMP",
    "UTC_TIMESTAMP",
];

const STATEMENTS: [&str; 5] = ["COMMIT", "DELETE", "INSERT", "SELECT", "UPDATE"];

/// Words that are neither a function nor the beginning of a statement. Those of the last three lines
/// are tables and columns of `information_schema`; others are in backticks.
#[rustfmt::skip]
const WORDS: [&str; 46] = [
    "AND", "AS", "BY", "DESC", "DIV", "DUPLICATE", "FALSE", "FOR", "FORCE", "FROM", "IN", "INDEX",
    "INTO", "JOIN", "KEY", "LEFT", "LIMIT", "NULL",
    "ON", "OR", "ORDER", "SET", "TRUE", "UPDATE", "USING", "VALUES", "WHERE",
    "BINARY", "SECOND", "SIGNED", "UTF8MB4", "_UTF8MB4",
    "CHARACTER_MAXIMUM_LENGTH", "CHARACTER_SET_NAME", "COLUMN_NAME", "COLUMNS", "DATA_TYPE", "INDEX_NAME",
    "INFORMATION_SCHEMA", "IS_NULLABLE", "NON_UNIQUE", "SEQ_IN_INDEX", "STATISTICS", "SUB_PART", "TABLE_NAME",
    "TABLE_SCHEMA",
];

#[rustfmt::skip]
const SYMBOLS: [&str; 15] = [
    "?", "(", ")", ",", ".", "+", "-", "*", "=", "<", "<=", "<>", "<=>", ">", ">=",
];

/// What was refused in this process, since that may be after an answer, where no client sees it.
static REFUSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Refuses a statement that has anything which is not listed, by its shape, and makes the tests fail.
pub(crate) fn refuse(sql: &str, shape: &str) -> Option<String> {
    let refused = objection(sql, shape)?;
    let mut all = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.contains(&refused) {
        all.push(refused.clone());
        // Past the capture of the test harness.
        writeln!(std::io::stderr(), "{refused}").expect("standard error");
    }
    Some(refused)
}

/// Fails if anything was refused so far.
#[track_caller]
pub(crate) fn assert_nothing_was_refused() {
    let all = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Tells what in a statement is not listed.
pub(crate) fn objection(sql: &str, shape: &str) -> Option<String> {
    let what = objectionable(sql, shape)?;
    Some(format!(
        "not every database is known to take {what} (tests/api/support/dialect.rs): {shape}"
    ))
}

fn objectionable(sql: &str, shape: &str) -> Option<String> {
    // A shape has no comments. A literal with such a text would be refused too: none is sent as text.
    if let Some(comment) = ["/*", "--", "#"]
        .into_iter()
        .find(|mark| sql.contains(mark))
    {
        return Some(comment.to_owned());
    }
    let tokens: Vec<_> = shape.split(' ').collect();
    let words: Vec<_> = tokens.iter().map(|token| token.to_uppercase()).collect();
    let is = |place: usize, list: &[&str]| {
        let word = words.get(place);
        word.is_some_and(|word| list.contains(&word.as_str()))
    };
    let is_listed = |place: usize| {
        if place == 0 {
            return is(place, &STATEMENTS);
        }
        // A subquery is taken in `EXISTS (SELECT ...)` and in `INSERT ... SELECT` alone.
        if words[place] == "SELECT" {
            let is_of_insert = words[0] == "INSERT" && is(place - 1, &[")"]);
            return is_of_insert
                || (is(place - 1, &["("]) && place > 1 && is(place - 2, &["EXISTS"]));
        }
        if words[place] == "FOR" {
            return words[0] == "INSERT" && is(place + 1, &["UPDATE"]);
        }
        // `LEFT` is also a function.
        let is_join =
            words[place] == "JOIN" || (words[place] == "LEFT" && is(place + 1, &["JOIN"]));
        if is_join && !is(0, &["DELETE", "UPDATE"]) {
            return false;
        }
        // Of several tables, no word would tell.
        let is_list_of_tables =
            is(place, &[","]) && (2..=4).any(|back| is_from(&words, place, back));
        let is_called = is(place + 1, &["("]) && is(place, &FUNCTIONS);
        let is_name = words[place].starts_with('`');
        !is_list_of_tables && (is_called || is_name || is(place, &WORDS) || is(place, &SYMBOLS))
    };
    let first = (0..tokens.len()).find(|place| !is_listed(*place))?;
    Some(tokens[first].to_owned())
}

/// Whether a table is named after what is so many tokens before a place.
fn is_from(words: &[String], place: usize, back: usize) -> bool {
    let Some(before) = place.checked_sub(back) else {
        return false;
    };
    words[before] == "FROM" || (before == 0 && words[before] == "UPDATE")
}
