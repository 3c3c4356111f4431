//! Sessions: starting one at a login, and refreshing it.

use std::time::Duration;

use crate::app::App;
use crate::db;
use crate::db::login_session::{self, Current, NewSession, Refreshed};
use crate::db::user::{self, StoredCredentials};
use crate::db::{Session, login_throttle};
use crate::error::Error;
use crate::events::Log;
use crate::http::address::Network;
use crate::http::device::Device;
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;
use crate::platform::within;
use crate::token::{AccessToken, RefreshToken};

/// The tokens of a session.
pub(crate) struct SessionTokens {
    pub(crate) access: AccessToken,
    pub(crate) session: SessionId,
    pub(crate) refresh_token: String,
    /// Seconds until the session expires if it is not refreshed.
    pub(crate) refresh_expires_in: u64,
}

impl SessionTokens {
    fn new(app: &App, token: &RefreshToken, now: u64) -> Result<Self, Error> {
        let RefreshToken {
            session,
            user,
            ends,
            ..
        } = *token;
        let access = app.tokens.issue(user, session, now)?;
        let keys = &app.config.refresh_keys;
        let refresh_token = keys.seal(token);
        Ok(Self {
            access,
            session,
            refresh_token: refresh_token
                .ok_or_else(|| Error::Internal("there is no key for refresh tokens".to_owned()))?,
            refresh_expires_in: app.config.sessions.expires(now, ends).saturating_sub(now),
        })
    }
}

/// Starts a session of a user whose password was right. Returns `None` if the user no longer has the
/// hash with which the password was compared.
///
/// # Errors
/// [`Error::Database`]; [`Error::Internal`] if there is no randomness, or signing fails.
pub(crate) async fn start(
    app: &App,
    user: &StoredCredentials,
    device: &Device,
    log: &Log,
) -> Result<Option<SessionTokens>, Error> {
    let id = SessionId::random().map_err(|error| Error::Internal(error.to_string()))?;
    let (now, lifetimes) = (app.runtime.now(), &app.config.sessions);
    let token = RefreshToken {
        session: id,
        user: user.id,
        counter: 0,
        ends: now.saturating_add(lifetimes.absolute.as_secs()),
    };
    let tokens = SessionTokens::new(app, &token, now)?;
    let address = device.place();
    let new = NewSession {
        id,
        user: user.id,
        password: user.password.as_deref(),
        now,
        expires: lifetimes.expires(now, token.ends),
        ends: token.ends,
        client: &device.client,
        address: &address,
    };
    let start = async |session| login_session::start(&session, &new).await;
    Ok(app.db.run(log, start).await?.then_some(tokens))
}

/// The outcome of a refresh.
pub(crate) enum Outcome {
    /// The session goes on with new tokens.
    Refreshed(UserId, SessionTokens),
    /// The same, for the first time on a day. [`know_network`] is to be called.
    FirstOfDay(UserId, SessionTokens),
    /// It has gone on a moment ago with the same refresh token.
    Repeated(UserId, SessionTokens),
    /// The token was a copy: the session has ended.
    Reused(UserId),
    /// There is no such session any more.
    Over(UserId),
    /// The token was not made by this service.
    Forged,
}

/// The deadline of a refresh. A refresh that is late may have been done; the client comes back 2 to
/// 4 s later, which together has to be less than the default of `SESSION_REFRESH_GRACE_SECONDS`.
const REFRESH_WITHIN: Duration = Duration::from_secs(3);

/// Refreshes the session of a refresh token.
///
/// # Errors
/// [`Error::Database`]; [`Error::Internal`] if signing fails.
pub(crate) async fn refresh(app: &App, token: &str, log: &Log) -> Result<Outcome, Error> {
    let Some(token) = app.config.refresh_keys.open(token) else {
        return Ok(Outcome::Forged);
    };
    let now = app.runtime.now();
    // Before the statement, so that a failure to sign uses no token up.
    let tokens = SessionTokens::new(app, &token.successor(), now)?;
    let lifetimes = &app.config.sessions;
    let refresh = async |session| login_session::refresh(&session, &token, lifetimes, now).await;
    let refreshed = within(REFRESH_WITHIN, &*app.runtime, app.db.run(log, refresh)).await;
    let late = db::Error::Timeout {
        purpose: "refreshing a session",
        limit: REFRESH_WITHIN,
    };
    Ok(match refreshed.unwrap_or(Err(late))? {
        Refreshed::Advanced => Outcome::Refreshed(token.user, tokens),
        Refreshed::FirstOfDay => Outcome::FirstOfDay(token.user, tokens),
        Refreshed::Repeated => Outcome::Repeated(token.user, tokens),
        Refreshed::Reused => Outcome::Reused(token.user),
        Refreshed::Over => Outcome::Over(token.user),
    })
}

/// Makes a network that a session is used from known to the account of its user, where there is room
/// beside those that have logged in. Once a day for a session: whoever steals a refresh token shall
/// not make as many networks known as it has, each with a budget of its own.
///
/// # Errors
/// [`Error::Database`].
pub(crate) async fn know_network(
    app: &App,
    user: UserId,
    network: &Network,
    log: &Log,
) -> Result<(), Error> {
    let now = app.runtime.now();
    let any = Current { session: None, now };
    let work = async |session: Session<'_>| {
        let Some(user) = user::find(&session, user, &any).await? else {
            return Ok(());
        };
        let account = app.pseudonyms.account(&user.email.unwrap_or_default());
        let network = app.pseudonyms.network(&account, &network.to_string());
        login_throttle::know(&session, &account, network).await
    };
    Ok(app.db.run(log, work).await?)
}
