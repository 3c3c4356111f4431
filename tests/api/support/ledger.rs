//! Load on an app, and what its clients were told: afterwards the database must agree.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use super::budgets::until_strangers_owe;
use super::{Answer, App, PASSWORD, User, unique_email};

/// How often a patient client sends a request.
const TRIES: u32 = 6;

/// What clients were told.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Whether clients try again after a 503, when `Retry-After` has passed.
    is_patient: bool,
    registered: Mutex<Vec<String>>,
    /// By user.
    names: Mutex<HashMap<i64, Names>>,
    answers: Mutex<BTreeMap<(&'static str, u16), u32>>,
    phase: Mutex<Phase>,
    /// What no client should have been told. The load goes on, so that all of it is known.
    wrong: Mutex<Vec<String>>,
    rounds: AtomicU32,
    ended: AtomicBool,
}

/// The names that a user can have.
#[derive(Debug, Clone, Default)]
struct Names {
    acknowledged: Option<String>,
    /// Sent after that, each without an answer that tells whether it was written.
    sent: Vec<String>,
}

/// A part of the load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase {
    pub(crate) answers: u32,
    /// Those with 503.
    pub(crate) failed: u32,
    /// Among all requests.
    pub(crate) any: Gap,
    /// Among those that write: registrations and updates.
    pub(crate) writes: Gap,
}

/// The longest time without a good answer.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    pub(crate) longest: Duration,
    last: Instant,
}

impl Default for Gap {
    fn default() -> Self {
        Self {
            longest: Duration::ZERO,
            last: Instant::now(),
        }
    }
}

impl Gap {
    /// A good answer, or the end.
    fn end(&mut self) {
        self.longest = self.longest.max(self.last.elapsed());
        self.last = Instant::now();
    }
}

impl Phase {
    fn add(&mut self, what: &str, status: u16) {
        self.answers += 1;
        if status == 503 {
            self.failed += 1;
            return;
        }
        self.any.end();
        if matches!(what, "register" | "update") {
            self.writes.end();
        }
    }
}

impl Ledger {
    /// One whose clients try again after a 503, when `Retry-After` has passed.
    pub(crate) fn patient() -> Self {
        Self {
            is_patient: true,
            ..Self::default()
        }
    }

    pub(crate) fn is_patient(&self) -> bool {
        self.is_patient
    }

    /// Tells the load to end.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    /// Begins a new phase, and returns the one that is over.
    pub(crate) fn next_phase(&self) -> Phase {
        let mut phase = self.phase.lock().expect("the ledger");
        let mut over = std::mem::take(&mut *phase);
        over.any.end();
        over.writes.end();
        over
    }

    /// Notes what is wrong, if it is.
    fn holds(&self, is_right: bool, what: impl Fn() -> String) {
        if !is_right {
            self.wrong.lock().expect("the ledger").push(what());
        }
    }

    fn count(&self, what: &'static str, status: u16) {
        self.phase.lock().expect("the ledger").add(what, status);
        let mut answers = self.answers.lock().expect("the ledger");
        *answers.entry((what, status)).or_default() += 1;
    }

