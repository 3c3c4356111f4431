//! The SQL of the statements on `gatehouse_login_throttle`.
//!
//! No assignment reads a column that an earlier one in the same statement has changed: whether it
//! would see the new value depends on MariaDB's `sql_mode` (`SIMULTANEOUS_ASSIGNMENT`, part of
//! `ORACLE`). So all budgets are in one column, and the decision is made in its assignment.

use crate::mysql::Sql;
use crate::sql;

use super::Source;
use super::limits::{KNOWN_FOR, TOLERANCE};

/// Takes a unit from the budgets of an account, or returns how long to wait for one.
///
/// `LAST_INSERT_ID(expr)` returns the decision where the statement needs it and also puts it into
/// the OK packet, without a second statement. The number of affected rows would not do: its meaning
/// depends on a capability (`CLIENT_FOUND_ROWS`) that the pool chose for its connection.
/// [`super::Decision::read`] decodes the decision.
///
/// A known network waits for its own budget only. An unknown one also waits until half of the
/// strangers' budget is left, or until a unit of it and a unit of the network's reserve are.
pub(super) const TAKE: &str = "
INSERT INTO `gatehouse_login_throttle` (`account`, `budgets`, `known`, `expires_on`, `clock`)
VALUES (
  :account,
  IF(
    LAST_INSERT_ID(2),
    CONCAT(
      LPAD(:now + :strangers_interval, 10, '0'),
      :network,
      LPAD(:now + :network_interval, 10, '0'),
      LPAD(:now, 10, '0')
    ),
    NULL
  ),
  X'',
  (:now + :memory) DIV 86400,
  :now
)
ON DUPLICATE KEY UPDATE
  `budgets` = IF(
    LAST_INSERT_ID(
      2 * (1 + GREATEST(
        0,
        :own - :now - :network_limit,
        IF(:is_known, 0, LEAST(
          :strangers - :now - :open_limit,
          GREATEST(
            :strangers - :now - :strangers_limit,
            :reserve - :now - :reserve_limit
          )
        ))
      )) - IF(:is_known, 1, 0)
    ) <= 2,
    LEFT(
      CONCAT(
        LPAD(GREATEST(:strangers, :now) + IF(:is_known, 0, :strangers_interval), 10, '0'),
        :network,
        LPAD(GREATEST(:own, :now) + :network_interval, 10, '0'),
        LPAD(GREATEST(:reserve, :now) + IF(:strangers <= :now + :open_limit OR :is_known, 0, 86400), 10, '0'),
        IF(:is_believed, :other_networks, X'')
      ),
      :most_bytes
    ),
    `budgets`
  ),
  `expires_on` = GREATEST(IF(:is_believed, `expires_on`, 0), (:now + :memory) DIV 86400),
  `clock` = IF(:is_believed, GREATEST(`clock`, :now), :now)";

/// Gives back what a login with the right password took, unless that is done, and makes its network
/// known.
///
/// `LAST_INSERT_ID(1)` tells that there was a row. The number of affected rows would not do here
/// either: without `CLIENT_FOUND_ROWS` it is 0 too where the row has all the values already.
pub(super) const SUCCEED: &str = "
UPDATE `gatehouse_login_throttle` SET
  `budgets` = IF(
    :is_done,
    `budgets`,
    CONCAT(
      LPAD(GREATEST(CAST(LEFT(`budgets`, 10) AS SIGNED) - :given_back, 0), 10, '0'),
      :other_networks
    )
  ),
  `known` = LEFT(CONCAT(:network, LPAD(:now, 10, '0'), :other_known), :most_bytes),
  `expires_on` = IF(LAST_INSERT_ID(1), (:now + :known_for) DIV 86400, NULL)
WHERE `account` = :account";

/// Makes a network known, in the last place: it pushes out none.
pub(super) const KNOW: &str = "
UPDATE `gatehouse_login_throttle` SET
  `known` = IF(
    LOCATE(:network, `known`),
    INSERT(`known`, LOCATE(:network, `known`) + 8, 10, LPAD(:now, 10, '0')),
    LEFT(CONCAT(`known`, :network, LPAD(:now, 10, '0')), :most_bytes)
  ),
  `expires_on` = GREATEST(`expires_on`, (:now + :known_for) DIV 86400)
WHERE `account` = :account";

/// Deletes expired rows, at most 500 at a time.
pub(super) const PURGE: &str =
    "DELETE FROM `gatehouse_login_throttle` WHERE `expires_on` < :now DIV 86400 LIMIT 500";

/// The database's time, in seconds since 1970-01-01 UTC. Not `UNIX_TIMESTAMP(NOW())`, which is
/// ambiguous in the hour that is repeated when summer time ends in the session's time zone.
pub(super) const NOW: &str = "TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())";

/// Expressions that the statements share, about a row and one source.
///
/// `LOCATE` could also find a network's hash across the boundary of two entries, but that is no
/// more likely than two networks having the same hash.
pub(super) struct Terms {
    pub(super) now: Sql,
    /// True unless `clock` is too far in the future; the row's budgets are ignored then.
    pub(super) is_believed: Sql,
    /// The time at which the strangers' budget is full.
    pub(super) strangers: Sql,
    /// The time at which the network's own budget is full.
    pub(super) own: Sql,
    /// The time at which the network's reserve is full.
    pub(super) reserve: Sql,
    /// True if the network was made known to the account within [`KNOWN_FOR`], and for a device.
    pub(super) is_known: Sql,
    /// The entries of the other networks in `budgets`. (If `LOCATE` finds nothing, it returns 0,
    /// and `INSERT` at position 0 returns the string unchanged.)
    pub(super) other_networks: Sql,
    /// The entries of the other networks in `known`.
    pub(super) other_known: Sql,
}

impl Terms {
    pub(super) fn of(source: Source) -> Self {
        let network = source.as_bytes();
        let now = Sql::from(NOW);
        let is_believed = sql!(
            "`clock` <= :now + :tolerance",
            now = &now,
            tolerance = TOLERANCE
        );
        let of_entry = |place: u64| {
            sql!(
                "IF(:is_believed AND LOCATE(:network, `budgets`),
                    CAST(SUBSTR(`budgets`, LOCATE(:network, `budgets`) + :place, 10) AS SIGNED), 0)",
                is_believed = &is_believed,
                network,
                place,
            )
        };
        Self {
            strangers: sql!(
                "IF(:is_believed, CAST(LEFT(`budgets`, 10) AS SIGNED), 0)",
                is_believed = &is_believed,
            ),
            own: of_entry(8),
            reserve: of_entry(18),
            is_known: match source {
                Source::Device(_) => Sql::from("TRUE"),
                Source::Network(_) => sql!(
                    "IF(LOCATE(:network, `known`),
                        CAST(SUBSTR(`known`, LOCATE(:network, `known`) + 8, 10) AS SIGNED), 0)
                     > :now - :known_for",
                    network,
                    now = &now,
                    known_for = KNOWN_FOR,
                ),
            },
            other_networks: sql!(
                "INSERT(SUBSTR(`budgets`, 11), LOCATE(:network, SUBSTR(`budgets`, 11)), 28, X'')",
                network,
            ),
            other_known: sql!(
                "INSERT(`known`, LOCATE(:network, `known`), 18, X'')",
                network
            ),
            now,
            is_believed,
        }
    }
}
