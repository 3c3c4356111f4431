//! Against real servers: the private one, and the one of `TEST_MYSQL_URL` if there is one.

mod accounts;
mod statements;
mod values;

use gatehouse::mysql::{Connection, Credentials, Error, Row, Statement};
use mysql_async::Opts;
use mysql_async::prelude::Queryable as _;
use testkit::database;
use tokio::net::TcpStream;

use crate::script::Rsa;

/// A real server.
#[derive(Clone)]
pub(crate) struct RealServer {
    options: Opts,
}

/// The servers to test on. A test that is run without any fails.
pub(crate) fn servers() -> Vec<RealServer> {
    let urls = database::urls().into_iter();
    urls.map(|url| RealServer {
        options: database::options(&url),
    })
    .collect()
}

impl RealServer {
    pub(crate) fn credentials(&self) -> Credentials {
        let text = |text: Option<&str>| text.expect("a whole URL").to_owned();
        Credentials {
            user: text(self.options.user()),
            password: text(self.options.pass()),
            database: text(self.options.db_name()),
        }
    }

    pub(crate) async fn try_connect(
        &self,
        credentials: &Credentials,
    ) -> Result<Connection<TcpStream>, Error> {
        let address = (self.options.ip_or_hostname(), self.options.tcp_port());
        Connection::connect(TcpStream::connect(address).await?, credentials, &Rsa).await
    }

    pub(crate) async fn connect(&self) -> Connection<TcpStream> {
        self.try_connect(&self.credentials())
            .await
            .expect("a connection")
    }

    /// Another client, for what this one does not do.
    pub(crate) async fn admin(&self) -> mysql_async::Conn {
        mysql_async::Conn::new(self.options.clone())
            .await
            .expect("a connection")
    }

    pub(crate) async fn is_mariadb(&self) -> bool {
        let version: Option<String> = self
            .admin()
            .await
            .query_first("SELECT VERSION()")
            .await
            .expect("a version");
        version.expect("a version").contains("MariaDB")
    }

    /// A database of a test's own with the tables of this version.
    pub(crate) async fn migrated(&self, name: &str) {
        let mut admin = self.admin().await;
        for sql in [
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("CREATE DATABASE {name}"),
            format!("USE {name}"),
        ] {
            admin.query_drop(sql).await.expect("a database");
        }
        database::migrate(&mut admin).await;
    }

    /// A table of a test's own, empty.
    pub(crate) async fn table(&self, name: &str, columns: &str) {
        let mut admin = self.admin().await;
        admin
            .query_drop(format!("DROP TABLE IF EXISTS `{name}`"))
            .await
            .expect("drop");
        admin
            .query_drop(format!("CREATE TABLE `{name}` ({columns})"))
            .await
            .expect("create");
    }

    /// An account of a test's own.
    pub(crate) async fn account(&self, name: &str, identified: &str) {
        let mut admin = self.admin().await;
        admin
            .query_drop(format!("DROP USER IF EXISTS '{name}'@'%'"))
            .await
            .expect("drop");
        admin
            .query_drop(format!("CREATE USER '{name}'@'%' {identified}"))
            .await
            .expect("create");
        let database = self.options.db_name().expect("a database");
        admin
            .query_drop(format!("GRANT SELECT ON `{database}`.* TO '{name}'@'%'"))
            .await
            .expect("grant");
    }
}

pub(crate) async fn one(connection: &mut Connection<TcpStream>, statement: Statement) -> Row {
    connection.query(&statement).await.expect("a row").remove(0)
}
