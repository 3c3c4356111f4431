//! The cron trigger: which rows it deletes, and what it says.

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::Value;

use crate::support::budgets::{account, row};
use crate::support::client::{Client, over, pass_in, registered};
use crate::support::database::Database;
use crate::support::hyperdrive::always;
use crate::support::{App, unique_email};

/// The ids of all sessions.
async fn sessions(database: &Database) -> Vec<String> {
    let sql = "SELECT LOWER(HEX(id)) FROM gatehouse_session ORDER BY id";
    let mut conn = database.conn().await;
    conn.query(sql).await.expect("the sessions")
}

/// The lines of an event in the log.
fn lines(app: &App, event: &str) -> Vec<Value> {
    let log = app.log();
    let lines = log.lines().filter_map(|line| {
        let json = line.find('{').map(|start| &line[start..])?;
        serde_json::from_str::<Value>(json).ok()
    });
    lines.filter(|line| line["event"] == event).collect()
}

#[tokio::test]
async fn the_cron_trigger_deletes_what_is_over_and_nothing_else_however_often() {
    const DAY: i64 = 24 * 3600;
    let database = Database::start("cron", "");
    let app = App::with().on(&database).fires_cron().start();
    let email = registered(&app).await;
    let (live, idle, reused) = (
        Client::log_in(&app, &email).await,
        Client::log_in(&app, &email).await,
        Client::log_in(&app, &email).await,
    );
    pass_in(&database, &idle.session, 15 * DAY).await;
    let mut copy = Client::of(&app, &reused.refresh().await.expect(200).json());
    copy.go_on().await;
    over(reused.refresh().await);
    let stranger = unique_email();
    app.login(&stranger, "wrong password").await.expect(401);
    let mut conn = database.conn().await;
    let old = "UPDATE gatehouse_login_throttle SET expires_on = expires_on - 100 WHERE account = ?";
    let key = account(&stranger);
    conn.exec_drop(old, (key,)).await.expect("an update");

    app.keep_house().await;
    assert_eq!(
        sessions(&database).await,
        std::slice::from_ref(&live.session)
    );
    assert!(row(&database, &stranger).await.is_none());
    assert!(row(&database, &email).await.is_some());
    live.refresh().await.expect(200);
    over(idle.refresh().await);
    over(copy.refresh().await);
    app.keep_house().await;
    let done = lines(&app, "housekeeping_done");
    let reasons: Vec<_> = done.iter().map(|line| &line["reason"]).collect();
    assert_eq!(
        reasons,
        [
            "deleted 2 sessions and 1 login budgets",
            "deleted 0 sessions and 0 login budgets"
        ]
    );
    assert_ne!(done[0]["request_id"], done[1]["request_id"]);
    assert_eq!(app.counted("housekeeping_done"), 2);
}

#[tokio::test]
async fn sessions_are_deleted_five_hundred_at_a_time_until_none_is_left() {
    let database = Database::start("cron_many", "");
    let app = App::with().on(&database).fires_cron().start();
    let mut conn = database.conn().await;
    let digit =
        "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5
                  UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let fill = format!(
        "INSERT INTO gatehouse_session
         SELECT UNHEX(MD5(CONCAT(a.n, b.n, c.n, d.n))), 1, 0, 0, 0, 1, 1, '', ''
         FROM {digit} a, {digit} b, {digit} c, (SELECT 0 n UNION SELECT 1) d"
    );
    conn.query_drop(fill).await.expect("sessions");
    app.keep_house().await;
    assert!(sessions(&database).await.is_empty());
    let done = lines(&app, "housekeeping_done");
    assert_eq!(
        done[0]["reason"],
        "deleted 2000 sessions and 0 login budgets"
    );
    let statements = app.hyperdrive().take_statements();
    let of_sessions = statements
        .iter()
        .filter(|sql| sql.contains("gatehouse_session"));
    assert_eq!(
        of_sessions.count(),
        5,
        "four and an empty one: {statements:?}"
    );
}

#[tokio::test]
async fn a_failure_of_the_cron_trigger_is_logged_and_the_next_one_goes_on() {
    let database = Database::start("cron_fails", "");
    let app = App::with().on(&database).fires_cron().start();
    app.hyperdrive().fail(always(Stage::Query, Kind::Close));
    app.keep_house().await;
    app.hyperdrive().fail(None);
    assert_eq!(app.counted("housekeeping_failed"), 1);
    let failed = &lines(&app, "housekeeping_failed")[0]["reason"];
    let failed = failed.as_str().expect("a reason");
    assert!(failed.starts_with("deleted 0 sessions and 0 login budgets; "));
    app.keep_house().await;
    assert_eq!(app.counted("housekeeping_done"), 1);

    let misconfigured = App::with().variable("SECRET_KEY", "short");
    let misconfigured = misconfigured.fires_cron().start();
    misconfigured.keep_house().await;
    let failed = &lines(&misconfigured, "housekeeping_failed")[0]["reason"];
    let failed = failed.as_str().expect("a reason");
    assert!(failed.starts_with("configuration: SECRET_KEY"), "{failed}");
}
