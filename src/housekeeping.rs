//! What a cron trigger does: deletes rows that nothing needs any more.

use std::time::Duration;

use crate::app::App;
use crate::db::{self, Session, login_session, login_throttle};
use crate::events::{Event, Log};
use crate::platform::within;

/// How long a run may take for each table. What it leaves over is the next one's, an hour later.
const RUN_WITHIN: Duration = Duration::from_mins(1);

/// The number of rows that a run has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Deleted {
    sessions: u64,
    budgets: u64,
}

/// Deletes sessions that are over and login budgets in which nothing matters any more, and logs how
/// many.
///
/// Runs at the same time and runs that end early do no harm: what is deleted matters to no request.
pub(crate) async fn run(app: &App, log: &Log) {
    let mut deleted = Deleted::default();
    let sessions = within(
        RUN_WITHIN,
        &*app.runtime,
        delete_sessions(app, log, &mut deleted.sessions),
    )
    .await;
    // A failure of the one does not keep the other.
    let budgets = within(
        RUN_WITHIN,
        &*app.runtime,
        delete_budgets(app, log, &mut deleted.budgets),
    )
    .await;
    let Deleted {
        sessions: some,
        budgets: others,
    } = deleted;
    let mut reason = format!("deleted {some} sessions and {others} login budgets");
    let mut event = Event::HousekeepingDone;
    for part in [sessions, budgets] {
        match part {
            Some(Ok(())) => continue,
            Some(Err(error)) => reason = format!("{reason}; {error}"),
            None => reason += "; out of time",
        }
        event = Event::HousekeepingFailed;
    }
    log.write(event, None, Some(reason));
}

async fn delete_sessions(app: &App, log: &Log, deleted: &mut u64) -> Result<(), db::Error> {
    let now = app.runtime.now();
    let work = async |session: Session<'_>| {
        loop {
            match login_session::purge(&session, now).await? {
                0 => return Ok(()),
                rows => *deleted += rows,
            }
        }
    };
    app.db.run(log, work).await
}

async fn delete_budgets(app: &App, log: &Log, deleted: &mut u64) -> Result<(), db::Error> {
    let work = async |session: Session<'_>| {
        loop {
            match login_throttle::purge(&session).await? {
                0 => return Ok(()),
                rows => *deleted += rows,
            }
        }
    };
    app.db.run(log, work).await
}
