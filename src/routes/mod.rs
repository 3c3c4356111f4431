//! The handlers, with the bodies that they take and give.

pub mod health;
pub mod keys;
pub mod login;
pub mod register;
pub mod user;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::future::{Either, select};
use serde::Serialize;

use crate::app::App;
use crate::client::network;
use crate::config::BreachCheck;
use crate::error::{Error, FieldError};
use crate::events::{Event, Log};
use crate::password::{Password, RangeQuery};
use crate::platform::Limiter;

/// How long the limiter may take, which answers at once.
const LIMITER_TIMEOUT: Duration = Duration::from_secs(1);

/// Counts a request against a limit of its client. When the limiter itself fails, the request goes
/// on and the log says so: what has to be exact is counted in the database.
async fn check_limit(
    app: &App,
    limiter: Limiter,
    headers: &HeaderMap,
    log: &Log,
) -> Result<(), Error> {
    let counted = app.platform.limit(limiter, network(headers));
    let counted = match select(counted, app.platform.sleep(LIMITER_TIMEOUT)).await {
        Either::Left((counted, _)) => counted,
        Either::Right(_) => Err(std::io::Error::other("no answer in time")),
    };
    match counted {
        Ok(true) => Ok(()),
        Ok(false) => {
            log.count(Event::RateLimited);
            Err(Error::RateLimited)
        }
        Err(error) => {
            log.write(Event::RateLimiterFailed, None, Some(error.to_string()));
            Ok(())
        }
    }
}

/// Asks whether a new password is known from a breach, where that is configured. Without an answer
/// in time the password is taken, and the log says so: nothing here depends on others.
async fn check_breaches(app: &App, password: &Password, log: &Log) -> Result<(), Error> {
    let Some(BreachCheck { url, timeout }) = &app.config.breach_check else {
        return Ok(());
    };
    let query = RangeQuery::new(password);
    let answer = app.platform.get(format!("{url}{}", query.prefix()));
    let answer = match select(answer, app.platform.sleep(*timeout)).await {
        Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
        Either::Right(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
    };
    match answer {
        Ok(answer) if query.is_in(&answer) => Err(Error::InvalidFields(vec![FieldError {
            field: "password",
            code: "breached",
            message: "This password is known from a data breach; choose another.".to_owned(),
        }])),
        Ok(_) => Ok(()),
        Err(reason) => {
            // The URL may be in it, and with it a part of the digest.
            let reason = reason.replace(query.prefix(), "*****");
            log.write(Event::BreachCheckFailed, None, Some(reason));
            Ok(())
        }
    }
}

/// An answer with a JSON body.
fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_vec(body).map_err(|error| Error::Internal(error.to_string()))?;
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(|error| Error::Internal(error.to_string()))
}
