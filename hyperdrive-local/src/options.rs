//! What can be set.

use std::time::Duration;

use mysql_async::Opts;

/// The authentication plugin of the handshake with the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Plugin {
    /// `mysql_native_password`, without saying so: the real greeting was seen to name no plugin.
    #[default]
    Native,
    /// `caching_sha2_password`, always by its fast path.
    CachingSha2,
}

/// How a local Hyperdrive behaves. The defaults are the real one's where it documents them.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database.
    pub origin: Opts,
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// How the Worker authenticates.
    pub plugin: Plugin,
    /// Whether the greeting offers what MySQL offers, and not next to nothing.
    pub rich: bool,
    /// Connections to the origin, at the most; the real default is 20 on the free plan.
    pub origin_connection_limit: usize,
    /// How long a statement waits for one of them.
    pub acquire_timeout: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// Whether reads are answered from a cache for a minute, as the real one does unless its
    /// configuration is created with `--caching-disabled`.
    pub caching: bool,
    /// Whether statements are kept for [`crate::Hyperdrive::take_statements`]. They hold all that
    /// was sent.
    pub keep_statements: bool,
}

impl Options {
    /// The defaults, for an origin.
    #[must_use]
    pub fn new(origin: Opts) -> Self {
        Self {
            origin,
            port: 0,
            plugin: Plugin::Native,
            rich: false,
            origin_connection_limit: 20,
            acquire_timeout: Duration::from_secs(15),
            statement_timeout: Duration::from_mins(1),
            caching: false,
            keep_statements: false,
        }
    }
}
