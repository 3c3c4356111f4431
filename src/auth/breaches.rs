//! The check of a new password against known data breaches.

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

/// Refuses a new password that is known from a data breach, if the check is configured.
///
/// If the service fails or is late, the password is accepted and the failure is logged: nothing here
/// must depend on another service. `field` is the password's in the request.
pub(crate) async fn check(
    app: &App,
    field: &'static str,
    password: &Password,
    log: &Log,
) -> Result<(), Error> {
    let Some(BreachCheck { url, timeout }) = &app.config.password.breach_check else {
        return Ok(());
    };
    let query = RangeQuery::new(password);
    match ask(app, url, &query, *timeout).await {
        Ok(answer) if query.is_in(&answer) => {
            let message = "This password is known from a data breach; choose another.";
            let broken = Violation::new("breached", message);
            Err(Error::InvalidFields(vec![FieldError::new(field, broken)]))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            // The error may quote the URL, which ends with the first digits of the hash.
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
        StatusCode::OK => String::from_utf8(answer.into_body().into()).map_err(io::Error::other),
        status => Err(io::Error::other(format!("status {}", status.as_u16()))),
    }
}