    /// Sends a request, several times if clients are patient, and counts its answers, each of which
    /// is an expected one or 503. What was tried before may have happened: then the answer may be
    /// `repeated` too.
    async fn ask(
        &self,
        what: &'static str,
        expected: &[u16],
        repeated: &[u16],
        request: impl AsyncFn() -> Answer,
    ) -> Answer {
        let tries = if self.is_patient { TRIES } else { 1 };
        for tried in 1.. {
            let answer = request().await;
            let status = answer.status;
            self.count(what, status);
            if status != 503 {
                let is_expected =
                    expected.contains(&status) || (tried > 1 && repeated.contains(&status));
                self.holds(is_expected, || format!("{what}: {status}"));
                return answer;
            }
            if tried == tries {
                return answer;
            }
            let wait = answer.header("retry-after").parse().expect("seconds");
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
        unreachable!("the last try returns")
    }

    /// Registers one user after the other.
    pub(crate) async fn register(&self, app: &App) {
        while self.goes_on() {
            let email = unique_email();
            let register = async || app.register(&email, PASSWORD).await;
            let answer = self.ask("register", &[201], &[409], register).await;
            if matches!(answer.status, 201 | 409) {
                self.registered.lock().expect("the ledger").push(email);
            }
        }
    }

    /// Renames a user again and again; nobody else may.
    pub(crate) async fn rename(&self, user: &User<'_>) {
        while self.goes_on() {
            let round = self.rounds.fetch_add(1, Ordering::Relaxed);
            let name = format!("name {round}");
            let names = || self.names.lock().expect("the ledger");
            let sent = name.clone();
            names().entry(user.id).or_default().sent.push(sent);
            let changes = json!({ "name": name });
            let update = async || user.update(&changes).await;
            let answer = self.ask("update", &[200], &[], update).await;
            if answer.status == 200 {
                let told = answer.json()["name"].clone();
                self.holds(told == json!(name), || {
                    format!("{name} was answered by {told}")
                });
                let acknowledged = Names {
                    acknowledged: Some(name),
                    sent: Vec::new(),
                };
                names().insert(user.id, acknowledged);
            }
        }
    }

    /// Reads a user again and again.
    pub(crate) async fn read(&self, user: &User<'_>) {
        while self.goes_on() {
            let answer = self.ask("me", &[200], &[], async || user.me().await).await;
            if answer.status == 200 {
                let told = answer.json()["email"].clone();
                self.holds(told == json!(user.email), || {
                    format!("{} was {told}", user.email)
                });
            }
        }
    }

    /// Logs a user in again and again, with the right password and a wrong one. It may also be 429:
    /// what failed for the database's sake was counted as a failure, and with it what could not be
    /// forgotten after a right password.
    pub(crate) async fn login(&self, user: &User<'_>) {
        while self.goes_on() {
            let login = async || user.login().await;
            self.ask("login", &[200, 429], &[], login).await;
            let login = async || user.login_with("wrong password").await;
            self.ask("wrong password", &[401, 429], &[], login).await;
        }
    }

    /// Logs a user in again and again with the right password, each time from an address that the
    /// account does not know; nobody else may. It is let in however often it is: what a login takes
    /// of the budgets is given back. A login without an answer stays counted.
    pub(crate) async fn travel(&self, app: &App, user: &User<'_>) {
        let body = json!({ "email": user.email, "password": PASSWORD });
        for number in 0_u32.. {
            if !self.goes_on() {
                return;
            }
            let [_, _, high, low] = number.to_be_bytes();
            let address = format!("198.18.{high}.{low}");
            let login = async || {
                let request = app.request("POST", "/auth/login").json(&body);
                request.header("cf-connecting-ip", &address).send().await
            };
            self.ask("travel", &[200], &[], login).await;
        }
    }

    /// Waits until a user who has [travelled](Self::travel) owes nothing to the budget of strangers
    /// but the logins that got no answer, each of which takes `interval` seconds.
    pub(crate) async fn check_budget(&self, conn: &mut Conn, user: &User<'_>, interval: u64) {
        let answers = self.answers.lock().expect("the ledger").clone();
        let unanswered = answers.get(&("travel", 503)).copied().unwrap_or(0);
        assert!(answers.contains_key(&("travel", 200)), "nobody travelled");
        let most = u64::from(unanswered) * interval;
        let owed = until_strangers_owe(conn, &user.email, most).await;
        assert!(
            owed.is_ok(),
            "{owed:?} s of the budget are owed, {unanswered} logins had no answer; from the log:\n{}",
            about_budgets(&user.app.log())
        );
    }

    /// Guesses the passwords of one account after the other, each until its guesses are used up, of
    /// which there are so many.
    pub(crate) async fn guess(&self, app: &App, budget: u32) {
        while self.goes_on() {
            let email = unique_email();
            let (mut compared, mut refused) = (0, 0);
            while self.goes_on() && refused < 3 {
                let guess = async || app.login(&email, "wrong password").await;
                let answer = self.ask("guess", &[401, 429], &[], guess).await;
                compared += u32::from(answer.status == 401);
                refused += u32::from(answer.status == 429);
                self.holds(compared <= budget, || {
                    format!("{compared} guesses at one account")
                });
            }
        }
    }

    /// Answers so far: all, and those with 503.
    pub(crate) fn totals(&self) -> (u32, u32) {
        let answers = self.answers.lock().expect("the ledger");
        let failed = answers.iter().filter(|((_, status), _)| *status == 503);
        (answers.values().sum(), failed.map(|(_, count)| count).sum())
    }

    /// How often each request got which answer.
    pub(crate) fn summary(&self) -> String {
        let answers = self.answers.lock().expect("the ledger");
        let lines = answers
            .iter()
            .map(|((what, status), count)| format!("{what} {status}: {count}"));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// Checks what was told, and compares it with what is stored.
    pub(crate) async fn check(&self, conn: &mut Conn) {
        let wrong = self.wrong.lock().expect("the ledger").clone();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let registered = self.registered.lock().expect("the ledger").clone();
        assert!(!registered.is_empty(), "nobody was registered");
        for email in registered {
            let sql = "SELECT COUNT(*) FROM `user` WHERE email = ?";
            let count: Option<u64> = conn.exec_first(sql, (&email,)).await.expect("a count");
            assert_eq!(count, Some(1), "{email} was acknowledged");
        }
        let names = self.names.lock().expect("the ledger").clone();
        for (id, names) in names {
            let sql = "SELECT name FROM `user` WHERE id = ?";
            let stored: Option<Option<String>> = conn.exec_first(sql, (id,)).await.expect("a name");
            let stored = stored.expect("a row");
            let may_be = stored == names.acknowledged
                || stored
                    .as_ref()
                    .is_some_and(|name| names.sent.contains(name));
            assert!(may_be, "{id} is {stored:?}, of {names:?}");
        }
        let sql = "SELECT email FROM `user` GROUP BY email HAVING COUNT(*) > 1";
        let twice: Vec<String> = conn.query(sql).await.expect("rows");
        assert!(twice.is_empty(), "{twice:?}");
    }

    /// Checks that everyone who was registered can log in.
    pub(crate) async fn check_logins(&self, app: &App) {
        let registered = self.registered.lock().expect("the ledger").clone();
        for email in registered {
            app.login(&email, PASSWORD).await.expect(200);
        }
    }
}

/// The lines of a log that tell why a budget is not what it should be.
fn about_budgets(log: &str) -> String {
    const TELLING: [&str; 3] = [
        "while counting a login",
        "while remembering a login",
        "login_cleanup_failed",
    ];
    let is_telling = |line: &&str| TELLING.iter().any(|part| line.contains(part));
    log.lines()
        .filter(is_telling)
        .collect::<Vec<_>>()
        .join("\n")
}
