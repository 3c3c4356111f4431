//! Requests that meet in the database: they wait for a lock that a test holds, in the order in which
//! they came.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, Value};
use testkit::MariaDb;

use super::App;
use super::database::Database;

/// A database of a test's own, and what holds a lock there.
pub(crate) struct Race {
    holder: Conn,
    options: Opts,
    eye: Opts,
    _server: Option<MariaDb>,
}

impl Race {
    /// On the server of the other tests, which reads under REPEATABLE READ.
    pub(crate) async fn start(name: &str) -> Self {
        let database = Database::start(name, "CHARACTER SET utf8mb4");
        Self::on(database.options(), database.options(), None).await
    }

    /// On one that reads under READ COMMITTED, if there is one on this machine.
    pub(crate) async fn read_committed(name: &str) -> Option<Self> {
        let isolation = &["--transaction-isolation=READ-COMMITTED"];
        let Some(server) = MariaDb::start(name, isolation).await else {
            testkit::lacks("there is no MariaDB on this machine");
            return None;
        };
        let (options, eye) = (server.options(), server.admin().await.opts().clone());
        Some(Self::on(options, eye, Some(server)).await)
    }

    async fn on(options: Opts, eye: Opts, server: Option<MariaDb>) -> Self {
        let holder = Conn::new(options.clone()).await.expect("a connection");
        Self {
            holder,
            options,
            eye,
            _server: server,
        }
    }

    /// An app on the database.
    pub(crate) fn app(&self) -> App {
        App::with().origin(self.options.clone()).start()
    }

    /// Lets the server plan by what is in the tables now.
    pub(crate) async fn analyze(&mut self) {
        let sql = "ANALYZE TABLE `user`, gatehouse_session, gatehouse_login_throttle";
        self.holder.query_drop(sql).await.expect(sql);
    }

    /// Locks rows, by a statement in a transaction.
    pub(crate) async fn hold(&mut self, sql: &str, value: impl Into<Value>) {
        let begin = self.holder.query_drop("BEGIN").await;
        begin.expect("a transaction");
        let locked = self.holder.exec_drop(sql, (value.into(),)).await;
        locked.expect("a lock");
    }

    /// Runs two requests, each of which has to wait for the lock, in this order.
    pub(crate) async fn run<A, B>(
        &mut self,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
    ) -> (A, B) {
        let (mut one, mut two) = (self.eye().await, self.eye().await);
        let after = async {
            one.until_waiting(1).await;
            second.await
        };
        let release = async {
            two.until_waiting(1).await;
            two.until_both_wait().await;
            self.holder.query_drop("COMMIT").await.expect("an end");
        };
        let (first, second, ()) = tokio::join!(first, after, release);
        (first, second)
    }

    /// Runs a request that has to wait for the lock.
    pub(crate) async fn run_one<A>(&mut self, request: impl Future<Output = A>) -> A {
        let mut eye = self.eye().await;
        let release = async {
            eye.until_waiting(1).await;
            self.holder.query_drop("COMMIT").await.expect("an end");
        };
        let (answer, ()) = tokio::join!(request, release);
        answer
    }

    /// The same, and runs another statement while it waits.
    pub(crate) async fn run_and<A>(
        &mut self,
        request: impl Future<Output = A>,
        sql: &str,
        value: &str,
    ) -> A {
        let mut eye = self.eye().await;
        let release = async {
            eye.until_waiting(1).await;
            let done = self.holder.exec_drop(sql, (value,)).await;
            done.expect(sql);
            self.holder.query_drop("COMMIT").await.expect("an end");
        };
        let (answer, ()) = tokio::join!(request, release);
        answer
    }

    /// The same, but its connection is killed while it waits.
    pub(crate) async fn run_killed<A>(&mut self, request: impl Future<Output = A>) -> A {
        let mut eye = self.eye().await;
        let kill = async {
            let id = eye.until_waiting(1).await;
            let kill = eye.conn.query_drop(format!("KILL {id}")).await;
            kill.expect("a connection");
            self.holder.query_drop("COMMIT").await.expect("an end");
        };
        let (answer, ()) = tokio::join!(request, kill);
        answer
    }

    /// How many rows a table has.
    pub(crate) async fn count(&mut self, table: &str) -> u64 {
        let sql = format!("SELECT COUNT(*) FROM `{table}`");
        let count = self.holder.query_first(sql).await.expect("a count");
        count.expect("a count")
    }

    async fn eye(&self) -> Eye {
        Eye {
            conn: Conn::new(self.eye.clone()).await.expect("a connection"),
            database: self.options.db_name().expect("a name").to_owned(),
        }
    }
}

/// A look at who waits in a database.
struct Eye {
    conn: Conn,
    database: String,
}

impl Eye {
    /// Waits until two statements wait for a lock, for a while: a refresh is late after 3 s, and a slow
    /// machine does not get the other request there before.
    async fn until_both_wait(&mut self) {
        let both = self.until_waiting(2);
        let _ = tokio::time::timeout(Duration::from_secs(2), both).await;
    }

    /// Waits until so many statements wait for a lock; returns the connection of one.
    async fn until_waiting(&mut self, statements: usize) -> u64 {
        // What takes so long waits. (INNODB_TRX is not renewed while others read it.)
        let sql = "SELECT ID FROM information_schema.PROCESSLIST
                   WHERE DB = ? AND COMMAND = 'Query' AND TIME_MS > 200";
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let ids = self.conn.exec(sql, (&self.database,)).await;
            let ids: Vec<u64> = ids.expect("connections");
            if ids.len() >= statements {
                return ids[0];
            }
            assert!(Instant::now() < deadline, "{} wait", ids.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
