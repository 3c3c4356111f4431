//! The router in this process, on a runtime of its own that outlives the tests' runtimes.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use gatehouse::mysql;
use gatehouse::platform::{Level, Platform, Stream};
use tokio::net::{TcpListener, TcpStream};

use super::Setup;
use super::database::Credentials;

pub(crate) struct Native {
    port: u16,
    log: Arc<Mutex<String>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Native {
    pub(crate) fn start(setup: &Setup, credentials: &Credentials) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let platform = Arc::new(Tcp {
            credentials: credentials.clone(),
            log: log.clone(),
        });
        let variables = setup.all_variables();
        let router = gatehouse::app::build(
            |name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.clone())
            },
            platform,
        );
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("nonblocking");
        let port = listener.local_addr().expect("an address").port();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    served = async { axum::serve(listener, router).await } => served.expect("serve"),
                    _ = stopped => {}
                }
            });
        });
        Self {
            port,
            log,
            _stop: stop,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }
}

/// The platform over TCP and Tokio.
struct Tcp {
    credentials: Credentials,
    log: Arc<Mutex<String>>,
}

impl Platform for Tcp {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, mysql::Credentials)>> {
        Box::pin(async {
            let stream = TcpStream::connect(("127.0.0.1", self.credentials.port)).await?;
            let credentials = mysql::Credentials {
                user: self.credentials.user.clone(),
                password: self.credentials.password.clone(),
                database: self.credentials.database.clone(),
            };
            Ok((Box::new(stream) as Box<dyn Stream>, credentials))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock")
            .as_secs()
    }

    fn log(&self, _: Level, line: &str) {
        let mut log = self.log.lock().expect("the log");
        log.push_str(line);
        log.push('\n');
    }
}
