//! Rate limits for requests from one network.

use std::io;
use std::time::Duration;

use crate::app::App;
use crate::error::Error;
use crate::events::{Event, Log};
use crate::http::address::Network;
use crate::platform::{Limiter, within};

/// Timeout for the rate limiter, which normally answers at once.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Counts a request against the rate limit of its network.
///
/// If the limiter fails or is late, the request is let through and the failure is logged: failed
/// logins are counted exactly in the database.
///
/// # Errors
/// [`Error::RateLimited`] if the limit is exceeded.
pub(crate) async fn check(
    app: &App,
    limiter: Limiter,
    network: &Network,
    log: &Log,
) -> Result<(), Error> {
    let counted = app.services.limit(limiter, network.to_string());
    let counted = within(TIMEOUT, &*app.runtime, counted).await;
    match counted.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
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
