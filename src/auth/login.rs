//! Verification of an e-mail and a password, with the limits on failed logins.

use std::time::Duration;

use futures_util::future::{BoxFuture, MaybeDone, maybe_done, poll_immediate};

use crate::app::App;
use crate::auth::sessions::{self, SessionTokens};
use crate::db::Session;
use crate::db::login_throttle::{self, Decision, KNOWN_FOR, Source, Taken};
use crate::db::user::{self, StoredCredentials};
use crate::error::Error;
use crate::events::{Event, Log};
use crate::http::address::Network;
use crate::http::device::Device;
use crate::identity::email::Lookup;
use crate::identity::pseudonym::{AccountPseudonym, NetworkPseudonym};
use crate::identity::session_id::SessionId;
use crate::password::{Password, Verdict};
use crate::token::RefreshToken;

/// The outcome of a login.
pub(crate) enum Outcome {
    /// The password is right.
    Verified(Verified),
    /// The account does not exist, or the password is wrong.
    Refused(AccountPseudonym),
    /// Too many logins of the account have failed, so the password was not compared; how long to
    /// wait.
    Throttled(AccountPseudonym, Duration),
}

/// A login with the right password.
pub(crate) struct Verified {
    pub(crate) user: StoredCredentials,
    pub(super) reservation: Reservation,
    pub(super) is_outdated: bool,
}

/// Verifies the password of an e-mail. `past` is the refresh token of a session that the device has or
/// had: if it was a session of the same user, the device is known.
///
/// # Errors
/// [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub(crate) async fn verify(
    app: &App,
    email: &Lookup,
    password: &Password,
    device: &Device,
    past: Option<RefreshToken>,
    log: &Log,
) -> Result<Outcome, Error> {
    let (found, reserved) = look_up_and_reserve(app, email, device, past, log).await?;
    compare(app, found, reserved, password, log).await
}

/// Compares a password with the stored one, if there is one, unless the account has to wait.
///
/// # Errors
/// [`Error::Internal`] if hashing fails.
pub(super) async fn compare(
    app: &App,
    found: Option<StoredCredentials>,
    reserved: Reserved,
    password: &Password,
    log: &Log,
) -> Result<Outcome, Error> {
    let reservation = match reserved {
        Reserved::Go(reservation) => reservation,
        Reserved::Wait(account, wait) => return Ok(Outcome::Throttled(account, wait)),
    };
    let delay = start_failure_delay(app).await;
    // Runs for unknown e-mails too, so that the response time does not reveal which ones exist.
    let stored = found.as_ref().and_then(|user| user.password.as_deref());
    let verdict = app.hasher.verify(password, stored)?;
    match found {
        Some(user) if verdict.is_match() => Ok(Outcome::Verified(Verified {
            user,
            reservation,
            is_outdated: verdict == Verdict::Outdated,
        })),
        found => {
            if verdict == Verdict::Unreadable {
                let reason = "the stored hash cannot be read or costs too much".to_owned();
                log.write(
                    Event::UnreadableHash,
                    found.map(|user| user.id),
                    Some(reason),
                );
            }
            delay.await;
            Ok(Outcome::Refused(reservation.account))
        }
    }
}

/// A login that was counted as a failure before its password was compared. [`Verified::settle`]
/// undoes that.
pub(super) struct Reservation {
    pub(super) account: AccountPseudonym,
    pub(super) source: Source,
    pub(super) network: NetworkPseudonym,
    pub(super) taken: Taken,
}

/// The decision whether a password may be compared.
pub(super) enum Reserved {
    Go(Reservation),
    Wait(AccountPseudonym, Duration),
}

/// Counts a login to the account of an e-mail as a failure, in advance. `past` is a session of the
/// account that the device has or had.
pub(super) async fn reserve(
    app: &App,
    session: &Session<'_>,
    email: &str,
    network: &Network,
    past: Option<SessionId>,
) -> Result<Reserved, Error> {
    let account = app.pseudonyms.account(email);
    let network = app.pseudonyms.network(&account, &network.to_string());
    let limits = app.config.login.limits;
    let device = past.map(|past| Source::Device(app.pseudonyms.device(&account, past)));
    let mut wait = Duration::MAX;
    // Where the device has to wait, for whoever has a copy of its cookie, its network may not.
    for source in device.into_iter().chain([Source::Network(network)]) {
        match login_throttle::take(session, &account, source, limits).await? {
            Decision::Go(taken) => {
                return Ok(Reserved::Go(Reservation {
                    account,
                    source,
                    network,
                    taken,
                }));
            }
            Decision::Wait(longer) => wait = wait.min(longer),
        }
    }
    Ok(Reserved::Wait(account, wait))
}

/// Finds the credentials and counts the login as a failure, on one connection.
async fn look_up_and_reserve(
    app: &App,
    email: &Lookup,
    device: &Device,
    past: Option<RefreshToken>,
    log: &Log,
) -> Result<(Option<StoredCredentials>, Reserved), Error> {
    let past = past.filter(|past| proves(past, app));
    let work = async |session| {
        let found = user::find_credentials(&session, email).await?;
        // The e-mail as stored: old rows may hold several spellings of what is one address today.
        // Each row has budgets of its own, so that the right password for one does not reset
        // another's.
        let named = found.as_ref().map_or(email.canonical(), |user| &user.email);
        let past = past.filter(|past| found.as_ref().is_some_and(|user| user.id == past.user));
        let past = past.map(|past| past.session);
        let reserved = reserve(app, &session, named, &device.network, past).await?;
        Ok((found, reserved))
    };
    app.db.run(log, work).await
}

/// True if a session proves that its device is known: until its absolute end, and for 30 days after its
/// login at least, even if it is over.
fn proves(past: &RefreshToken, app: &App) -> bool {
    let lifetime = app.config.sessions.absolute.as_secs();
    let login = past.ends.saturating_sub(lifetime);
    app.runtime.now() < past.ends.max(login.saturating_add(KNOWN_FOR))
}

/// Starts a timer for the least time that a failed login takes, so that the response time does not
/// reveal how expensive the account's hash is. The steps before it take as long for every account.
async fn start_failure_delay(app: &App) -> MaybeDone<BoxFuture<'static, ()>> {
    let mut delay = maybe_done(app.runtime.sleep(app.config.login.failure_time));
    // A timer starts when it is first polled.
    poll_immediate(&mut delay).await;
    delay
}

impl Verified {
    /// The pseudonym of the account.
    pub(crate) fn account(&self) -> AccountPseudonym {
        self.reservation.account
    }

    /// Starts a session. Returns `None` if the password is no longer the user's, or the user is gone.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Internal`] if hashing or signing fails.
    pub(crate) async fn start_session(
        &self,
        app: &App,
        email: &Lookup,
        password: &Password,
        device: &Device,
        log: &Log,
    ) -> Result<Option<SessionTokens>, Error> {
        if let Some(tokens) = sessions::start(app, &self.user, device, log).await? {
            return Ok(Some(tokens));
        }
        // The hash has changed: another login has replaced an outdated one, or the password is new.
        let find = async |session| user::find_credentials(&session, email).await;
        let found = app.db.run(log, find).await?;
        let same = found.filter(|user| user.id == self.user.id);
        let stored = same.as_ref().and_then(|user| user.password.as_deref());
        match (app.hasher.verify(password, stored)?.is_match(), same) {
            (true, Some(user)) => sessions::start(app, &user, device, log).await,
            _ => Ok(None),
        }
    }
}
