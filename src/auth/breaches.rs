//! Whether a new password is known from a data breach.

use std::io;
use std::time::Duration;

use axum::http::StatusCode;

use crate::app::App;
use crate::config::BreachCheck;
use crate::error::Error;
use crate::events::{Event, Log};
use crate::password::{Password, RangeQuery};
use crate::platform::within;
use crate::validation::{FieldError, Violation};

/// Asks whether a new password is known from a breach, where that is configured. Without an answer
/// in time the password is taken, and the log says so: nothing here depends on others.
pub(crate) async fn check(app: &App, password: &Password, log: &Log) -> Result<(), Error> {
    let Some(BreachCheck { url, timeout }) = &app.config.password.breach_check else {
        return Ok(());
    };
    let query = RangeQuery::new(password);
    match ask(app, url, &query, *timeout).await {
        Ok(answer) if query.is_in(&answer) => {
            let message = "This password is known from a data breach; choose another.";
            let broken = Violation::new("breached", message);
            Err(Error::InvalidFields(vec![FieldError::new(
                "password", broken,
            )]))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            // The URL may be in it, and with it a part of the digest.
            let reason = error.to_string().replace(query.prefix(), "*****");
            log.write(Event::BreachCheckFailed, None, Some(reason));
            Ok(())
        }
    }
}

async fn ask(app: &App, url: &str, query: &RangeQuery, timeout: Duration) -> io::Result<String> {
    let request = query.request(url).map_err(io::Error::other)?;
    let answer = within(timeout, &*app.runtime, app.services.fetch(request)).await;
    let answer = answer.unwrap_or_else(|| {
        let reason = format!("no answer within {} ms", timeout.as_millis());
        Err(io::Error::other(reason))
    })?;
    match answer.status() {
        StatusCode::OK => Ok(String::from_utf8_lossy(answer.body()).into_owned()),
        status => Err(io::Error::other(format!("status {}", status.as_u16()))),
    }
}
