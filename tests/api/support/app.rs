//! An API under test, and requests to it.

use std::sync::OnceLock;
use std::time::Duration;

use hyperdrive_local::Hyperdrive;
use serde_json::{Value, json};
use testkit::Workerd;
use testkit::workerd::CRON_PATH;

use super::builder::Builder;
use super::database::Database;
use super::native::Native;
use super::request::Request;
use super::{Answer, PASSWORD, User, unique_email};

/// A running API with a way to its database.
pub(crate) struct App {
    runner: Runner,
    hyperdrive: Hyperdrive,
    client: reqwest::Client,
}

pub(super) enum Runner {
    Native(Native),
    Workerd(Workerd),
}

impl From<Native> for Runner {
    fn from(native: Native) -> Self {
        Self::Native(native)
    }
}

impl From<Workerd> for Runner {
    fn from(workerd: Workerd) -> Self {
        Self::Workerd(workerd)
    }
}

impl App {
    /// An app with something special: `App::with().variable(..).start()`.
    pub(crate) fn with() -> Builder {
        Builder::default()
    }

    /// The app that most tests share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<App> = OnceLock::new();
        SHARED.get_or_init(|| {
            let origins = "https://app.example,http://localhost:5173";
            Self::with().variable("CORS_ORIGINS", origins).start()
        })
    }

    /// An app on a database of a test's own.
    pub(crate) fn on(database: &Database) -> Self {
        Self::with().on(database).start()
    }

    pub(super) fn new(runner: impl Into<Runner>, hyperdrive: Hyperdrive) -> Self {
        // An answer that takes longer than this is none. No connection is kept: each test has a
        // runtime of its own, with which its connections end.
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(0)
            .build();
        Self {
            runner: runner.into(),
            hyperdrive,
            client: client.expect("a client"),
        }
    }

    /// The way to its database.
    pub(crate) fn hyperdrive(&self) -> &Hyperdrive {
        &self.hyperdrive
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        match &self.runner {
            Runner::Native(native) => native.port(),
            Runner::Workerd(workerd) => workerd.port(),
        }
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
        let url = format!("http://127.0.0.1:{}{path}", self.port());
        Request(self.client.request(method, url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send().await
    }

    /// Fires its cron trigger and waits for the end of the work.
    pub(crate) async fn keep_house(&self) {
        match &self.runner {
            Runner::Native(native) => native.keep_house().await,
            Runner::Workerd(_) => {
                let outcome = self.get(CRON_PATH).await.expect(200);
                assert_eq!(outcome.body, b"ok");
            }
        }
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/auth/register", &body).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/auth/login", &body).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.post("/auth/refresh", &body).await
    }

    pub(crate) async fn logout(&self, body: &Value) -> Answer {
        self.post("/auth/logout", body).await
    }

    pub(crate) async fn me(&self, token: &str) -> Answer {
        self.request("GET", "/me").bearer(token).send().await
    }

    pub(crate) async fn update(&self, token: &str, changes: &Value) -> Answer {
        let request = self.request("PATCH", "/user/update").bearer(token);
        request.json(changes).send().await
    }

    /// A new user, logged in.
    pub(crate) async fn user(&self) -> User<'_> {
        let email = unique_email();
        let registered = self.register(&email, PASSWORD).await.expect(201).json();
        let token = self.login(&email, PASSWORD).await.expect(200).token();
        User {
            app: self,
            id: registered["id"].as_i64().expect("an id"),
            email,
            token,
        }
    }
}
