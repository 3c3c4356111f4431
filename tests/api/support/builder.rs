//! An app that is about to be started: what is special about it.

use mysql_async::Opts;
use serde_json::Value;
use testkit::database::Credentials;

use super::database::Database;
use super::{App, SECRET_KEY, hyperdrive, in_workerd};
use super::{native::Native, workerd};

/// What is special about an app under test; without more, nothing is.
#[derive(Default)]
pub(crate) struct Builder {
    variables: Vec<(&'static str, Value)>,
    database: Option<Opts>,
    pub(super) limits: Limits,
    reaches: Reaches,
    pub(super) instrument: Instrument,
}

/// What a test observes or makes happen that no request does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Instrument {
    #[default]
    None,
    /// See [`Builder::panics`].
    Panics,
    /// See [`Builder::log_fails`].
    LogFails,
    /// See [`Builder::counts_calls`].
    CountsCalls,
    /// See [`Builder::fires_cron`].
    FiresCron,
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

impl Builder {
    /// A variable beside those that every app has, or in the place of one.
    pub(crate) fn variable(self, name: &'static str, value: &str) -> Self {
        self.json_variable(name, value.into())
    }

    /// A variable of `[vars]`, which may be any JSON.
    pub(crate) fn json_variable(mut self, name: &'static str, value: Value) -> Self {
        self.variables.push((name, value));
        self
    }

    /// A database of a test's own in the place of the shared one.
    pub(crate) fn on(self, database: &Database) -> Self {
        self.origin(database.options())
    }

    /// The same by its options.
    pub(crate) fn origin(mut self, options: Opts) -> Self {
        self.database = Some(options);
        self
    }

    /// What it reaches where it looks for its database.
    pub(crate) fn reaches(mut self, reaches: Reaches) -> Self {
        self.reaches = reaches;
        self
    }

    /// How many requests of one client are let through.
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The build with the route that panics.
    pub(crate) fn panics(mut self) -> Self {
        self.instrument = Instrument::Panics;
        self
    }

    /// Natively: the log and the counters panic at each line, after writing it.
    pub(crate) fn log_fails(mut self) -> Self {
        self.instrument = Instrument::LogFails;
        self
    }

    /// In workerd: each answer tells in `X-Calls` how often wasm has called JavaScript for it.
    pub(crate) fn counts_calls(mut self) -> Self {
        self.instrument = Instrument::CountsCalls;
        self
    }

    /// [`App::keep_house`] can be called.
    pub(crate) fn fires_cron(mut self) -> Self {
        self.instrument = Instrument::FiresCron;
        self
    }

    /// All of its variables.
    pub(super) fn variables(&self) -> Vec<(&'static str, Value)> {
        let mut all = vec![
            ("SECRET_KEY", SECRET_KEY.into()),
            // What is hidden is not what most tests are about, and would make them slow.
            ("LOGIN_FAILURE_MILLISECONDS", "0".into()),
        ];
        all.retain(|(name, _)| self.variables.iter().all(|(other, _)| name != other));
        all.extend(self.variables.iter().cloned());
        all
    }

    /// Starts it, behind a local Hyperdrive of its own.
    pub(crate) fn start(self) -> App {
        let own = self.database.clone();
        let origin = own.unwrap_or_else(|| Database::shared().options());
        let hyperdrive = hyperdrive::start(origin.clone());
        let of_hyperdrive = |port| Credentials {
            port,
            user: hyperdrive.user().to_owned(),
            password: hyperdrive.password().to_owned(),
            database: hyperdrive.database().to_owned(),
        };
        let credentials = match self.reaches {
            Reaches::Hyperdrive => of_hyperdrive(hyperdrive.port()),
            Reaches::Nothing => of_hyperdrive(1),
            Reaches::Database => Credentials::from(&origin),
        };
        if in_workerd() {
            App::new(workerd::start(&self, &credentials), hyperdrive)
        } else {
            App::new(Native::start(&self, credentials), hyperdrive)
        }
    }
}
