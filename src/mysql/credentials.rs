//! Who connects to what.

use std::fmt;

/// User, password and database of a connection.
#[derive(Clone)]
pub struct Credentials {
    /// The account's name.
    pub user: String,
    /// The account's password; empty for none.
    pub password: String,
    /// The database that statements refer to: it is named in the handshake, since Hyperdrive
    /// knows neither `USE` nor `COM_INIT_DB`.
    pub database: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"***")
            .field("database", &self.database)
            .finish()
    }
}
