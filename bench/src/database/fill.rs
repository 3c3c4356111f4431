//! Rows of many users, and what they take on the disk.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Params, Row, params};
use testkit::MariaDb;

/// The tables that logins write to.
const TABLES: [&str; 3] = ["user", "gatehouse_login_throttle", "gatehouse_session"];

/// Rows that a statement inserts.
const BATCH: u32 = 50_000;
/// Without a common divisor with [`ALL`], so that e-mails and accounts come in no order.
const STEP: u64 = 7_368_787;
const ALL: u64 = 10_000_000;

/// Seven digits that no other user has.
pub(crate) fn digits(number: u32) -> String {
    format!("{:07}", u64::from(number) * STEP % ALL)
}

/// What stands for the keyed hash of a user's e-mail, and for the id of the session, in hexadecimal.
pub(crate) fn key(number: u32) -> String {
    format!("{}0000", digits(number).repeat(4))
}

/// Puts users in the place of the one that is there, like that one, each with a login behind it and a session.
pub(crate) async fn fill(database: &MariaDb, users: u32) -> Result<()> {
    eprintln!("  adding {users} users");
    let mut conn = database.conn().await;
    let user: Option<Row> = conn
        .query_first("SELECT password, name, username FROM `user`")
        .await?;
    let login: Option<Row> = conn
        .query_first("SELECT budgets, known, clock, expires_on FROM gatehouse_login_throttle")
        .await?;
    let session: Option<Row> = conn
        .query_first(
            "SELECT counter, created, refreshed, expires, ends, client, address
             FROM gatehouse_session ORDER BY counter LIMIT 1",
        )
        .await?;
    let user = user.context("a user")?.unwrap();
    let session = session.context("a session")?.unwrap();
    let login = login.context("a login")?.unwrap();
    for table in TABLES {
        conn.query_drop(format!("DELETE FROM `{table}`")).await?;
    }
    let text = format!("LPAD(seq * {STEP} % {ALL}, 7, '0')");
    let (mut from, last) = (0, users - 1);
    while from <= last {
        let to = last.min(from + BATCH - 1);
        let numbers = format!("seq_{from}_to_{to}");
        let sql = format!(
            "INSERT INTO `user` (id, email, password, name, username, updated_at) \
             SELECT seq + 1, CONCAT('user', {text}, '@example.com'), ?, ?, ?, UTC_TIMESTAMP() \
             FROM {numbers}"
        );
        conn.exec_drop(sql, Params::Positional(user.clone()))
            .await?;
        let sql = format!(
            "INSERT INTO gatehouse_login_throttle (account, budgets, known, clock, expires_on) \
             SELECT UNHEX(CONCAT(REPEAT({text}, 4), '0000')), ?, ?, ?, ? FROM {numbers}"
        );
        conn.exec_drop(sql, Params::Positional(login.clone()))
            .await?;
        let sql = format!(
            "INSERT INTO gatehouse_session (id, user, counter, created, refreshed, expires, ends, \
             client, address) \
             SELECT UNHEX(CONCAT(REPEAT({text}, 4), '0000')), seq + 1, ?, ?, ?, ?, ?, ?, ? \
             FROM {numbers}"
        );
        conn.exec_drop(sql, Params::Positional(session.clone()))
            .await?;
        from = to + 1;
    }
    conn.disconnect().await?;
    Ok(())
}

/// What the tables take.
pub(crate) async fn sizes(database: &MariaDb, users: u32) -> Result<String> {
    let mut conn = database.conn().await;
    let mut text =
        "\n| table | rows | data, MB | keys, MB | bytes a row |\n|---|--:|--:|--:|--:|\n"
            .to_owned();
    for table in TABLES {
        conn.query_drop(format!("ANALYZE TABLE `{table}`")).await?;
        let sizes: Option<(u64, u64)> = conn
            .exec_first(
                "SELECT data_length, index_length FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = :table",
                params! { "table" => table },
            )
            .await?;
        let rows: Option<u64> = conn
            .query_first(format!("SELECT COUNT(*) FROM `{table}`"))
            .await?;
        let (data, keys) = sizes.context("a size")?;
        let rows = rows.unwrap_or(u64::from(users)).max(1);
        let _ = writeln!(
            text,
            "| `{table}` | {rows} | {} | {} | {} |",
            data / 1_000_000,
            keys / 1_000_000,
            (data + keys) / rows,
        );
    }
    conn.disconnect().await?;
    eprint!("{text}");
    Ok(text)
}
