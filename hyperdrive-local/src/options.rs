//! The settings of a local Hyperdrive.

use std::time::Duration;

use mysql_async::Opts;

/// The authentication plugin of the handshake with the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Plugin {
    /// `mysql_native_password`. Without [`Options::rich`] the greeting names no plugin, as was
    /// observed of the real one.
    #[default]
    Native,
    /// `caching_sha2_password`, always with fast authentication.
    CachingSha2,
}

/// The settings of a local Hyperdrive. Defaults are those of the real one where it documents them.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database to connect to.
    pub origin: Opts,
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The authentication plugin of the handshake with the Worker.
    pub plugin: Plugin,
    /// Offers the capabilities of a MySQL server in the greeting instead of Hyperdrive's few.
    pub rich: bool,
    /// The maximum number of connections to the origin. The real default is 20 on the free plan.
    pub origin_connection_limit: usize,
    /// The time that a statement waits for a connection to the origin.
    pub acquire_timeout: Duration,
    /// The time that a statement may run.
    pub statement_timeout: Duration,
    /// Answers reads from a cache for a minute, as the real Hyperdrive does unless its
    /// configuration is created with `--caching-disabled`.
    pub caching: bool,
    /// Keeps statements for [`crate::Hyperdrive::take_statements`], with all literals in them.
    pub keep_statements: bool,
    /// Refuses further statements: given the text of one and its shape (the tokens, separated by
    /// spaces, with `?` in place of every literal), returns the message of the error to answer.
    pub refuse: Option<fn(sql: &str, shape: &str) -> Option<String>>,
}

impl Options {
    /// The default settings for an origin, on a free port.
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
            refuse: None,
        }
    }
}
