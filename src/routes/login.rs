//! `POST /auth/login`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::future::{maybe_done, poll_immediate};
use serde::Serialize;

use crate::account::AccountKey;
use crate::after::After;
use crate::app::App;
use crate::db;
use crate::db::attempts::{self, Reservation};
use crate::db::users::{self, Credentials};
use crate::email::Lookup;
use crate::error::Error;
use crate::fields::Fields;
use crate::log::{Audit, RequestId};
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

/// `POST /auth/login`: 200 and an access token; 401, the same for every reason; 429 after too many
/// failures, whether or not there is such an account.
///
/// # Errors
/// [`Error`].
pub async fn login(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Response, Error> {
    let mut least_time = maybe_done(app.platform.sleep(app.config.login_failure_time));
    // Begins now.
    poll_immediate(&mut least_time).await;
    let email = fields.required("email", |typed| Ok(Lookup::new(&typed)));
    let password = fields.required("password", |text| Ok(Password::new(text)));
    let (email, password) = fields.finish(email.zip(password))?;
    check_limit(&app, Limiter::Login, &headers, &request_id).await?;

    let account = app.accounts.key(&email).map_err(Error::Internal)?;
    let found = match look_up(&app, &account, &email).await? {
        Account::Wait(wait) => {
            app.platform.count("login_throttled");
            let throttled = Audit::account("login_throttled", account);
            return Ok(throttled.on(Error::TooManyAttempts(wait)));
        }
        Account::Found(found) => found,
    };
    // Verified whether found or not: an unknown e-mail costs a hash too.
    let stored = found.as_ref().and_then(|user| user.password.as_deref());
    let verdict = app
        .hasher
        .verify(&password, stored)
        .map_err(Error::Internal)?;
    match found {
        Some(user) if verdict.is_match() => {
            succeed(app, request_id, account, user, verdict, password)
        }
        found => {
            if verdict == Verdict::Unreadable {
                let user_id = found.map(|user| user.id);
                let reason = "the stored hash cannot be read or costs too much".to_owned();
                request_id.alarm(&*app.platform, "unreadable_hash", user_id, reason);
            }
            least_time.await;
            Ok(fail(app, request_id, account))
        }
    }
}

/// What there is to try a password against.
enum Account {
    /// Nothing yet.
    Wait(Duration),
    /// The credentials, if there are any.
    Found(Option<Credentials>),
}

/// Reserves an attempt and finds the credentials, once more if the connection was lost before any
/// of a reply had come: what can happen twice is that the attempt is counted.
async fn look_up(app: &App, account: &AccountKey, email: &Lookup) -> Result<Account, db::Error> {
    match look_up_once(app, account, email).await {
        Err(error) if error.was_unanswered() => look_up_once(app, account, email).await,
        result => result,
    }
}

async fn look_up_once(
    app: &App,
    account: &AccountKey,
    email: &Lookup,
) -> Result<Account, db::Error> {
    let mut session = app.db.connect().await?;
    let policy = app.config.login_attempts;
    let found = match attempts::reserve(&mut session, account, policy).await? {
        Reservation::Wait(wait) => Account::Wait(wait),
        Reservation::Reserved => {
            Account::Found(users::find_credentials(&mut session, email).await?)
        }
    };
    session.close().await;
    Ok(found)
}

fn succeed(
    app: Arc<App>,
    request_id: RequestId,
    account: AccountKey,
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
    let answer = Audit::user("login_succeeded", user.id).on(json(StatusCode::OK, &view)?);
    let after = async move {
        let outdated = (verdict == Verdict::Outdated).then_some(&password);
        match settle(&app, &account, &user, outdated).await {
            Ok(()) if outdated.is_none() => {}
            Ok(()) => request_id.note(&*app.platform, "hash_upgraded", Some(user.id)),
            Err(error) => {
                let reason = error.to_string();
                request_id.alarm(&*app.platform, "after_login_failed", Some(user.id), reason);
            }
        }
    };
    Ok(After::new(after).on(answer))
}

/// What follows a right password: the failures are forgotten, and a hash that is not as it would
/// be made today is replaced.
async fn settle(
    app: &App,
    account: &AccountKey,
    user: &Credentials,
    outdated: Option<&Password>,
) -> Result<(), Error> {
    // Before the connection, which no hash is waited for with.
    let hash = outdated.map(|password| app.hasher.hash(password));
    let hash = hash.transpose().map_err(Error::Internal)?;
    let mut session = app.db.connect().await?;
    attempts::clear(&mut session, account).await?;
    if let (Some(old), Some(new)) = (&user.password, hash) {
        let now = app.platform.now();
        users::upgrade_hash(&mut session, user.id, old, &new, now).await?;
    }
    attempts::purge(&mut session).await?;
    session.close().await;
    Ok(())
}

/// The answer to a failed login. Now and then, old counters are deleted after it: under a spray of
/// made-up e-mails nothing else would.
fn fail(app: Arc<App>, request_id: RequestId, account: AccountKey) -> Response {
    let answer = Audit::account("login_failed", account).on(Error::InvalidCredentials);
    if !one_in_sixteen() {
        return answer;
    }
    let after = async move {
        let purged = async {
            let mut session = app.db.connect().await?;
            attempts::purge(&mut session).await?;
            session.close().await;
            Ok::<_, db::Error>(())
        };
        if let Err(error) = purged.await {
            request_id.alarm(
                &*app.platform,
                "after_login_failed",
                None,
                error.to_string(),
            );
        }
    };
    After::new(after).on(answer)
}

fn one_in_sixteen() -> bool {
    let mut byte = [0];
    getrandom::fill(&mut byte).is_ok() && byte[0] < 16
}
