//! The stored budgets of an account, as a test looks at them and lets their time pass.

use std::time::{Duration, Instant};

use gatehouse::identity::pseudonym::Pseudonyms;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use super::database::Database;
use super::{SECRET_KEY, eventually};

/// The key of an account's row.
pub(crate) fn account(email: &str) -> Vec<u8> {
    let keys = Pseudonyms::new(SECRET_KEY).expect("keys");
    let key = keys.account(email);
    key.as_bytes().to_vec()
}

/// An account's row: `budgets` and `known`.
pub(crate) async fn row(database: &Database, email: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let sql = "SELECT budgets, known FROM gatehouse_login_throttle WHERE account = ?";
    let mut conn = database.conn().await;
    conn.exec_first(sql, (account(email),))
        .await
        .expect("a row")
}

/// Waits until so many networks are known to an account, which they become after the answer.
pub(crate) async fn until_known(database: &Database, email: &str, networks: usize) {
    eventually(async || {
        let row = row(database, email).await;
        row.is_some_and(|(_, known)| known.len() == networks * 18)
    })
    .await;
}

/// Lets time pass for an account: all times in its row are put back.
pub(crate) async fn pass(database: &Database, email: &str, seconds: i64) {
    let (budgets, known) = row(database, email).await.expect("a row");
    let back = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).expect("digits");
        let time: i64 = digits.parse().expect("a time");
        format!("{:010}", (time - seconds).max(0)).into_bytes()
    };
    let mut new_budgets = back(&budgets[..10]);
    for entry in budgets[10..].chunks(28) {
        new_budgets.extend(&entry[..8]);
        new_budgets.extend(back(&entry[8..18]));
        new_budgets.extend(back(&entry[18..]));
    }
    let mut new_known = Vec::new();
    for entry in known.chunks(18) {
        new_known.extend(&entry[..8]);
        new_known.extend(back(&entry[8..]));
    }
    let sql = "UPDATE gatehouse_login_throttle
               SET budgets = ?, known = ?, clock = clock - ?, expires_on = expires_on - ? DIV 86400
               WHERE account = ?";
    let values = (new_budgets, new_known, seconds, seconds, account(email));
    let mut conn = database.conn().await;
    conn.exec_drop(sql, values).await.expect("an update");
}

/// How many seconds ahead the time lies when the budget that strange networks share is full.
pub(crate) async fn strangers_owe(database: &Database, email: &str) -> u64 {
    let (budgets, _) = row(database, email).await.expect("a row");
    let digits = std::str::from_utf8(&budgets[..10]).expect("digits");
    let full: u64 = digits.parse().expect("a time");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time");
    full.saturating_sub(now.as_secs())
}

/// Waits until strange networks owe an account no more than so many seconds; fails with what they
/// owe. It is given back after the answer, for half a minute.
pub(crate) async fn until_strangers_owe(
    conn: &mut Conn,
    email: &str,
    most: u64,
) -> Result<(), i64> {
    let sql = "SELECT CAST(LEFT(budgets, 10) AS SIGNED)
                      - TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())
               FROM gatehouse_login_throttle WHERE account = ?";
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let owed: Option<i64> = conn
            .exec_first(sql, (account(email),))
            .await
            .expect("a row");
        let owed = owed.expect("an account");
        if owed <= most.cast_signed() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(owed);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
