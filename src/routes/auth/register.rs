//! `POST /auth/register`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::auth::{breaches, limits};
use crate::db::user::{self, NewUser};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::address::Network;
use crate::http::fields::Fields;
use crate::http::input::Input;
use crate::http::json::json;
use crate::identity::email::{Email, Lookup};
use crate::identity::name::Name;
use crate::password::{Password, Policy};
use crate::platform::Limiter;
use crate::routes::user::UserView;

/// The valid body of `POST /auth/register`.
struct Register {
    email: Email,
    /// The e-mail in all of its spellings.
    lookup: Lookup,
    password: Password,
    name: Option<Name>,
    username: Option<Name>,
}

impl Register {
    fn read(mut fields: Fields, policy: &Policy) -> Result<Self, Error> {
        let email = fields.required("email", |typed| {
            Email::parse(&typed).map(|email| (email, Lookup::new(&typed)))
        });
        let password = fields.required("password", |text| {
            let password = Password::new(text);
            let email = email.as_ref().map(|(email, _)| email);
            password.check(policy, email).map(|()| password)
        });
        let name = fields.optional("name", Name::parse);
        let username = fields.optional("username", Name::parse);
        let ((email, lookup), password) = fields.finish(email.zip(password))?;
        Ok(Self {
            email,
            lookup,
            password,
            name,
            username,
        })
    }
}

/// `POST /auth/register`: 201 and the user.
///
/// The password is hashed before the database is asked, so that a taken e-mail takes as long as a
/// free one, and no connection is held meanwhile.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::RateLimited`]; [`Error::EmailTaken`]; [`Error::Conflict`] if
/// another unique key refuses the user; [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub async fn register(
    State(app): State<Arc<App>>,
    log: Log,
    network: Network,
    Input { fields, .. }: Input,
) -> Result<Response, Error> {
    let Register {
        email,
        lookup,
        password,
        name,
        username,
    } = Register::read(fields, &app.config.password.policy)?;
    limits::check(&app, Limiter::Register, &network, &log).await?;
    breaches::check(&app, "password", &password, &log).await?;
    let hash = app.hasher.hash(&password)?;
    let now = app.runtime.now();
    let user = NewUser {
        email: &email,
        password: &hash,
        name: name.as_ref(),
        username: username.as_ref(),
        now,
    };
    let insert = async |session| {
        // The lookup finds old rows in other spellings, which the unique key may not refuse. They
        // existed before any registration began, so there is no race. Of simultaneous
        // registrations, the unique key refuses all but one. (A single statement for both would
        // take gap locks on the key, and deadlock with others.)
        if user::is_taken(&session, &lookup).await? {
            return Err(Error::EmailTaken);
        }
        user::insert(&session, &user).await.map_err(Error::from)
    };
    let id = app.db.run(&log, insert).await?;
    let view = UserView::new(user::User {
        id,
        email: Some(email.as_str().to_owned()),
        name: name.map(|name| name.as_str().to_owned()),
        username: username.map(|name| name.as_str().to_owned()),
        updated_at: i64::try_from(now).ok(),
    });
    Ok(Audit::user(Event::UserRegistered, id).on(json(StatusCode::CREATED, &view)?))
}
