//! `cargo xtask migrate`: brings a database up to date with the files of `migrations/`.

use anyhow::{Context as _, Result};
use migrator::{Migration, Migrations, notes};
use mysql_async::Conn;

use crate::settings;
use xtask_host::process::root;

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

/// Brings a database up to date, or says what that would take.
pub(crate) async fn apply(url: &str, dry_run: bool) -> Result<()> {
    let migrations = Migrations::read(&root().join("migrations"))?;
    let mut conn = settings::connect(url).await?;
    let result = tell(&mut conn, &migrations, dry_run).await;
    conn.disconnect().await.ok();
    result
}

async fn tell(conn: &mut Conn, migrations: &Migrations, dry_run: bool) -> Result<()> {
    let plan = if dry_run {
        let plan = migrations.plan(conn).await?;
        plan.pending.iter().copied().for_each(would_apply);
        plan
    } else {
        migrations.apply(conn, applying).await?
    };
    if plan.pending.is_empty() {
        let applied = plan.applied;
        eprintln!("  the database is up to date: {applied} applied");
    }
    for note in notes(conn).await? {
        eprintln!("  note: {note}");
    }
    Ok(())
}

fn applying(migration: &Migration) {
    let Migration { version, name, .. } = migration;
    eprintln!("  applying {version:04} {name}");
}

fn would_apply(migration: &Migration) {
    let Migration {
        version, name, sql, ..
    } = migration;
    println!("would apply {version:04} {name}:\n{}", sql.trim());
}
