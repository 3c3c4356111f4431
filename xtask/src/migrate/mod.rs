//! `cargo xtask migrate`: the numbered files of `migrations/`, each applied once.
//!
//! Our own and small: the runners on crates.io take no lock on MySQL.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use hyperdrive_local::url;
use mysql_async::{Conn, params, prelude::Queryable as _};
use sha2::{Digest as _, Sha256};

use crate::process::root;
use crate::settings;

mod table;

/// What files were that have been changed since, by version and SHA-256. Where they were applied they
/// count as the ones of today.
///
/// They left the character set or the collation to the server. Where that makes a difference, in
/// `user`, `migrate` says so.
const FORMER: [(u32, &str); 3] = [
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
];

/// Seconds to wait for another run to end.
const LOCK_WAIT: u32 = 60;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only say what would be applied.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let url = settings::database_url()?.context(
        "no database is named: set DATABASE_URL=mysql://user:password@host:3306/database, or \
         DATABASE_HOST, DATABASE_NAME, DATABASE_USER and DATABASE_PASSWORD, here or in .env",
    )?;
    apply(&url, options.dry_run).await
}

/// A file of `migrations/`.
#[derive(Debug, PartialEq, Eq)]
struct Migration {
    version: u32,
    name: String,
    sql: String,
    checksum: String,
}

/// Brings a database up to date, or says what that would take.
pub(crate) async fn apply(url: &str, dry_run: bool) -> Result<()> {
    apply_from(&root().join("migrations"), url, dry_run).await
}

async fn apply_from(folder: &Path, url: &str, dry_run: bool) -> Result<()> {
    let migrations = read(folder)?;
    let mut conn = settings::connect(url).await?;
    let place = url::place(conn.opts());
    let result = locked(&mut conn, &migrations, dry_run).await;
    conn.disconnect().await.ok();
    result.map_err(|error| match error.downcast_ref() {
        Some(mysql_async::Error::Io(_)) => anyhow!(
            "the connection to the database at {place} broke; run it again, which goes on where this one ended"
        ),
        _ => error,
    })
}

async fn locked(conn: &mut Conn, migrations: &[Migration], dry_run: bool) -> Result<()> {
    // Locks are named for the whole server, and a name has 64 characters at most. (Not MD5, which
    // MySQL has no more.)
    let lock = "CONCAT('gatehouse_migrate:', LEFT(SHA2(DATABASE(), 256), 32))";
    let got: Option<Option<u8>> = conn
        .query_first(format!("SELECT GET_LOCK({lock}, {LOCK_WAIT})"))
        .await?;
    if got.flatten() != Some(1) {
        bail!("another migration of this database is running, for over {LOCK_WAIT} s");
    }
    pending(conn, migrations, dry_run).await?;
    // After a failure it is released with the connection.
    conn.query_drop(format!("DO RELEASE_LOCK({lock})")).await?;
    Ok(())
}

async fn pending(conn: &mut Conn, migrations: &[Migration], dry_run: bool) -> Result<()> {
    let applied = applied(conn).await?;
    check_applied(migrations, &applied)?;
    let pending: Vec<_> = migrations
        .iter()
        .filter(|migration| {
            applied
                .iter()
                .all(|(version, ..)| *version != migration.version)
        })
        .collect();
    if pending.is_empty() {
        eprintln!("  the database is up to date: {} applied", applied.len());
    }
    for migration in pending {
        if dry_run {
            println!(
                "would apply {:04} {}:\n{}",
                migration.version,
                migration.name,
                migration.sql.trim()
            );
            continue;
        }
        eprintln!("  applying {:04} {}", migration.version, migration.name);
        apply_one(conn, migration)
            .await
            .with_context(|| format!("migration {:04} {}", migration.version, migration.name))?;
    }
    for note in table::notes(conn).await? {
        eprintln!("  note: {note}");
    }
    Ok(())
}

async fn apply_one(conn: &mut Conn, migration: &Migration) -> Result<()> {
    conn.query_drop(
        "CREATE TABLE IF NOT EXISTS `gatehouse_migration` (`version` INT UNSIGNED NOT NULL PRIMARY KEY, \
         `name` VARCHAR(100) NOT NULL, `checksum` CHAR(64) NOT NULL, \
         `applied_at` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) \
         DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
    )
    .await?;
    conn.query_drop(&migration.sql).await?;
    conn.exec_drop(
        "INSERT INTO `gatehouse_migration` (`version`, `name`, `checksum`) VALUES (:version, :name, :checksum)",
        params! { "version" => migration.version, "name" => &migration.name, "checksum" => &migration.checksum },
    )
    .await?;
    Ok(())
}

/// What is recorded as applied: version, name, checksum. Nothing on a database that has not seen
/// a migration: a dry run leaves it as it is.
async fn applied(conn: &mut Conn) -> Result<Vec<(u32, String, String)>> {
    let table: Option<String> = conn
        .query_first(
            "SELECT TABLE_NAME FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'gatehouse_migration'",
        )
        .await?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    Ok(conn
        .query("SELECT `version`, `name`, `checksum` FROM `gatehouse_migration` ORDER BY `version`")
        .await?)
}

fn check_applied(migrations: &[Migration], applied: &[(u32, String, String)]) -> Result<()> {
    for (version, name, checksum) in applied {
        match migrations
            .iter()
            .find(|migration| migration.version == *version)
        {
            None => bail!(
                "the database has migration {version:04} {name}, which this checkout does not: update the checkout"
            ),
            Some(migration)
                if migration.checksum != *checksum && !FORMER.contains(&(*version, checksum)) =>
            {
                bail!(
                    "migration {version:04} {name} was changed after it was applied: restore the file and put the change into a new one"
                )
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The files of a folder in the order of their numbers, which run from 1 without a gap.
fn read(folder: &Path) -> Result<Vec<Migration>> {
    let mut migrations = Vec::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let named = stem
            .split_once('_')
            .and_then(|(number, name)| Some((number.parse().ok()?, name.to_owned())));
        let (version, name) =
            named.with_context(|| format!("{} is not named NNNN_name.sql", path.display()))?;
        let sql = std::fs::read_to_string(&path)?;
        if !is_one_statement(&sql) {
            bail!("{} must hold one statement", path.display());
        }
        let checksum = hex::encode(Sha256::digest(sql.as_bytes()));
        migrations.push(Migration {
            version,
            name,
            sql,
            checksum,
        });
    }
    migrations.sort_by_key(|migration| migration.version);
    for (migration, expected) in migrations.iter().zip(1..) {
        if migration.version != expected {
            bail!("the migrations have a gap or a number twice at {expected:04}");
        }
    }
    Ok(migrations)
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

#[cfg(test)]
mod tests;
