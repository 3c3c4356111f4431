//! The files of a folder of migrations.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::Error;

/// Checksums that files had before they were changed, by number: what was applied as one of these
/// counts as the file of today.
///
/// The first of each number left the character set or the collation to the server. Where that makes a
/// difference, in `user`, [`notes`](crate::notes) say so. The second of 3 differs in a comment alone.
pub const FORMER: [(u32, &str); 4] = [
    (
        1,
        "133382743498f560273f176f1f48bd527bc382672c1f6303abd23a3f6870aa77",
    ),
    (
        2,
        "c7c61b0c66ec593d8a6ae69d21c618e8c095127718a585049520c5edc5f25a9b",
    ),
    (
        3,
        "c0b8ce406a7e411c40954c8cb7e8172587ab7570d7bfba086357ced4ec3b70d6",
    ),
    (
        3,
        "3a9ee9177a943151253155ad5b0bd32ec3faa25e48b8bf671ff3ed94e566e351",
    ),
];

/// One migration: a file named `NNNN_name.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1.
    pub version: u32,
    /// Its name, without the number.
    pub name: String,
    /// Its one statement.
    pub sql: String,
    /// The SHA-256 of the file, in hexadecimal.
    pub checksum: String,
}

impl Migration {
    /// Reads a file.
    fn read(path: &Path) -> Result<Self, Error> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let (version, name) = stem
            .split_once('_')
            .and_then(|(number, name)| Some((number.parse().ok()?, name.to_owned())))
            .ok_or_else(|| Error::Unnumbered(path.to_owned()))?;
        let sql =
            fs::read_to_string(path).map_err(|error| Error::Unreadable(path.to_owned(), error))?;
        if !is_one_statement(&sql) {
            return Err(Error::NotOneStatement(path.to_owned()));
        }
        let checksum = hex::encode(Sha256::digest(sql.as_bytes()));
        Ok(Self {
            version,
            name,
            sql,
            checksum,
        })
    }

    /// Whether a file with this checksum is this one, or one that it was before.
    pub(crate) fn was(&self, checksum: &str) -> bool {
        self.checksum == checksum || FORMER.contains(&(self.version, checksum))
    }
}

/// The migrations of a folder, in the order of their numbers.
#[derive(Debug)]
pub struct Migrations(Vec<Migration>);

impl Migrations {
    /// Reads the `.sql` files of a folder, whose numbers must run from 1 without a gap.
    ///
    /// # Errors
    /// When a file cannot be read, has no number or not one statement, and when a number is missing
    /// or there twice.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let unreadable = |error| Error::Unreadable(folder.to_owned(), error);
        let mut migrations = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                migrations.push(Migration::read(&path)?);
            }
        }
        migrations.sort_by_key(|migration| migration.version);
        for (migration, expected) in migrations.iter().zip(1..) {
            if migration.version != expected {
                return Err(Error::Gap(expected));
            }
        }
        Ok(Self(migrations))
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Migration] {
        &self.0
    }
}

/// Whether no semicolon stands before the end, but in a comment line.
fn is_one_statement(sql: &str) -> bool {
    let lines = sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"));
    let statement = lines.collect::<Vec<_>>().join("\n");
    let statement = statement.trim();
    let statement = statement.strip_suffix(';').unwrap_or(statement);
    !statement.is_empty() && !statement.contains(';')
}
