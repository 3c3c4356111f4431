//! Databases on the servers that `cargo xtask test` names: the private MariaDB of
//! `TEST_DATABASE_URL`, and the MySQL of `TEST_MYSQL_URL` if there is one.

use migrator::Migrations;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};

use crate::{root, variable};

/// How an API gets to a database.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// On 127.0.0.1.
    pub port: u16,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The database's name.
    pub database: String,
}

impl From<&Opts> for Credentials {
    /// # Panics
    /// When the options name no user, password or database.
    fn from(options: &Opts) -> Self {
        Self {
            port: options.tcp_port(),
            user: options.user().expect("a user").to_owned(),
            password: options.pass().expect("a password").to_owned(),
            database: options.db_name().expect("a database").to_owned(),
        }
    }
}

/// The URL of the private server.
#[must_use]
pub fn url() -> String {
    variable("TEST_DATABASE_URL")
}

/// The private server, and the MySQL if there is one.
#[must_use]
pub fn urls() -> Vec<String> {
    let mysql = std::env::var("TEST_MYSQL_URL").ok();
    std::iter::once(url()).chain(mysql).collect()
}

/// What a URL says, over TCP.
///
/// # Panics
/// When it is none of a database.
#[must_use]
pub fn options(url: &str) -> Opts {
    let options = Opts::from_url(url).expect("a database's URL");
    OptsBuilder::from_opts(options).prefer_socket(false).into()
}

/// A connection to the database of a URL.
///
/// # Panics
/// When there is none.
pub async fn connect(url: &str) -> Conn {
    Conn::new(options(url)).await.expect("a connection")
}

/// Makes a database anew on the server of a URL, with these options and statements; gives its URL.
///
/// # Panics
/// When a statement fails.
pub async fn create(server: &str, name: &str, options: &str, statements: &[&str]) -> String {
    let mut conn = connect(server).await;
    let make = [
        format!("DROP DATABASE IF EXISTS `{name}`"),
        format!("CREATE DATABASE `{name}` {options}"),
        format!("USE `{name}`"),
    ];
    let make = make.iter().map(String::as_str);
    for sql in make.chain(statements.iter().copied()) {
        conn.query_drop(sql).await.expect(sql);
    }
    conn.disconnect().await.expect("an end");
    let (base, _) = server.rsplit_once('/').expect("a database's URL");
    format!("{base}/{name}")
}

/// The project's own migrations.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn migrations() -> Migrations {
    Migrations::read(&root().join("migrations")).expect("migrations")
}

/// Makes the tables of this version.
///
/// # Panics
/// When that fails.
pub async fn migrate(conn: &mut Conn) {
    let migrations = migrations();
    let applied = migrations.apply(conn, |_| {}).await;
    applied.expect("migrations that can be applied");
}
