//! The budgets of failed logins: the statements that the Worker sends, on real servers whose time
//! the tests set.

mod model;
mod networks;
mod properties;
mod siege;
mod time;

use gatehouse::db::login_throttle::{self, Attempt, Decision, Limits, Source, Taken};
use gatehouse::identity::pseudonym::{AccountPseudonym, NetworkPseudonym, Pseudonyms};
use gatehouse::mysql::{Connection, Credentials, Statement};
use gatehouse::statement;
use tokio::net::TcpStream;

use crate::live::RealServer;

pub(crate) const LIMITS: Limits = Limits {
    per_network: 30,
    per_account: 100,
};
pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// When the tests begin: 2026-11-24.
pub(crate) const START: u64 = 1_795_516_428;

/// An account on a server whose time stands where a test puts it.
pub(crate) struct Account {
    connection: Connection<TcpStream>,
    keys: Pseudonyms,
    key: AccountPseudonym,
    limits: Limits,
    /// Seconds since [`START`].
    pub(crate) now: u64,
    time_of_server: Option<u64>,
}

impl Account {
    /// An account that nobody has tried, in a database of this test's own.
    pub(crate) async fn on(server: &RealServer, test: &str) -> Self {
        let name = format!("gatehouse_throttle_{test}");
        server.migrated(&name).await;
        let credentials = Credentials {
            database: name,
            ..server.credentials()
        };
        let connection = server.try_connect(&credentials).await;
        let keys = Pseudonyms::new("a secret of the tests").expect("keys");
        Self {
            connection: connection.expect("a connection"),
            key: keys.account("ada@example.com"),
            keys,
            limits: LIMITS,
            now: 0,
            time_of_server: None,
        }
    }

    fn network(&self, number: u32) -> NetworkPseudonym {
        self.keys.network(&self.key, &number.to_string())
    }

    /// Runs SQL of the test.
    pub(crate) async fn run(&mut self, sql: &'static str) -> u64 {
        let done = self
            .connection
            .execute(&Statement::new("testing", sql))
            .await;
        done.expect("done").rows
    }

    pub(crate) async fn set_time(&mut self) {
        if self.time_of_server != Some(self.now) {
            let set = statement!("testing", "SET TIMESTAMP = :a", a = START + self.now);
            self.connection.execute(&set).await.expect("a time");
            self.time_of_server = Some(self.now);
        }
    }

    /// Asks to compare a password.
    pub(crate) async fn take(&mut self, network: u32) -> Decision {
        self.set_time().await;
        let source = Source::Network(self.network(network));
        let take = login_throttle::taking(&self.key, source, self.limits);
        let done = self.connection.execute(&take).await.expect("a decision");
        Decision::read(done.last_insert_id).expect("a decision")
    }

    /// The password was right.
    pub(crate) async fn succeed(&mut self, network: u32, taken: Taken) {
        assert!(self.settle(network, taken, Attempt::First).await);
    }

    /// The password was right, and it is unknown whether that was recorded before.
    pub(crate) async fn succeed_again(&mut self, network: u32, taken: Taken) {
        assert!(self.settle(network, taken, Attempt::Repeat).await);
    }

    /// The same; says whether there was a row, as the reply tells.
    pub(crate) async fn settle(&mut self, network: u32, taken: Taken, attempt: Attempt) -> bool {
        let network = self.network(network);
        let source = Source::Network(network);
        let settle =
            login_throttle::succeeding(&self.key, source, network, taken, self.limits, attempt);
        let done = self.connection.execute(&settle).await.expect("an update");
        done.last_insert_id == 1
    }

    /// Logs in with the right password; says whether it was compared.
    pub(crate) async fn log_in(&mut self, network: u32) -> bool {
        match self.take(network).await {
            Decision::Go(taken) => {
                self.succeed(network, taken).await;
                true
            }
            Decision::Wait(_) => false,
        }
    }

    /// Guesses wrong until told to wait; says how often, and how long to wait.
    pub(crate) async fn guess_all(&mut self, network: u32) -> (u32, u64) {
        for count in 0.. {
            if let Decision::Wait(wait) = self.take(network).await {
                return (count, wait.as_secs());
            }
        }
        unreachable!()
    }
}
