//! Why migrations cannot be read or applied.

use std::io;
use std::path::PathBuf;

/// Why migrations cannot be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file's name has no number.
    #[error("{0} is not named NNNN_name.sql")]
    Unnumbered(PathBuf),
    /// A file has no statement, or several.
    #[error("{0} must hold one statement")]
    NotOneStatement(PathBuf),
    /// The numbers do not run from 1 without a gap.
    #[error("the migrations have a gap or a number twice at {0:04}")]
    Gap(u32),
    /// Another run holds the lock.
    #[error("another migration of this database is running, for over {0} s")]
    Locked(u32),
    /// The database is ahead of the folder.
    #[error(
        "the database has migration {version:04} {name}, which this checkout does not: update the checkout"
    )]
    Unknown {
        /// The number of the migration.
        version: u32,
        /// Its name.
        name: String,
    },
    /// A file differs from the one that was applied.
    #[error(
        "migration {version:04} {name} was changed after it was applied: restore the file and put the change into a new one"
    )]
    Changed {
        /// The number of the migration.
        version: u32,
        /// Its name.
        name: String,
    },
    /// The database refused a migration.
    #[error("migration {version:04} {name}")]
    Failed {
        /// The number of the migration.
        version: u32,
        /// Its name.
        name: String,
        /// The database's words.
        source: mysql_async::Error,
    },
    /// The connection broke on the way.
    #[error(
        "the connection to the database at {place} broke; run it again, which goes on where this one ended"
    )]
    Broken {
        /// Host and port of the database.
        place: String,
    },
    /// The database refused something else.
    #[error(transparent)]
    Database(#[from] mysql_async::Error),
}

impl Error {
    /// The same, but [`Self::Broken`] where it is the connection that failed.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Self::Failed {
                source: mysql_async::Error::Io(_),
                ..
            }
            | Self::Database(mysql_async::Error::Io(_)) => Self::Broken {
                place: place.to_owned(),
            },
            other => other,
        }
    }
}
