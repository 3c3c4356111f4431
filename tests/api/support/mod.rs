//! An API to test: started on a port of its own, with a database of its own.

pub(crate) mod answer;
pub(crate) mod budgets;
pub(crate) mod database;
pub(crate) mod hyperdrive;
pub(crate) mod ledger;
pub(crate) mod native;
pub(crate) mod server;
pub(crate) mod workerd;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub(crate) use answer::Answer;
use database::{Credentials, Database};
use hyperdrive_local::Hyperdrive;

/// A password that every policy accepts.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A folder of this checkout, wherever it is now: `CARGO_TARGET_TMPDIR` is where it was compiled.
pub(crate) fn scratch_folder() -> PathBuf {
    std::path::absolute("target/tmp").expect("the current folder")
}

/// What is special about an app under test.
#[derive(Default)]
pub(crate) struct Setup {
    /// Variables beside those that every app has, or in their place.
    pub(crate) variables: Vec<(&'static str, Value)>,
    /// Another database than the shared one.
    pub(crate) database: Option<mysql_async::Opts>,
    /// How many requests of one client are let through.
    pub(crate) limits: Limits,
    /// What the app reaches where it looks for its database.
    pub(crate) reaches: Reaches,
    /// The build with the route that panics.
    pub(crate) panics: bool,
    /// Natively: the log and the counters panic at each line, after writing it.
    pub(crate) log_fails: bool,
}

/// What an app reaches where it looks for its database.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Reaches {
    /// A local Hyperdrive of its own.
    #[default]
    Hyperdrive,
    /// The database itself, as with `wrangler dev` alone.
    Database,
    /// Nothing: the port is closed.
    Nothing,
}

/// How many requests of one client are let through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) login: u32,
    pub(crate) register: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            login: u32::MAX,
            register: u32::MAX,
        }
    }
}

impl Setup {
    pub(crate) fn variable(self, name: &'static str, value: &str) -> Self {
        self.json_variable(name, value.into())
    }

    /// A variable of `[vars]`, which may be any JSON.
    pub(crate) fn json_variable(mut self, name: &'static str, value: Value) -> Self {
        self.variables.push((name, value));
        self
    }

    fn all_variables(&self) -> Vec<(&'static str, Value)> {
        let mut all = vec![
            ("SECRET_KEY", SECRET_KEY.into()),
            // What is hidden is not what most tests are about, and would make them slow.
            ("LOGIN_FAILURE_MILLISECONDS", "0".into()),
        ];
        all.retain(|(name, _)| self.variables.iter().all(|(other, _)| name != other));
        all.extend(self.variables.iter().cloned());
        all
    }
}

/// The key of all apps under test.
pub(crate) const SECRET_KEY: &str = "a secret of the tests, 0123456789abcdef";

/// An API under test.
pub(crate) struct App {
    port: u16,
    runner: Runner,
    hyperdrive: Hyperdrive,
}

enum Runner {
    Native(native::Native),
    Workerd(workerd::Workerd),
}

/// Whether the Worker in workerd is tested, and not the router in this process.
pub(crate) fn in_workerd() -> bool {
    std::env::var("TEST_TARGET").is_ok_and(|target| target == "workerd")
}

