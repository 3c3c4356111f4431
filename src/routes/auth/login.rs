//! `POST /auth/login`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};

use super::refresh::carry_on;
use super::tokens::{Carrier, respond};
use crate::app::App;
use crate::auth::limits;
use crate::auth::login::{self, Outcome, Verified};
use crate::auth::settle::Settled;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::after::After;
use crate::http::cookie::SessionCookie;
use crate::http::device::Device;
use crate::http::fields::Fields;
use crate::http::input::JsonOrForm;
use crate::http::same_origin::{check_origin, check_origin_of_page};
use crate::identity::email::Lookup;
use crate::identity::session_id::SessionId;
use crate::password::Password;
use crate::platform::Limiter;
use crate::token::RefreshToken;
use crate::validation::Violation;

/// `POST /auth/login`: 200 and the tokens of a new session; 401 for an unknown e-mail and for a wrong
/// password alike; 403 if a page of another origin asks for a cookie or sends a form; 429 after too many
/// failed logins, whether or not the account exists.
///
/// A form is a grant of OAuth 2.0, for passwords (RFC 6749, 4.3) or to refresh (6), which is what
/// [`refresh`](super::refresh()) does with JSON; the answer is given its shape by
/// [`answer_forms`](crate::http::oauth::answer_forms).
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::CrossOrigin`]; [`Error::InvalidSession`] for a form;
/// [`Error::RateLimited`]; [`Error::Database`]; [`Error::Internal`] if hashing or signing fails.
pub async fn login(
    State(app): State<Arc<App>>,
    log: Log,
    device: Device,
    cookie: SessionCookie,
    uri: Uri,
    headers: HeaderMap,
    JsonOrForm { fields, is_form }: JsonOrForm,
) -> Result<Response, Error> {
    let listed = &app.config.http.cors_origins;
    // Any page can send a form to any address, so the session cookie is ignored here.
    let (login, cookie) = if is_form {
        let grant = Grant::of_form(fields)?;
        check_origin_of_page(&uri, &headers, listed)?;
        match grant {
            Grant::Password(login) => (login, SessionCookie::Absent),
            Grant::RefreshToken(token) => {
                return carry_on(app, log, device.network, &token, Carrier::Body).await;
            }
        }
    } else {
        (Login::of_json(fields)?, cookie)
    };
    if login.carrier == Carrier::Cookie {
        check_origin(&uri, &headers, listed)?;
    }
    limits::check(&app, Limiter::Login, &device.network, &log).await?;
    let past = cookie.only();
    let past = past.and_then(|token| app.config.refresh_keys.open(&token));
    let Login {
        email, password, ..
    } = &login;
    match login::verify(&app, email, password, &device, past, &log).await? {
        Outcome::Verified(verified) => start(app, log, verified, login, &device, past).await,
        // `Ok`, since the audit travels on the response.
        Outcome::Refused(account) => {
            Ok(Audit::account(Event::LoginFailed, account).on(Error::InvalidCredentials))
        }
        Outcome::Throttled(account, wait) => {
            let throttled = Audit::account(Event::LoginThrottled, account);
            Ok(throttled.on(Error::TooManyAttempts(wait)))
        }
    }
}

/// A valid request for a session.
struct Login {
    email: Lookup,
    password: Password,
    carrier: Carrier,
}

impl Login {
    fn of_json(mut fields: Fields) -> Result<Self, Error> {
        let email = fields.required("email", |typed| Ok(Lookup::new(&typed)));
        let password = fields.required("password", |text| Ok(Password::new(text)));
        let carrier = fields.optional("session", |kind| Carrier::parse(&kind));
        let (email, password) = fields.finish(email.zip(password))?;
        Ok(Self {
            email,
            password,
            carrier: carrier.unwrap_or(Carrier::Body),
        })
    }
}

/// A valid form.
enum Grant {
    Password(Login),
    RefreshToken(String),
}

impl Grant {
    /// `client_id`, `client_secret` and `scope` are ignored, and so is an `Authorization` header: there are
    /// no clients to tell apart, and tokens have no scope.
    fn of_form(mut fields: Fields) -> Result<Self, Error> {
        // As FastAPI's `OAuth2PasswordRequestForm` takes it.
        if !fields.has("grant_type") {
            return Self::password(fields);
        }
        let read = fields.required("grant_type", |grant| match &*grant {
            "password" => Ok(Self::password as fn(Fields) -> Result<Self, Error>),
            "refresh_token" => Ok(Self::refresh_token),
            _ => Err(Violation::new(
                "unsupported",
                "The grant types are password and refresh_token.",
            )),
        });
        match read {
            Some(read) => read(fields),
            None => fields.finish(None),
        }
    }

    fn password(mut fields: Fields) -> Result<Self, Error> {
        let email = fields.required("username", |typed| Ok(Lookup::new(&typed)));
        let password = fields.required("password", |text| Ok(Password::new(text)));
        let (email, password) = fields.finish(email.zip(password))?;
        Ok(Self::Password(Login {
            email,
            password,
            carrier: Carrier::Body,
        }))
    }

    fn refresh_token(mut fields: Fields) -> Result<Self, Error> {
        let token = fields.required("refresh_token", Ok);
        fields.finish(token).map(Self::RefreshToken)
    }
}

/// Starts the session of a login with the right password.
async fn start(
    app: Arc<App>,
    log: Log,
    verified: Verified,
    login: Login,
    device: &Device,
    past: Option<RefreshToken>,
) -> Result<Response, Error> {
    let Login {
        email,
        password,
        carrier,
    } = login;
    let mut replaced = None;
    let started = verified.start_session(&app, &email, &password, device, &log);
    let answer = match started.await {
        Ok(Some(tokens)) => {
            replaced = past.filter(|_| carrier == Carrier::Cookie);
            Audit::user(Event::LoginSucceeded, verified.user.id).on(respond(&tokens, carrier)?)
        }
        // The count stays: the password is no longer the right one.
        Ok(None) => {
            let refused = Audit::account(Event::LoginFailed, verified.account());
            return Ok(refused.on(Error::InvalidCredentials));
        }
        Err(error) => error.into_response(),
    };
    let replaced = replaced.map(|past| past.session);
    Ok(After::new(settle(app, log, verified, password, replaced)).on(answer))
}

/// Gives back what a login with the right password took, and ends the session whose cookie it has
/// replaced, after the response.
async fn settle(
    app: Arc<App>,
    log: Log,
    verified: Verified,
    password: Password,
    replaced: Option<SessionId>,
) {
    let (event, reason) = match verified.settle(&app, &password, replaced, &log).await {
        Ok(Settled::Remembered) => return,
        Ok(Settled::Upgraded) => (Event::HashUpgraded, None),
        Ok(Settled::Overtaken) => (Event::HashUpgradeSkipped, None),
        Err(error) => (Event::LoginCleanupFailed, Some(error.to_string())),
    };
    log.write(event, Some(verified.user.id), reason);
}
