//! The router in this process, on a runtime of its own that outlives the tests' runtimes.

use std::collections::HashMap;
use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::http::{Request, Response as HttpResponse};
use axum::middleware::map_response;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use gatehouse::config::Setting;
use gatehouse::http::after::After;
use gatehouse::mysql::{self, RsaOaep};
use gatehouse::platform::{Limiter, Runtime, Services, Severity, Stream};
use tokio::net::{TcpListener, TcpStream};

use super::Builder;
use super::database::Credentials;

pub(crate) struct Native {
    port: u16,
    log: Arc<Mutex<String>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Native {
    pub(crate) fn start(with: &Builder, credentials: Credentials) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let variables = with.variables();
        let limits = with.limits;
        let platform = Arc::new(Tcp {
            credentials,
            log: log.clone(),
            limits: [
                (Limiter::Login, limits.login),
                (Limiter::Register, limits.register),
            ],
            requests: Mutex::default(),
            log_fails: with.log_fails,
        });
        let router = gatehouse::router::build(
            |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map_or(Setting::Absent, |(_, value)| value.clone().into())
            },
            variables.iter().map(|(name, _)| *name),
            platform.clone(),
            platform,
        );
        let router = router.layer(map_response(do_after));
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
    limits: [(Limiter, u32); 2],
    /// Of each client, for each limiter.
    requests: Mutex<HashMap<String, u32>>,
    log_fails: bool,
}

impl Tcp {
    fn write(&self, line: &str) {
        let mut log = self.log.lock().expect("the log");
        log.push_str(line);
        log.push('\n');
        drop(log);
        assert!(!self.log_fails, "a log that fails");
    }
}

/// Does what is to be done after an answer.
async fn do_after(mut response: Response) -> Response {
    if let Some(work) = After::take(&mut response) {
        tokio::spawn(work);
    }
    response
}

impl Services for Tcp {
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

    fn limit(&self, limiter: Limiter, key: String) -> BoxFuture<'_, io::Result<bool>> {
        let limit = self.limits.iter().find(|(other, _)| *other == limiter);
        let limit = limit.expect("a limit").1;
        let mut requests = self.requests.lock().expect("the requests");
        let count = requests.entry(format!("{limiter:?} {key}")).or_default();
        *count += 1;
        Box::pin(ready(Ok(*count <= limit)))
    }

    fn fetch(&self, request: Request<Bytes>) -> BoxFuture<'_, io::Result<HttpResponse<Bytes>>> {
        Box::pin(async move {
            let request = request.try_into().map_err(io::Error::other)?;
            let sent = reqwest::Client::new().execute(request).await;
            let sent = sent.map_err(io::Error::other)?;
            let response = HttpResponse::builder().status(sent.status());
            let body = if sent.status().is_success() {
                sent.bytes().await.map_err(io::Error::other)?
            } else {
                Bytes::new()
            };
            response.body(body).map_err(io::Error::other)
        })
    }
}

impl RsaOaep for Tcp {
    fn encrypt(&self, spki: Vec<u8>, message: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(ready(testkit::rsa::encrypt_oaep(&spki, &message)))
    }
}

impl Runtime for Tcp {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock")
            .as_secs()
    }

    fn log(&self, _: Severity, line: &str) {
        self.write(line);
    }

    fn count(&self, event: &'static str) {
        self.write(&format!("counted {event}"));
    }
}
