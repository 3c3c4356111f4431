//! The state of an isolate.

use std::sync::Arc;

use crate::config::{Config, ConfigError};
use crate::db::Database;
use crate::identity::pseudonym::{DerivationError, Pseudonyms};
use crate::password::{HashError, Hasher};
use crate::platform::{Runtime, Services};
use crate::token::Tokens;

/// What every request shares: made once per isolate, and none of it does I/O.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The way to the database.
    pub db: Database,
    /// Hashes and verifies passwords.
    pub hasher: Hasher,
    /// Issues and verifies access tokens.
    pub tokens: Tokens,
    /// Makes the pseudonyms of e-mails and networks.
    pub pseudonyms: Pseudonyms,
    /// The way to other services.
    pub services: Arc<dyn Services>,
    /// The runtime.
    pub runtime: Arc<dyn Runtime>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No password can be hashed at the cost that is set.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No keys can be derived from the secret.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
}

impl App {
    /// An app from its configuration.
    ///
    /// # Errors
    /// [`StartError`].
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
