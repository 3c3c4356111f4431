//! What a cron trigger does: deletes rows that nothing needs any more.

use std::time::Duration;

use crate::app::App;
use crate::db::{self, Session, login_session, login_throttle};
use crate::events::{Event, Log};
use crate::platform::within;

/// How long a run may take for each table. What it leaves over is the next one's, an hour later.
const RUN_WITHIN: Duration = Duration::from_mins(1);

/// Deletes sessions that are over and login budgets in which nothing matters any more, and logs how
/// many.
///
/// Runs at the same time and runs that end early do no harm: what is deleted matters to no request.
pub(crate) async fn run(app: &App, log: &Log) {
    let now = app.runtime.now();
    let (mut sessions, mut budgets) = (0, 0);
    let purge = async |session: &Session<'_>| login_session::purge(session, now).await;
    let of_sessions = delete(app, log, &mut sessions, purge).await;
    // A failure of the one does not keep the other.
    let purge = async |session: &Session<'_>| login_throttle::purge(session).await;
    let of_budgets = delete(app, log, &mut budgets, purge).await;
    let mut reason = format!("deleted {sessions} sessions and {budgets} login budgets");
    let mut event = Event::HousekeepingDone;
    for failed in [of_sessions, of_budgets]
        .into_iter()
        .filter_map(Result::err)
    {
        reason = format!("{reason}; {failed}");
        event = Event::HousekeepingFailed;
    }
    log.write(event, None, Some(reason));
}

/// Calls `purge` until it deletes nothing, and adds up the rows.
async fn delete(
    app: &App,
    log: &Log,
    deleted: &mut u64,
    purge: impl AsyncFn(&Session<'_>) -> Result<u64, db::Error>,
) -> Result<(), db::Error> {
    let work = async |session: Session<'_>| {
        loop {
            match purge(&session).await? {
                0 => return Ok(()),
                rows => *deleted += rows,
            }
        }
    };
    let done = within(RUN_WITHIN, &*app.runtime, app.db.run(log, work)).await;
    done.unwrap_or(Err(db::Error::Timeout {
        purpose: "deleting old rows",
        limit: RUN_WITHIN,
    }))
}
