//! Origins for browsers: a page and, beside it, the routes of an app, as Cloudflare serves Pages with
//! a Worker under one name.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

use super::App;

/// The page. It has nothing in it; what it does is told to the browser.
const PAGE: &str = "<!doctype html><title>A page</title><link rel=icon href=data:,>";

/// A server on a port of 127.0.0.1, which browsers reach by any name that ends in `localhost`. It
/// ends with the runtime of the test.
pub(crate) struct Front {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request of a browser that was passed on to the app, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The method and the path.
    pub(crate) what: String,
    pub(crate) origin: String,
    pub(crate) has_cookie: bool,
    pub(crate) status: u16,
    pub(crate) sets_cookie: bool,
}

#[derive(Clone)]
struct Way {
    port: u16,
    grants_preflights: bool,
    client: reqwest::Client,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Front {
    /// A page alone, of somebody else.
    pub(crate) async fn of_a_stranger() -> Self {
        Self::serve(Router::new(), Arc::default()).await
    }

    /// A page, and an app behind it.
    pub(crate) async fn of(app: &App) -> Self {
        Self::before(app, false).await
    }

    /// The same where something on the way lets every page send what it likes, as a careless CORS rule
    /// of a proxy would.
    pub(crate) async fn careless(app: &App) -> Self {
        Self::before(app, true).await
    }

    async fn before(app: &App, grants_preflights: bool) -> Self {
        let seen = Arc::default();
        let way = Way {
            port: app.port(),
            grants_preflights,
            client: reqwest::Client::new(),
            seen: Arc::clone(&seen),
        };
        Self::serve(Router::new().fallback(pass).with_state(way), seen).await
    }

    async fn serve(router: Router, seen: Arc<Mutex<Vec<Seen>>>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let router = router.route("/page", get(Html(PAGE)));
        tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
        Self { port, seen }
    }

    /// Its origin under a name.
    pub(crate) fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// The requests that were passed on since the last call.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().expect("the requests"))
    }

    /// How many there are to be taken.
    pub(crate) fn count_seen(&self) -> usize {
        self.seen.lock().expect("the requests").len()
    }
}

/// Passes a request on with all of its headers, `Host` among them, and its answer back.
async fn pass(State(way): State<Way>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = |name: HeaderName| {
        let value = parts.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    };
    let response = if way.grants_preflights && parts.method == Method::OPTIONS {
        let grant = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, text(header::ORIGIN)),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        ];
        (StatusCode::NO_CONTENT, grant).into_response()
    } else {
        let url = format!("http://127.0.0.1:{}{}", way.port, parts.uri);
        let request = way.client.request(parts.method.clone(), url);
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        let request = request.headers(hop(parts.headers.clone())).body(body);
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), hop(answer.headers().clone()));
        let body = answer.bytes().await.expect("a body");
        (status, headers, Body::from(body)).into_response()
    };
    way.seen.lock().expect("the requests").push(Seen {
        what: format!("{} {}", parts.method, parts.uri.path()),
        origin: text(header::ORIGIN).to_owned(),
        has_cookie: text(header::COOKIE).contains("__Host-gatehouse="),
        status: response.status().as_u16(),
        sets_cookie: response.headers().contains_key(header::SET_COOKIE),
    });
    response
}

/// The headers without those that are about one connection.
fn hop(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(header::CONNECTION);
    headers.remove(header::TRANSFER_ENCODING);
    headers
}
