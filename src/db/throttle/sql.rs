//! The statements on `gatehouse_login_throttle`, with names in braces where a value goes or, in
//! capitals, one of [`PARTS`].
//!
//! Every assignment reads the row as it was before: on MariaDB it depends on the `sql_mode`
//! (`SIMULTANEOUS_ASSIGNMENT`, and so `ORACLE`) whether it could see what an earlier one has
//! assigned. So all that decides is in the one column `budgets`.

use crate::mysql::{Statement, Value};

/// Takes a unit from the budgets of an account, or says how long none is left.
///
/// `LAST_INSERT_ID(expr)` both gives the decision where it is needed and carries it to the OK
/// packet, which needs no second statement and, unlike the number of affected rows, depends on no
/// capability of a pool's connection. [`super::Decision::read`] reads it.
///
/// A known network waits for its own budget alone. Any other waits for the strangers' budget too:
/// until half of it is there, or until there are a unit of it and one of the network's reserve.
pub(super) const TAKE: &str = "
INSERT INTO `gatehouse_login_throttle` (`account`, `budgets`, `known`, `expires_on`, `clock`)
VALUES (
  {account},
  IF(
    LAST_INSERT_ID(2),
    CONCAT(
      LPAD({NOW} + {strangers_interval}, 10, '0'),
      {network},
      LPAD({NOW} + {network_interval}, 10, '0'),
      LPAD({NOW}, 10, '0')
    ),
    NULL
  ),
  X'',
  ({NOW} + {memory}) DIV 86400,
  {NOW}
)
ON DUPLICATE KEY UPDATE
  `budgets` = IF(
    LAST_INSERT_ID(
      2 * (1 + GREATEST(
        0,
        {OWN} - {NOW} - {network_limit},
        IF({IS_KNOWN}, 0, LEAST(
          {STRANGERS} - {NOW} - {open_limit},
          GREATEST(
            {STRANGERS} - {NOW} - {strangers_limit},
            {RESERVE} - {NOW} - {reserve_limit}
          )
        ))
      )) - IF({IS_KNOWN}, 1, 0)
    ) <= 2,
    LEFT(
      CONCAT(
        LPAD(GREATEST({STRANGERS}, {NOW}) + IF({IS_KNOWN}, 0, {strangers_interval}), 10, '0'),
        {network},
        LPAD(GREATEST({OWN}, {NOW}) + {network_interval}, 10, '0'),
        LPAD(GREATEST({RESERVE}, {NOW}) + IF({IS_OPEN} OR {IS_KNOWN}, 0, 86400), 10, '0'),
        IF({IS_BELIEVED}, {OTHER_NETWORKS}, X'')
      ),
      {most_bytes}
    ),
    `budgets`
  ),
  `expires_on` = GREATEST(IF({IS_BELIEVED}, `expires_on`, 0), ({NOW} + {memory}) DIV 86400),
  `clock` = IF({IS_BELIEVED}, GREATEST(`clock`, {NOW}), {NOW})";

/// Gives back what a right password has taken, and makes its network a known one.
pub(super) const SUCCEED: &str = "
UPDATE `gatehouse_login_throttle` SET
  `budgets` = CONCAT(
    LPAD(GREATEST(CAST(LEFT(`budgets`, 10) AS SIGNED) - {given_back}, 0), 10, '0'),
    {OTHER_NETWORKS}
  ),
  `known` = LEFT(CONCAT({network}, LPAD({NOW}, 10, '0'), {OTHER_KNOWN}), {most_bytes}),
  `expires_on` = ({NOW} + {known_for}) DIV 86400
WHERE `account` = {account}";

/// Deletes rows in which nothing matters any more, some at a time.
pub(super) const PURGE: &str =
    "DELETE FROM `gatehouse_login_throttle` WHERE `expires_on` < {NOW} DIV 86400 LIMIT 500";

/// What the statements say more than once.
///
/// A network's hash could also be found across the border of two entries, but that is no likelier
/// than that two hashes are the same.
const PARTS: [(&str, &str); 9] = [
    // Not UNIX_TIMESTAMP(NOW()): the session's time zone may have an hour that happens twice.
    (
        "NOW",
        "TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())",
    ),
    // What a clock wrote that was far ahead is forgotten.
    ("IS_BELIEVED", "`clock` <= {NOW} + {tolerance}"),
    // When the strangers' budget is full.
    (
        "STRANGERS",
        "IF({IS_BELIEVED}, CAST(LEFT(`budgets`, 10) AS SIGNED), 0)",
    ),
    // When the network's own budget is full, and when its part of the reserve is.
    (
        "OWN",
        "IF({IS_BELIEVED} AND LOCATE({network}, `budgets`),
         CAST(SUBSTR(`budgets`, LOCATE({network}, `budgets`) + 8, 10) AS SIGNED), 0)",
    ),
    (
        "RESERVE",
        "IF({IS_BELIEVED} AND LOCATE({network}, `budgets`),
         CAST(SUBSTR(`budgets`, LOCATE({network}, `budgets`) + 18, 10) AS SIGNED), 0)",
    ),
    // Whether the strangers' budget can be used without the reserve.
    ("IS_OPEN", "{STRANGERS} <= {NOW} + {open_limit}"),
    // Whether the network has logged in lately.
    (
        "IS_KNOWN",
        "IF(LOCATE({network}, `known`),
         CAST(SUBSTR(`known`, LOCATE({network}, `known`) + 8, 10) AS SIGNED), 0)
         > {NOW} - {known_for}",
    ),
    // The lists without the network's entry. INSERT() changes nothing at position 0.
    (
        "OTHER_NETWORKS",
        "INSERT(SUBSTR(`budgets`, 11), LOCATE({network}, SUBSTR(`budgets`, 11)), 28, X'')",
    ),
    (
        "OTHER_KNOWN",
        "INSERT(`known`, LOCATE({network}, `known`), 18, X'')",
    ),
];

/// Puts values and parts in the places of their names.
pub(super) fn statement(sql: &'static str, values: &[(&str, Value<'_>)]) -> Statement {
    fill(Statement::new(""), sql, values)
}

fn fill(mut statement: Statement, sql: &'static str, values: &[(&str, Value<'_>)]) -> Statement {
    let mut rest = sql;
    while let Some((text, name, after)) = next_name(rest) {
        statement = statement.sql(text);
        let value = values.iter().find(|(other, _)| *other == name);
        let part = PARTS.iter().find(|(other, _)| *other == name);
        statement = match (value, part) {
            (Some((_, value)), _) => statement.value(*value),
            (None, Some((_, part))) => fill(statement, part, values),
            // No SQL, and the server says so.
            (None, None) => statement.sql("{").sql(name).sql("}"),
        };
        rest = after;
    }
    statement.sql(rest)
}

/// The text up to the next name in braces, the name, and the text after it.
fn next_name(sql: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (text, marked) = sql.split_once('{')?;
    let (name, after) = marked.split_once('}')?;
    Some((text, name, after))
}
