//! Migrations and a database: what was applied, what is to be, and applying it.

use mysql_async::{Conn, params, prelude::Queryable as _};

use crate::{Error, Migration, Migrations};

/// Seconds to wait for another run to end.
const LOCK_WAIT: u32 = 60;
/// The name of the lock. Names are the whole server's and have 64 characters at most. (Not MD5,
/// which MySQL has no more.)
const LOCK: &str = "CONCAT('gatehouse_migrate:', LEFT(SHA2(DATABASE(), 256), 32))";

/// How far a database is.
#[derive(Debug)]
pub struct Plan<'a> {
    /// How many migrations were applied.
    pub applied: usize,
    /// Those that were not, in order.
    pub pending: Vec<&'a Migration>,
}

impl Migrations {
    /// Says how far a database is, and changes nothing.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn plan(&self, conn: &mut Conn) -> Result<Plan<'_>, Error> {
        let place = place(conn);
        let plan = async {
            lock(conn).await?;
            let plan = self.pending(conn).await?;
            unlock(conn).await?;
            Ok(plan)
        };
        plan.await.map_err(|error: Error| error.at(&place))
    }

    /// Brings a database up to date, calling `before` with each migration that is about to be
    /// applied. Returns how far the database was.
    ///
    /// # Errors
    /// When the database refuses something or the connection breaks; when another run takes too
    /// long; and when the database has a migration that is not in this list, or another one under
    /// its number. After a failure the connection must be closed, which releases the lock.
    pub async fn apply(
        &self,
        conn: &mut Conn,
        mut before: impl FnMut(&Migration),
    ) -> Result<Plan<'_>, Error> {
        let place = place(conn);
        let apply = async {
            lock(conn).await?;
            let plan = self.pending(conn).await?;
            for migration in &plan.pending {
                before(migration);
                let failed = |source| Error::Failed {
                    version: migration.version,
                    name: migration.name.clone(),
                    source,
                };
                apply_one(conn, migration).await.map_err(failed)?;
            }
            unlock(conn).await?;
            Ok(plan)
        };
        apply.await.map_err(|error: Error| error.at(&place))
    }

    async fn pending(&self, conn: &mut Conn) -> Result<Plan<'_>, Error> {
        let applied = applied(conn).await?;
        for (version, name, checksum) in &applied {
            let (version, name) = (*version, name.clone());
            let mut all = self.all().iter();
            match all.find(|migration| migration.version == version) {
                None => return Err(Error::Unknown { version, name }),
                Some(migration) if !migration.was(checksum) => {
                    return Err(Error::Changed { version, name });
                }
                Some(_) => {}
            }
        }
        let is_pending = |migration: &&Migration| {
            applied
                .iter()
                .all(|(other, ..)| *other != migration.version)
        };
        Ok(Plan {
            applied: applied.len(),
            pending: self.all().iter().filter(is_pending).collect(),
        })
    }
}

/// Host and port of a database.
pub(crate) fn place(conn: &Conn) -> String {
    let options = conn.opts();
    format!("{}:{}", options.ip_or_hostname(), options.tcp_port())
}

async fn lock(conn: &mut Conn) -> Result<(), Error> {
    let got: Option<Option<u8>> = conn
        .query_first(format!("SELECT GET_LOCK({LOCK}, {LOCK_WAIT})"))
        .await?;
    match got.flatten() {
        Some(1) => Ok(()),
        _ => Err(Error::Locked(LOCK_WAIT)),
    }
}

async fn unlock(conn: &mut Conn) -> Result<(), Error> {
    Ok(conn.query_drop(format!("DO RELEASE_LOCK({LOCK})")).await?)
}

async fn apply_one(conn: &mut Conn, migration: &Migration) -> Result<(), mysql_async::Error> {
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
    .await
}

/// What is recorded as applied: version, name, checksum. Nothing on a database that has not seen
/// a migration.
async fn applied(conn: &mut Conn) -> Result<Vec<(u32, String, String)>, Error> {
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
