//! Verification of an e-mail and a password, with the limits on failed logins.

use std::time::Duration;

use futures_util::future::{BoxFuture, MaybeDone, maybe_done, poll_immediate};

use crate::app::App;
use crate::db::login_throttle::{self, Attempt, Decision, Taken};
use crate::db::user::{self, StoredCredentials};
use crate::db::{self, Observer as _, Session};
use crate::error::Error;
use crate::events::{Event, Log};
use crate::http::address::Network;
use crate::identity::email::Lookup;
use crate::identity::pseudonym::{AccountPseudonym, NetworkPseudonym};
use crate::password::{Password, Verdict};
use crate::platform::within;
use crate::random;

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
    reservation: Reservation,
    is_outdated: bool,
}

/// Verifies the password of an e-mail.
///
/// # Errors
/// [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub(crate) async fn verify(
    app: &App,
    email: &Lookup,
    password: &Password,
    network: &Network,
    log: &Log,
) -> Result<Outcome, Error> {
    let (found, reserved) = look_up_and_reserve(app, email, network, log).await?;
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
struct Reservation {
    account: AccountPseudonym,
    network: NetworkPseudonym,
    taken: Taken,
}

enum Reserved {
    Go(Reservation),
    Wait(AccountPseudonym, Duration),
}

/// Finds the credentials and counts the login as a failure, on one connection.
async fn look_up_and_reserve(
    app: &App,
    email: &Lookup,
    network: &Network,
    log: &Log,
) -> Result<(Option<StoredCredentials>, Reserved), Error> {
    let limits = app.config.login.limits;
    let work = async |session| {
        let found = user::find_credentials(&session, email).await?;
        // The e-mail as stored: old rows may hold several spellings of what is one address today.
        // Each row has budgets of its own, so that the right password for one does not reset
        // another's.
        let named = found.as_ref().map_or(email.canonical(), |user| &user.email);
        let account = app.pseudonyms.account(named);
        let network = app.pseudonyms.network(&account, &network.to_string());
        let reserved = match login_throttle::take(&session, &account, network, limits).await? {
            Decision::Go(taken) => Reserved::Go(Reservation {
                account,
                network,
                taken,
            }),
            Decision::Wait(wait) => Reserved::Wait(account, wait),
        };
        Ok((found, reserved))
    };
    app.db.run(log, work).await
}

/// Starts a timer for the least time that a failed login takes, so that the response time does not
/// reveal how expensive the account's hash is. The steps before it take as long for every account.
async fn start_failure_delay(app: &App) -> MaybeDone<BoxFuture<'static, ()>> {
    let mut delay = maybe_done(app.runtime.sleep(app.config.login.failure_time));
    // A timer starts when it is first polled.
    poll_immediate(&mut delay).await;
    delay
}

/// The outcome of [`Verified::settle`].
pub(crate) enum Settled {
    /// The network is remembered; the hash needed no upgrade.
    Remembered,
    /// The network is remembered, and the outdated hash was replaced.
    Upgraded,
    /// The network is remembered; the outdated hash was not replaced, since the stored password has
    /// changed since it was read.
    Overtaken,
}

/// The time in which [`Verified::settle`] tries to give back what a login took: less than the 30 s
/// that Workers allow after a response, and more than most fail-overs take.
const GIVE_BACK_WITHIN: Duration = Duration::from_secs(25);
/// The first pause between two attempts, which doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Verified {
    /// Undoes the count of this login as a failure, remembers its network, and replaces an outdated
    /// hash.
    ///
    /// # Errors
    /// [`Error::Database`], or the reason why the new hash was not made or stored. The login has
    /// succeeded all the same.
    pub(crate) async fn settle(
        &self,
        app: &App,
        password: &Password,
        log: &Log,
    ) -> Result<Settled, Error> {
        self.give_back(app, log).await?;
        match &self.user.password {
            Some(old) if self.is_outdated => upgrade(app, &self.user, old, password, log).await,
            _ => Ok(Settled::Remembered),
        }
    }

    /// Gives back what the login took, and deletes some expired budgets. Tries for
    /// [`GIVE_BACK_WITHIN`]: otherwise a fail-over of the database would leave a right login counted
    /// as a failure.
    async fn give_back(&self, app: &App, log: &Log) -> Result<(), Error> {
        let mut failed = None;
        let attempts = self.attempt_to_give_back(app, log, &mut failed);
        match within(GIVE_BACK_WITHIN, &*app.runtime, attempts).await {
            Some(done) => Ok(done?),
            None => Err(Error::Database(failed.unwrap_or(db::Error::Timeout {
                purpose: "remembering a login",
                limit: GIVE_BACK_WITHIN,
            }))),
        }
    }

    async fn attempt_to_give_back(
        &self,
        app: &App,
        log: &Log,
        failed: &mut Option<db::Error>,
    ) -> Result<(), db::Error> {
        let Reservation {
            account,
            network,
            taken,
        } = &self.reservation;
        let limits = app.config.login.limits;
        let mut attempt = Attempt::First;
        let mut pause = FIRST_PAUSE;
        loop {
            let give_back = async |session: Session<'_>| {
                login_throttle::succeeded(&session, account, *network, *taken, limits, attempt)
                    .await?;
                // Not `?`: what is given back must not be given back again for this.
                Ok(login_throttle::purge(&session).await)
            };
            let done: Result<_, db::Error> = app.db.run(log, give_back).await;
            let error = match done {
                Ok(purged) => return purged,
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            log.retrying(&error);
            *failed = Some(error);
            app.runtime.sleep(pause).await;
            pause *= 2;
            attempt = Attempt::Repeat;
        }
    }
}

async fn upgrade(
    app: &App,
    user: &StoredCredentials,
    old: &str,
    password: &Password,
    log: &Log,
) -> Result<Settled, Error> {
    // Hashed first, so that no connection is held meanwhile.
    let new = app.hasher.hash(password)?;
    let now = app.runtime.now();
    let replace = async |session| user::upgrade_hash(&session, user.id, old, &new, now).await;
    Ok(if app.db.run(log, replace).await? {
        Settled::Upgraded
    } else {
        Settled::Overtaken
    })
}

/// True for a random one in sixteen failed logins, which then calls [`purge`].
pub(crate) fn is_to_purge() -> bool {
    random::byte().is_some_and(|byte| byte < 16)
}

/// Deletes some expired budgets.
///
/// Successful logins do this too, but an attacker who tries made-up e-mails causes none.
///
/// # Errors
/// [`Error::Database`].
pub(crate) async fn purge(app: &App, log: &Log) -> Result<(), Error> {
    let purge = async |session: Session<'_>| login_throttle::purge(&session).await;
    Ok(app.db.run(log, purge).await?)
}
