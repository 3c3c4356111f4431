//! `POST /auth/login`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::future::{maybe_done, poll_immediate};
use serde::Serialize;

use crate::account::{AccountKey, NetworkKey};
use crate::after::After;
use crate::app::App;
use crate::client;
use crate::db::throttle::{self, Decision, Taken};
use crate::db::users::{self, Credentials};
use crate::email::Lookup;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::fields::Fields;
use crate::password::{Password, Verdict};
use crate::platform::Limiter;
use crate::routes::{check_limit, json};

/// The body of a successful login (RFC 6749, 5.1).
#[derive(Serialize)]
struct LoginView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// A login that has been counted, so that its password may be compared.
struct Attempt {
    account: AccountKey,
    network: NetworkKey,
    taken: Taken,
}

/// `POST /auth/login`: 200 and an access token; 401, the same for every reason; 429 after too many
/// failures, whether or not there is such an account.
///
/// # Errors
/// [`Error`].
pub async fn login(
    State(app): State<Arc<App>>,
    log: Log,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Response, Error> {
    let email = fields.required("email", |typed| Ok(Lookup::new(&typed)));
    let password = fields.required("password", |text| Ok(Password::new(text)));
    let (email, password) = fields.finish(email.zip(password))?;
    check_limit(&app, Limiter::Login, &headers, &log).await?;

    let (found, counted) = look_up_and_count(&app, &email, &headers).await?;
    let attempt = match counted {
        Counted::Go(attempt) => attempt,
        Counted::Wait(account, wait) => {
            let throttled = Audit::account(Event::LoginThrottled, account);
            return Ok(throttled.on(Error::TooManyAttempts(wait)));
        }
    };

    let mut least_time = maybe_done(app.platform.sleep(app.config.login_failure_time));
    // Begins now: what comes before takes as long for every account.
    poll_immediate(&mut least_time).await;
    // Verified whether found or not: an unknown e-mail costs a hash too.
    let stored = found.as_ref().and_then(|user| user.password.as_deref());
    let verdict = app
        .hasher
        .verify(&password, stored)
        .map_err(Error::Internal)?;
    match found {
        Some(user) if verdict.is_match() => succeed(app, log, attempt, user, verdict, password),
        found => {
            if verdict == Verdict::Unreadable {
                let user_id = found.map(|user| user.id);
                let reason = "the stored hash cannot be read or costs too much".to_owned();
                log.write(Event::UnreadableHash, user_id, Some(reason));
            }
            least_time.await;
            Ok(fail(app, log, attempt.account))
        }
    }
}

/// Whether a counted login may go on.
enum Counted {
    Go(Attempt),
    Wait(AccountKey, Duration),
}

/// Finds the credentials and counts the login, on one connection.
async fn look_up_and_count(
    app: &App,
    email: &Lookup,
    headers: &HeaderMap,
) -> Result<(Option<Credentials>, Counted), Error> {
    let limits = app.config.login_limits;
    let client = client::network(headers);
    let look_up_and_count = async |session| {
        let found = users::find_credentials(&session, email).await?;
        // The row's own e-mail: where old rows hold spellings that are one address today, each has
        // its budgets, and nobody's right password touches another's.
        let named = found.as_ref().map_or(email.canonical(), |user| &user.email);
        let account = app.accounts.key(named).map_err(Error::Internal)?;
        let network = app.accounts.network(&account, &client);
        let network = network.map_err(Error::Internal)?;
        let decision = throttle::take(&session, &account, network, limits).await?;
        Ok::<_, Error>((found, account, network, decision))
    };
    let (found, account, network, decision) = app.db.run(look_up_and_count).await?;
    let counted = match decision {
        Decision::Go(taken) => Counted::Go(Attempt {
            account,
            network,
            taken,
        }),
        Decision::Wait(wait) => Counted::Wait(account, wait),
    };
    Ok((found, counted))
}

fn succeed(
    app: Arc<App>,
    log: Log,
    attempt: Attempt,
    user: Credentials,
    verdict: Verdict,
    password: Password,
) -> Result<Response, Error> {
    let token = app
        .tokens
        .issue(user.id, app.platform.now())
        .map_err(Error::Internal)?;
    let view = LoginView {
        access_token: token.token,
        token_type: "bearer",
        expires_in: token.expires_in,
    };
    let answer = Audit::user(Event::LoginSucceeded, user.id).on(json(StatusCode::OK, &view)?);
    let after = async move {
        let outdated = (verdict == Verdict::Outdated).then_some(&password);
        match settle(&app, &attempt, &user, outdated).await {
            Ok(Settled::Remembered) => {}
            Ok(Settled::Upgraded) => {
                log.write(Event::HashUpgraded, Some(user.id), None);
            }
            Ok(Settled::Overtaken) => {
                log.write(Event::HashUpgradeSkipped, Some(user.id), None);
            }
            Err(error) => log.write(
                Event::LoginCleanupFailed,
                Some(user.id),
                Some(error.to_string()),
            ),
        }
    };
    Ok(After::new(after).on(answer))
}

/// What followed a right password.
enum Settled {
    /// The network is known.
    Remembered,
    /// And the hash is replaced.
    Upgraded,
    /// The password has changed meanwhile.
    Overtaken,
}

/// What follows a right password: its network is known and its failures are forgotten, and a hash
/// that is not as it would be made today is replaced.
async fn settle(
    app: &App,
    attempt: &Attempt,
    user: &Credentials,
    outdated: Option<&Password>,
) -> Result<Settled, Error> {
    let limits = app.config.login_limits;
    let remember = async |session| {
        let Attempt {
            account,
            network,
            taken,
        } = attempt;
        throttle::succeeded(&session, account, *network, *taken, limits).await?;
        throttle::purge(&session).await
    };
    app.db.run(remember).await?;
    let (Some(password), Some(old)) = (outdated, &user.password) else {
        return Ok(Settled::Remembered);
    };
    // No connection is held while a password is hashed.
    let new = app.hasher.hash(password).map_err(Error::Internal)?;
    let now = app.platform.now();
    let upgrade = async |session| users::upgrade_hash(&session, user.id, old, &new, now).await;
    let upgraded = app.db.run(upgrade).await?;
    Ok(if upgraded {
        Settled::Upgraded
    } else {
        Settled::Overtaken
    })
}

/// The answer to a failed login. Now and then, old budgets are deleted after it: under a spray of
/// made-up e-mails nothing else would.
fn fail(app: Arc<App>, log: Log, account: AccountKey) -> Response {
    let answer = Audit::account(Event::LoginFailed, account).on(Error::InvalidCredentials);
    if !one_in_sixteen() {
        return answer;
    }
    let after = async move {
        let purge = async |session| throttle::purge(&session).await;
        if let Err(error) = app.db.run(purge).await {
            let reason = Error::Database(error).to_string();
            log.write(Event::LoginCleanupFailed, None, Some(reason));
        }
    };
    After::new(after).on(answer)
}

fn one_in_sixteen() -> bool {
    let mut byte = [0];
    getrandom::fill(&mut byte).is_ok() && byte[0] < 16
}
