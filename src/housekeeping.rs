//! What a cron trigger does: deletes rows that nothing needs any more.

use std::time::Duration;

use crate::app::App;
use crate::db::{self, Session, login_session, login_throttle};
use crate::events::{Event, Log};
use crate::platform::within;

/// How long one run may take. What it leaves over is the next one's.
const RUN_WITHIN: Duration = Duration::from_secs(25);
/// The most statements of a run on one table, each of which deletes up to 500 rows.
const MOST_BATCHES: u32 = 400;

/// The number of rows that a run has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Deleted {
    sessions: u64,
    budgets: u64,
}

/// Deletes sessions that are over and budgets of failed logins that are full again, and logs how many.
///
/// Runs at the same time and runs that end early do no harm: what is deleted matters to no request.
pub(crate) async fn run(app: &App, log: &Log) {
    let mut deleted = Deleted::default();
    let work = within(RUN_WITHIN, &*app.runtime, delete(app, log, &mut deleted)).await;
    let Deleted { sessions, budgets } = deleted;
    let count = format!("deleted {sessions} sessions and {budgets} login budgets");
    let (event, reason) = match work {
        Some(Ok(())) => (Event::HousekeepingDone, count),
        Some(Err(error)) => (Event::HousekeepingFailed, format!("{count}; {error}")),
        None => (Event::HousekeepingFailed, format!("{count}; out of time")),
    };
    log.write(event, None, Some(reason));
}

async fn delete(app: &App, log: &Log, deleted: &mut Deleted) -> Result<(), db::Error> {
    let now = app.runtime.now();
    let work = async |session: Session<'_>| {
        for _ in 0..MOST_BATCHES {
            let rows = login_session::purge(&session, now).await?;
            deleted.sessions += rows;
            if rows == 0 {
                break;
            }
        }
        for _ in 0..MOST_BATCHES {
            let rows = login_throttle::purge(&session).await?;
            deleted.budgets += rows;
            if rows == 0 {
                break;
            }
        }
        Ok(())
    };
    app.db.run(log, work).await
}
