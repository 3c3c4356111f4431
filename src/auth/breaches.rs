//! Whether a new password is known from a data breach.

use futures_util::future::{Either, select};

use crate::app::App;
use crate::config::BreachCheck;
use crate::error::{Error, FieldError};
use crate::events::{Event, Log};
use crate::password::{Password, RangeQuery};

/// Asks whether a new password is known from a breach, where that is configured. Without an answer
/// in time the password is taken, and the log says so: nothing here depends on others.
pub(crate) async fn check(app: &App, password: &Password, log: &Log) -> Result<(), Error> {
    let Some(BreachCheck { url, timeout }) = &app.config.password.breach_check else {
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
