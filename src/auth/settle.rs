//! What follows a login with the right password, after its response.

use std::time::Duration;

use super::login::{Reservation, Verified};
use crate::app::App;
use crate::db::login_session;
use crate::db::login_throttle::{self, Attempt};
use crate::db::user::{self, StoredCredentials};
use crate::db::{self, Observer as _, Session};
use crate::error::Error;
use crate::events::Log;
use crate::identity::session_id::SessionId;
use crate::password::Password;
use crate::platform::within;

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
        replaced: Option<SessionId>,
        log: &Log,
    ) -> Result<Settled, Error> {
        self.give_back(app, replaced, log).await?;
        match &self.user.password {
            Some(old) if self.is_outdated => upgrade(app, &self.user, old, password, log).await,
            _ => Ok(Settled::Remembered),
        }
    }

    /// Gives back what the login took. Tries for [`GIVE_BACK_WITHIN`]: otherwise a fail-over of the database would leave a right login counted
    /// as a failure.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub(crate) async fn give_back(
        &self,
        app: &App,
        replaced: Option<SessionId>,
        log: &Log,
    ) -> Result<(), Error> {
        let mut failed = None;
        let attempts = self.attempt_to_give_back(app, replaced, log, &mut failed);
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
        replaced: Option<SessionId>,
        log: &Log,
        failed: &mut Option<db::Error>,
    ) -> Result<(), db::Error> {
        let Reservation {
            account,
            source,
            network,
            taken,
        } = &self.reservation;
        let limits = app.config.login.limits;
        let mut attempt = Attempt::First;
        let mut pause = FIRST_PAUSE;
        loop {
            let give_back = async |session: Session<'_>| {
                let (source, network, taken) = (*source, *network, *taken);
                login_throttle::succeeded(
                    &session, account, source, network, taken, limits, attempt,
                )
                .await?;
                // Not `?`: what is given back must not be given back again for this.
                Ok(self.end_others(&session, replaced).await)
            };
            let done: Result<_, db::Error> = app.db.run(log, give_back).await;
            let error = match done {
                Ok(ended) => return ended,
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

impl Verified {
    /// Ends the session that the new one replaces, and those that are too many.
    async fn end_others(
        &self,
        session: &Session<'_>,
        replaced: Option<SessionId>,
    ) -> Result<(), db::Error> {
        if let Some(replaced) = replaced {
            login_session::end(session, replaced).await?;
        }
        login_session::limit(session, self.user.id).await
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
