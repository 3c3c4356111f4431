//! The tests' own look at the database.

use std::sync::OnceLock;

use mysql_async::prelude::{Queryable as _, ToValue};
use mysql_async::{Conn, Opts, Value};
use testkit::database;

use super::in_workerd;

/// A database made anew for this run.
pub(crate) struct Database {
    options: Opts,
}

impl Database {
    /// The database that all apps of this run use.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Database> = OnceLock::new();
        SHARED.get_or_init(|| Self::with(|_| String::new(), "shared"))
    }

    /// A database of a test's own, whose `user` table was there before, with these table options.
    pub(crate) fn start(name: &str, options: &'static str) -> Self {
        let table = |created: &str| {
            let (columns, _) = created.rsplit_once(')').expect("a table");
            format!("{columns}) {options}")
        };
        Self::with(table, name)
    }

    /// A database of a test's own, whose `user` table was there before, with these columns and keys.
    pub(crate) fn with_table(name: &str, columns: &str) -> Self {
        Self::with(|_| format!("CREATE TABLE `user` ({columns})"), name)
    }

    /// A database in which a statement makes an old table; it is given the one of the migrations.
    fn with(table: impl FnOnce(&str) -> String, name: &str) -> Self {
        let table = table(&database::migrations().all()[0].sql);
        let target = if in_workerd() { "workerd" } else { "native" };
        let name = format!("gatehouse_api_{target}_{name}");
        // A thread, since this may be called from inside a runtime.
        let make = std::thread::spawn(move || block_on(Self::make(&name, &table)));
        make.join().expect("a database")
    }

    async fn make(name: &str, table: &str) -> Self {
        let table = (!table.is_empty()).then_some(table);
        let statements: Vec<_> = table.into_iter().collect();
        let options = "CHARACTER SET latin1";
        let url = database::create(&database::url(), name, options, &statements).await;
        let mut conn = database::connect(&url).await;
        database::migrate(&mut conn).await;
        conn.disconnect().await.expect("disconnect");
        Self {
            options: database::options(&url),
        }
    }

    pub(crate) fn options(&self) -> Opts {
        self.options.clone()
    }

    pub(crate) async fn conn(&self) -> Conn {
        Conn::new(self.options.clone()).await.expect("a connection")
    }

    /// Puts a row into the table as the replaced system could have left it; returns its id.
    pub(crate) async fn insert(&self, email: Option<&str>, password: Option<&str>) -> i64 {
        let mut conn = self.conn().await;
        conn.exec_drop(
            "INSERT INTO `user` (email, password) VALUES (?, ?)",
            (email, password),
        )
        .await
        .expect("insert");
        conn.last_insert_id().expect("an id").cast_signed()
    }

    /// A column of the row of an e-mail, compared byte by byte.
    pub(crate) async fn column(&self, column: &str, email: &str) -> Vec<Value> {
        let sql =
            format!("SELECT {column} FROM `user` WHERE CAST(email AS BINARY) = CAST(? AS BINARY)");
        self.conn().await.exec(sql, (email,)).await.expect("select")
    }

    pub(crate) async fn execute(&self, sql: &str, value: impl ToValue) {
        self.conn()
            .await
            .exec_drop(sql, (value.to_value(),))
            .await
            .expect("execute");
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}
