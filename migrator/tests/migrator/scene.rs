//! A database of a test's own and the folder of its migrations.

use std::error::Error as _;
use std::path::PathBuf;

use migrator::{Error, Migrations};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use testkit::{database, empty_folder, root};

pub(crate) struct Scene {
    url: String,
    pub(crate) folder: PathBuf,
}

impl Scene {
    /// A scene whose folder is new and empty.
    pub(crate) async fn new(name: &str) -> Self {
        let folder = empty_folder(&format!("migrator-{name}"));
        Self::on(&database::url(), name, folder).await
    }

    /// A scene with the project's own migrations.
    pub(crate) async fn own(name: &str) -> Self {
        Self::own_on(&database::url(), name).await
    }

    /// The same on the server of a URL.
    pub(crate) async fn own_on(server: &str, name: &str) -> Self {
        Self::on(server, name, root().join("migrations")).await
    }

    async fn on(server: &str, name: &str, folder: PathBuf) -> Self {
        let name = format!("gatehouse_migrate_{name}");
        let url = database::create(server, &name, "", &[]).await;
        Self { url, folder }
    }

    /// Writes a file into its folder.
    pub(crate) fn file(&self, name: &str, sql: &str) {
        std::fs::write(self.folder.join(name), sql).unwrap();
    }

    /// Applies its migrations; an error with its causes.
    pub(crate) async fn apply(&self) -> Result<(), String> {
        let told = |error: Error| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        let migrations = Migrations::read(&self.folder).map_err(told)?;
        let mut conn = self.conn().await;
        let applied = migrations.apply(&mut conn, |_| {}).await;
        applied.map(drop).map_err(told)
    }

    pub(crate) async fn conn(&self) -> Conn {
        database::connect(&self.url).await
    }

    pub(crate) async fn tables(&self) -> Vec<String> {
        self.conn().await.query("SHOW TABLES").await.unwrap()
    }
}
