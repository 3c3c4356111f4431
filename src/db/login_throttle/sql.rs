//! The SQL of the statements on `gatehouse_login_throttle`.
//!
//! Every assignment reads the row as it was before: on MariaDB it depends on the `sql_mode`
//! (`SIMULTANEOUS_ASSIGNMENT`, and so `ORACLE`) whether it could see what an earlier one has
//! assigned. So all that decides is in the one column `budgets`.

use crate::identity::pseudonym::NetworkPseudonym;
use crate::mysql::Sql;
use crate::sql;

use super::limits::{KNOWN_FOR, TOLERANCE};

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

/// Gives back what a right password has taken, and makes its network a known one.
pub(super) const SUCCEED: &str = "
UPDATE `gatehouse_login_throttle` SET
  `budgets` = CONCAT(
    LPAD(GREATEST(CAST(LEFT(`budgets`, 10) AS SIGNED) - :given_back, 0), 10, '0'),
    :other_networks
  ),
  `known` = LEFT(CONCAT(:network, LPAD(:now, 10, '0'), :other_known), :most_bytes),
  `expires_on` = (:now + :known_for) DIV 86400
WHERE `account` = :account";

/// Deletes rows in which nothing matters any more, some at a time.
pub(super) const PURGE: &str =
    "DELETE FROM `gatehouse_login_throttle` WHERE `expires_on` < :now DIV 86400 LIMIT 500";

/// The time of the database, in seconds since 1970-01-01 UTC. Not `UNIX_TIMESTAMP(NOW())`: the
/// session's time zone may have an hour that happens twice.
pub(super) const NOW: &str = "TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())";

/// What the statements say more than once of a row, in the eyes of one network.
///
/// A network's hash could also be found across the border of two entries, but that is no likelier
/// than that two hashes are the same.
pub(super) struct Terms {
    pub(super) now: Sql,
    /// Whether the row's clock can be true: what a clock wrote that was far ahead is forgotten.
    pub(super) is_believed: Sql,
    /// When the strangers' budget is full.
    pub(super) strangers: Sql,
    /// When the network's own budget is full.
    pub(super) own: Sql,
    /// When the network's part of the reserve is full.
    pub(super) reserve: Sql,
    /// Whether the network has logged in lately.
    pub(super) is_known: Sql,
    /// The entries of the other networks in `budgets`. (`INSERT` changes nothing at position 0.)
    pub(super) other_networks: Sql,
    /// The entries of the other networks in `known`.
    pub(super) other_known: Sql,
}

impl Terms {
    pub(super) fn of(network: NetworkPseudonym) -> Self {
        let network = network.as_bytes();
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
            is_known: sql!(
                "IF(LOCATE(:network, `known`),
                    CAST(SUBSTR(`known`, LOCATE(:network, `known`) + 8, 10) AS SIGNED), 0)
                 > :now - :known_for",
                network,
                now = &now,
                known_for = KNOWN_FOR,
            ),
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
