//! `GET /me/export`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::UserView;
use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::db::login_session::{self, StoredSession};
use crate::db::login_throttle::{self, Stored};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::json::json;
use crate::identity::session_id::SessionId;
use crate::routes::auth::SessionView;
use crate::time::rfc3339;

/// Everything that is stored about a user.
#[derive(Serialize)]
struct ExportView {
    user: UserView,
    sessions: Vec<ExportedSession>,
    login_throttle: Option<ThrottleView>,
}

/// A session, live or over, with what the list does not show.
#[derive(Serialize)]
struct ExportedSession {
    #[serde(flatten)]
    session: SessionView,
    ends_at: String,
    refreshes: i64,
}

/// The budgets of failed logins, and the known networks.
#[derive(Serialize)]
struct ThrottleView {
    strangers_full_at: Option<String>,
    networks: Vec<BudgetView>,
    known_networks: Vec<KnownView>,
    last_attempt_at: Option<String>,
    kept_until: Option<String>,
}

/// The budget of a network.
#[derive(Serialize)]
struct BudgetView {
    network: String,
    full_at: Option<String>,
    reserve_full_at: Option<String>,
}

/// A known network.
#[derive(Serialize)]
struct KnownView {
    network: String,
    last_login_at: Option<String>,
}

impl ExportedSession {
    fn new(stored: StoredSession, current: Option<SessionId>) -> Self {
        Self {
            ends_at: rfc3339(stored.ends),
            refreshes: stored.counter,
            session: SessionView::new(stored, current),
        }
    }
}

impl From<Stored> for ThrottleView {
    fn from(stored: Stored) -> Self {
        let networks = stored.networks.into_iter().map(|budget| BudgetView {
            network: hex::encode(budget.network),
            full_at: time(budget.full),
            reserve_full_at: time(budget.reserve_full),
        });
        let known = stored.known.into_iter().map(|(network, login)| KnownView {
            network: hex::encode(network),
            last_login_at: time(login),
        });
        Self {
            strangers_full_at: time(stored.strangers_full),
            networks: networks.collect(),
            known_networks: known.collect(),
            last_attempt_at: time(stored.clock),
            kept_until: time(stored.kept_until),
        }
    }
}

/// Formats a time, of which 0 means none.
fn time(seconds: i64) -> Option<String> {
    (seconds > 0).then(|| rfc3339(seconds))
}

/// `GET /me/export`: 200 and everything that is stored about the user, but for the password's hash.
///
/// # Errors
/// [`Error::MissingToken`]; [`Error::InvalidToken`], also if the session has ended;
/// [`Error::Database`].
pub async fn export_me(
    State(app): State<Arc<App>>,
    log: Log,
    caller: CurrentUser,
) -> Result<Response, Error> {
    let now = app.runtime.now();
    let read = async |session| {
        let user = caller.load(&session, now).await?;
        let sessions = login_session::list_all(&session, user.id).await?;
        // As logins are counted: by the e-mail as it is stored. Nobody logs in without one.
        let throttle = match &user.email {
            Some(email) => {
                let account = app.pseudonyms.account(email);
                login_throttle::find(&session, &account).await?
            }
            None => None,
        };
        Ok::<_, Error>((user, sessions, throttle))
    };
    let (user, sessions, throttle) = app.db.run(&log, read).await?;
    let (id, current) = (user.id, caller.current(now).session);
    let sessions = sessions.into_iter();
    let view = ExportView {
        user: UserView::new(user),
        sessions: sessions
            .map(|stored| ExportedSession::new(stored, current))
            .collect(),
        login_throttle: throttle.map(ThrottleView::from),
    };
    Ok(Audit::user(Event::UserExported, id).on(json(StatusCode::OK, &view)?))
}
