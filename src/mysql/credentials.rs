//! The user, password and database of a connection.

use std::fmt;

/// The user, password and database of a connection. `Debug` hides the password.
#[derive(Clone)]
pub struct Credentials {
    /// The MySQL user name.
    pub user: String,
    /// The user's password; empty if there is none.
    pub password: String,
    /// The default database. The handshake selects it, because Hyperdrive supports neither `USE`
    /// nor `COM_INIT_DB`.
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
