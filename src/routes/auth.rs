//! `POST /auth/register` and `POST /auth/login`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::db::users::{self, NewUser};
use crate::email::{Email, Lookup};
use crate::error::Error;
use crate::fields::Fields;
use crate::log::Audit;
use crate::name::Name;
use crate::password::Password;
use crate::routes::json;
use crate::routes::user::UserView;

/// The body of `POST /auth/register`, valid.
struct Register {
    email: Email,
    password: Password,
    name: Option<Name>,
    username: Option<Name>,
}

impl Register {
    fn read(mut fields: Fields, min_password: usize) -> Result<Self, Error> {
        let email = fields.required("email", |typed| Email::parse(&typed));
        let password = fields.required("password", |text| {
            let password = Password::new(text);
            password
                .check(min_password, email.as_ref())
                .map(|()| password)
        });
        let name = fields.optional("name", Name::parse).flatten();
        let username = fields.optional("username", Name::parse).flatten();
        let (email, password) = fields.finish(email.zip(password))?;
        Ok(Self {
            email,
            password,
            name,
            username,
        })
    }
}

/// `POST /auth/register`: 201 and the user, 409 when the e-mail is taken.
///
/// The password is hashed before the database is asked, so a taken e-mail takes no less time than
/// a free one, and no connection waits for a hash.
///
/// # Errors
/// [`Error`].
pub async fn register(State(app): State<Arc<App>>, fields: Fields) -> Result<Response, Error> {
    let Register {
        email,
        password,
        name,
        username,
    } = Register::read(fields, app.config.password_min_length)?;
    let hash = app.hasher.hash(&password).map_err(Error::Internal)?;
    let now = app.platform.now();
    let mut session = app.db.connect().await?;
    let user = NewUser {
        email: &email,
        password: &hash,
        name: name.as_ref(),
        username: username.as_ref(),
        now,
    };
    let id = users::insert(&mut session, &user).await?;
    session.close().await;
    let id = id.ok_or(Error::EmailTaken)?;
    let view = UserView::new(users::User {
        id,
        email: Some(email.as_str().to_owned()),
        name: name.map(|name| name.as_str().to_owned()),
        username: username.map(|name| name.as_str().to_owned()),
        updated_at: i64::try_from(now).ok(),
    });
    Ok(Audit {
        event: "user_registered",
        user_id: id,
    }
    .on(json(StatusCode::CREATED, &view)?))
}

/// The body of a successful login (RFC 6749, 5.1).
#[derive(Serialize)]
struct LoginView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// `POST /auth/login`: 200 and an access token, or 401, the same for every reason.
///
/// # Errors
/// [`Error`].
pub async fn login(State(app): State<Arc<App>>, mut fields: Fields) -> Result<Response, Error> {
    let email = fields.required("email", |typed| Ok(Lookup::new(&typed)));
    let password = fields.required("password", |text| Ok(Password::new(text)));
    let (email, password) = fields.finish(email.zip(password))?;
    let found = users::find_credentials(&app.db, &email).await?;
    // Verified whether found or not: an unknown e-mail costs a hash too.
    let stored = found.as_ref().and_then(|user| user.password.as_deref());
    let verified = app
        .hasher
        .verify(&password, stored)
        .map_err(Error::Internal)?;
    let user = found
        .filter(|_| verified)
        .ok_or(Error::InvalidCredentials)?;
    let token = app
        .tokens
        .issue(user.id, app.platform.now())
        .map_err(Error::Internal)?;
    let view = LoginView {
        access_token: token.token,
        token_type: "bearer",
        expires_in: token.expires_in,
    };
    Ok(Audit {
        event: "login_succeeded",
        user_id: user.id,
    }
    .on(json(StatusCode::OK, &view)?))
}
