//! A login, from an e-mail and a password to a user or a refusal.

use std::time::Duration;

use futures_util::future::{BoxFuture, MaybeDone, maybe_done, poll_immediate};

use crate::app::App;
use crate::db::login_throttle::{self, Decision, Taken};
use crate::db::user::{self, StoredCredentials};
use crate::error::Error;
use crate::events::{Event, Log};
use crate::http::address::Network;
use crate::identity::email::Lookup;
use crate::identity::pseudonym::{AccountPseudonym, NetworkPseudonym};
use crate::password::{Password, Verdict};

/// What a login comes to.
pub(crate) enum Outcome {
    /// The password is right.
    Verified(Verified),
    /// There is no such account, or the password is wrong.
    Refused(AccountPseudonym),
    /// The account has had too many failures: the password was not compared.
    Throttled(AccountPseudonym, Duration),
}

/// A login whose password is right.
pub(crate) struct Verified {
    pub(crate) user: StoredCredentials,
    reservation: Reservation,
    is_outdated: bool,
}

/// Tries a password.
///
/// # Errors
/// [`Error::Database`], [`Error::Internal`].
pub(crate) async fn verify(
    app: &App,
    email: &Lookup,
    password: &Password,
    network: &Network,
    log: &Log,
) -> Result<Outcome, Error> {
    let (found, reserved) = look_up_and_reserve(app, email, network).await?;
    let reservation = match reserved {
        Reserved::Go(reservation) => reservation,
        Reserved::Wait(account, wait) => return Ok(Outcome::Throttled(account, wait)),
    };
    let delay = start_failure_delay(app).await;
    // Verified whether found or not: an unknown e-mail costs a hash too.
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

/// A unit of the budgets of failed logins, taken before the password is compared. It is a failure
/// until it is given back.
struct Reservation {
    account: AccountPseudonym,
    network: NetworkPseudonym,
    taken: Taken,
}

enum Reserved {
    Go(Reservation),
    Wait(AccountPseudonym, Duration),
}

/// Finds the credentials and counts the login, on one connection.
async fn look_up_and_reserve(
    app: &App,
    email: &Lookup,
    network: &Network,
) -> Result<(Option<StoredCredentials>, Reserved), Error> {
    let limits = app.config.login.limits;
    let work = async |session| {
        let found = user::find_credentials(&session, email).await?;
        // The row's own e-mail: where old rows hold spellings that are one address today, each has
        // its budgets, and nobody's right password touches another's.
        let named = found.as_ref().map_or(email.canonical(), |user| &user.email);
        let account = app.pseudonyms.key(named);
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
    app.db.run(work).await
}

/// Starts the timer of the least time that a failed login takes, so that the cost of an old hash
/// does not show. What comes before takes as long for every account.
async fn start_failure_delay(app: &App) -> MaybeDone<BoxFuture<'static, ()>> {
    let mut delay = maybe_done(app.runtime.sleep(app.config.login.failure_time));
    // A timer starts when it is first polled.
    poll_immediate(&mut delay).await;
    delay
}

/// What followed a right password.
pub(crate) enum Settled {
    /// The network is known.
    Remembered,
    /// And the hash is replaced.
    Upgraded,
    /// The password has changed meanwhile.
    Overtaken,
}

impl Verified {
    /// Gives the reservation back, remembers the network, and replaces a hash that is not as it
    /// would be made today.
    ///
    /// # Errors
    /// [`Error`]; the login is a right one all the same.
    pub(crate) async fn settle(&self, app: &App, password: &Password) -> Result<Settled, Error> {
        let Reservation {
            account,
            network,
            taken,
        } = &self.reservation;
        let limits = app.config.login.limits;
        let give_back = async |session| {
            login_throttle::succeeded(&session, account, *network, *taken, limits).await?;
            login_throttle::purge(&session).await
        };
        app.db.run(give_back).await?;
        match &self.user.password {
            Some(old) if self.is_outdated => upgrade(app, &self.user, old, password).await,
            _ => Ok(Settled::Remembered),
        }
    }
}

async fn upgrade(
    app: &App,
    user: &StoredCredentials,
    old: &str,
    password: &Password,
) -> Result<Settled, Error> {
    // No connection is held while a password is hashed.
    let new = app.hasher.hash(password)?;
    let now = app.runtime.now();
    let replace = async |session| user::upgrade_hash(&session, user.id, old, &new, now).await;
    Ok(if app.db.run(replace).await? {
        Settled::Upgraded
    } else {
        Settled::Overtaken
    })
}

/// Whether this failed login, one in sixteen, is to [`purge`].
pub(crate) fn is_to_purge() -> bool {
    let mut byte = [0];
    getrandom::fill(&mut byte).is_ok() && byte[0] < 16
}

/// Deletes some old budgets: under a spray of made-up e-mails, which no right password follows,
/// nothing else would.
///
/// # Errors
/// [`Error`] of the database.
pub(crate) async fn purge(app: &App) -> Result<(), Error> {
    let purge = async |session| login_throttle::purge(&session).await;
    Ok(app.db.run(purge).await?)
}
