//! Gatehouse in this process: its platform over TCP and Tokio. It panics where it cannot
//! go on: it runs in tests and benchmarks only.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::http::{Request, Response as HttpResponse, header};
use axum::middleware::{map_request, map_response};
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use gatehouse::config::Setting;
use gatehouse::http::after::After;
use gatehouse::http::headers::REQUEST_HEADERS;
use gatehouse::mysql::{self, RsaOaep};
use gatehouse::platform::{Limiter, Runtime, Services, Severity, Stream};
use gatehouse::router::Gatehouse;
use serde_json::Value;
use testkit::database::Credentials;
use tokio::net::{TcpListener, TcpStream};

/// The platform of a native router.
pub struct Platform {
    /// Where its Hyperdrive or database is.
    pub credentials: Credentials,
    /// How many requests of one client each limiter lets through.
    pub limits: [(Limiter, u32); 2],
    /// Where lines of the log go, and the names of events that are counted.
    pub output: Box<dyn Fn(Line<'_>) + Send + Sync>,
}

/// What a router tells its platform.
#[derive(Debug, Clone, Copy)]
pub enum Line<'a> {
    /// A line of the log.
    Log(&'a str),
    /// An event that is counted.
    Count(&'a str),
}

/// The API with these variables. Work that comes after an answer is done on Tokio's runtime.
pub fn gatehouse(variables: &[(&str, Value)], platform: Platform) -> Gatehouse {
    let platform = Arc::new(Tcp {
        platform,
        requests: Mutex::default(),
    });
    let setting = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map_or(Setting::Absent, |(_, value)| value.clone().into())
    };
    let names = variables.iter().map(|(name, _)| *name);
    let mut gatehouse = gatehouse::router::build(setting, names, platform.clone(), platform);
    gatehouse.router = gatehouse
        .router
        .layer(map_response(do_after))
        .layer(map_request(drop_unread))
        .layer(map_request(complete_url));
    gatehouse
}

/// Serves a router, for good.
///
/// # Panics
/// When that fails.
pub async fn serve(listener: std::net::TcpListener, router: Router) {
    listener.set_nonblocking(true).expect("nonblocking");
    let listener = TcpListener::from_std(listener).expect("a listener");
    axum::serve(listener, router).await.expect("serve");
}

/// Puts the `Host` header into the URL, where a Worker finds it.
async fn complete_url(mut request: axum::extract::Request) -> axum::extract::Request {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let url = host.map(|host| format!("http://{host}{}", request.uri()));
    if let Some(Ok(url)) = url.map(|url| url.parse()) {
        *request.uri_mut() = url;
    }
    request
}

/// Drops the headers that a Worker does not copy either, so that one that is missing in its list is
/// missed here too.
async fn drop_unread(mut request: axum::extract::Request) -> axum::extract::Request {
    let headers = request.headers_mut();
    let names: Vec<_> = headers.keys().cloned().collect();
    for name in names {
        if !REQUEST_HEADERS.contains(&name) {
            headers.remove(name);
        }
    }
    request
}

/// Does what is to be done after an answer.
async fn do_after(mut response: Response) -> Response {
    if let Some(work) = After::take(&mut response) {
        tokio::spawn(work);
    }
    response
}

struct Tcp {
    platform: Platform,
    /// Of each client, for each limiter.
    requests: Mutex<HashMap<String, u32>>,
}

impl Services for Tcp {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, mysql::Credentials)>> {
        Box::pin(async {
            let Credentials {
                port,
                user,
                password,
                database,
            } = self.platform.credentials.clone();
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            let credentials = mysql::Credentials {
                user,
                password,
                database,
            };
            Ok((Box::new(stream) as Box<dyn Stream>, credentials))
        })
    }

    fn limit(&self, limiter: Limiter, key: String) -> BoxFuture<'_, io::Result<bool>> {
        let mut limits = self.platform.limits.iter();
        let limit = limits.find(|(other, _)| *other == limiter);
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
        // Counted from its first poll.
        Box::pin(async move { tokio::time::sleep(duration).await })
    }

    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock")
            .as_secs()
    }

    fn log(&self, _: Severity, line: &str) {
        (self.platform.output)(Line::Log(line));
    }

    fn count(&self, event: &'static str) {
        (self.platform.output)(Line::Count(event));
    }
}
