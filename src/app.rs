//! The state shared by all requests of an isolate.

use std::sync::Arc;

use crate::config::{Config, ConfigError};
use crate::db::Database;
use crate::identity::pseudonym::{DerivationError, Pseudonyms};
use crate::password::{HashError, Hasher};
use crate::platform::{Runtime, Services};
use crate::token::Tokens;

/// The state shared by all requests, built once per isolate without I/O.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// Runs work on database connections.
    pub db: Database,
    /// Hashes and verifies passwords.
    pub hasher: Hasher,
    /// Issues and verifies access tokens.
    pub tokens: Tokens,
    /// Makes the pseudonyms of e-mails and networks.
    pub pseudonyms: Pseudonyms,
    /// Reaches the database, the rate limiters and HTTP services.
    pub services: Arc<dyn Services>,
    /// The clock, timers, the log and counters.
    pub runtime: Arc<dyn Runtime>,
}

/// The reason why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Argon2 cannot hash at the configured cost.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The keys of the pseudonyms cannot be derived from `SECRET_KEY`.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
}

impl App {
    /// Builds the state from its configuration.
    ///
    /// # Errors
    /// [`StartError`] if no hasher or no keys can be made from the configuration.
    pub fn new(
        config: Config,
        services: Arc<dyn Services>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            db: Database::new(services.clone(), runtime.clone(), config.database),
            hasher: Hasher::new(config.password.cost, config.password.hash_max_memory_kib)?,
            tokens: Tokens::new(config.token.clone()),
            pseudonyms: Pseudonyms::new(&config.secret_key)?,
            config,
            services,
            runtime,
        })
    }
}
