//! The router in this process, on a runtime of its own that outlives the tests' runtimes.

use std::sync::{Arc, Mutex};

use gatehouse::platform::Limiter;
use gatehouse::router::Gatehouse;
use testkit::database::Credentials;
use testkit_native::{Line, Platform, gatehouse, serve};

use super::Builder;
use super::builder::Instrument;

pub(crate) struct Native {
    port: u16,
    gatehouse: Gatehouse,
    log: Arc<Mutex<String>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Native {
    pub(crate) fn start(with: &Builder, credentials: Credentials) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let limits = with.limits;
        let platform = Platform {
            credentials,
            limits: [
                (Limiter::Login, limits.login),
                (Limiter::Register, limits.register),
            ],
            output: output(log.clone(), with.instrument == Instrument::LogFails),
        };
        let gatehouse = gatehouse(&with.variables(), platform);
        let router = gatehouse.router.clone();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! {
                    () = serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            port,
            gatehouse,
            log,
            _stop: stop,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Fires the cron trigger.
    pub(crate) async fn keep_house(&self) {
        self.gatehouse.clone().keep_house().await;
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }
}

/// Keeps each line; one that fails panics after that.
fn output(log: Arc<Mutex<String>>, fails: bool) -> Box<dyn Fn(Line<'_>) + Send + Sync> {
    Box::new(move |line| {
        let line = match line {
            Line::Log(line) => line.to_owned(),
            Line::Count(event) => format!("counted {event}"),
        };
        let mut log = log.lock().expect("the log");
        log.push_str(&line);
        log.push('\n');
        drop(log);
        assert!(!fails, "a log that fails");
    })
}