impl App {
    /// The app that most tests share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<App> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start(
                &Setup::default()
                    .variable("CORS_ORIGINS", "https://app.example,http://localhost:5173"),
            )
        })
    }

    /// An app of a test's own, behind a local Hyperdrive of its own.
    pub(crate) fn start(setup: &Setup) -> Self {
        let own = setup.database.clone();
        let origin = own.unwrap_or_else(|| Database::shared().options());
        let hyperdrive = hyperdrive::start(origin.clone());
        let of_hyperdrive = |port| Credentials {
            port,
            user: hyperdrive.user().to_owned(),
            password: hyperdrive.password().to_owned(),
            database: hyperdrive.database().to_owned(),
        };
        let credentials = match setup.reaches {
            Reaches::Hyperdrive => of_hyperdrive(hyperdrive.port()),
            Reaches::Nothing => of_hyperdrive(1),
            Reaches::Database => Credentials {
                port: origin.tcp_port(),
                user: origin.user().expect("a user").to_owned(),
                password: origin.pass().expect("a password").to_owned(),
                database: origin.db_name().expect("a database").to_owned(),
            },
        };
        let (port, runner) = if in_workerd() {
            let workerd = workerd::Workerd::start(setup, &credentials);
            (workerd.port(), Runner::Workerd(workerd))
        } else {
            let native = native::Native::start(setup, &credentials);
            (native.port(), Runner::Native(native))
        };
        Self {
            port,
            runner,
            hyperdrive,
        }
    }

    /// An app on a database of a test's own.
    pub(crate) fn on(database: &Database) -> Self {
        Self::start(&Setup {
            database: Some(database.options()),
            ..Setup::default()
        })
    }

    /// The way to its database.
    pub(crate) fn hyperdrive(&self) -> &Hyperdrive {
        &self.hyperdrive
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        match &self.runner {
            Runner::Native(native) => native.log(),
            Runner::Workerd(workerd) => workerd.log(),
        }
    }

    /// How often it has counted an event.
    pub(crate) fn counted(&self, event: &str) -> usize {
        let line = format!("counted {event}");
        self.log().lines().filter(|other| **other == line).count()
    }

    /// The memory of its process that is in use, in KiB, where that can be told.
    pub(crate) fn memory(&self) -> Option<u64> {
        match &self.runner {
            Runner::Native(_) => None,
            Runner::Workerd(workerd) => workerd.memory(),
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let method = method.parse().expect("a method");
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        // An answer that takes longer than this is none.
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build();
        Request(client.expect("a client").request(method, url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> Answer {
        self.request("POST", "/auth/register")
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        self.request("POST", "/auth/login")
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
    }

    pub(crate) async fn me(&self, token: &str) -> Answer {
        self.request("GET", "/me").bearer(token).send().await
    }

    pub(crate) async fn update(&self, token: &str, changes: &Value) -> Answer {
        self.request("PATCH", "/user/update")
            .bearer(token)
            .json(changes)
            .send()
            .await
    }

    /// A new user, logged in.
    pub(crate) async fn user(&self) -> User {
        let email = unique_email();
        let registered = self.register(&email, PASSWORD).await.expect(201).json();
        let token = self.login(&email, PASSWORD).await.expect(200).token();
        User {
            id: registered["id"].as_i64().expect("an id"),
            email,
            token,
        }
    }
}

/// A user of a test's own.
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) token: String,
}

/// Prints a figure, which a passing test's output would not show.
pub(crate) fn figure(text: &str) {
    let target = if in_workerd() { "workerd" } else { "native" };
    // Past the capture of the test harness.
    writeln!(std::io::stderr(), "  {target}: {text}").expect("standard error");
}

/// Says why a test ends without having tested anything. `cargo xtask test` counts these lines.
pub(crate) fn skipped(why: &str) {
    // Past the capture of the test harness, on a line of its own.
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nskipped: {why}").expect("standard output");
}

/// Waits for something that happens after an answer.
#[track_caller]
pub(crate) fn eventually(condition: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let started = Instant::now();
        while !condition().await {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "not within 10 s: {place}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// An e-mail that no other test uses.
pub(crate) fn unique_email() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("user{count}.{}@example.com", std::process::id())
}

/// A request being made.
pub(crate) struct Request(reqwest::RequestBuilder);

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// A body sent as JSON, whatever it is.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self(
            self.0
                .header("content-type", "application/json")
                .body(body.into()),
        )
    }

    /// A body without a content type.
    pub(crate) fn bare_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.body(body.into()))
    }

    pub(crate) async fn send(self) -> Answer {
        Answer::read(self.0.send().await.expect("an answer")).await
    }
}
