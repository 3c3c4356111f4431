//! The limit of requests from one address.

use std::io;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::app::App;
use crate::client::Network;
use crate::error::Error;
use crate::events::{Event, Log};
use crate::platform::Limiter;

/// Timeout for the rate limiter, which normally answers at once.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Counts a request against a limit of its network. When the limiter itself fails, the request goes
/// on and the log says so: what has to be exact is counted in the database.
///
/// # Errors
/// [`Error::RateLimited`].
pub(crate) async fn check(
    app: &App,
    limiter: Limiter,
    network: &Network,
    log: &Log,
) -> Result<(), Error> {
    let counted = app.platform.limit(limiter, network.to_string());
    let counted = match select(counted, app.platform.sleep(TIMEOUT)).await {
        Either::Left((counted, _)) => counted,
        Either::Right(_) => Err(io::Error::other("no answer in time")),
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
