//! What a real browser does with the API: Chromium, where it and its chromedriver are installed.

mod cookie;
mod hostile;

use serde_json::{Value, json};
use testkit_browser::Browser;

use crate::support::{PASSWORD, unique_email};

/// A page that is open, and talks to an API.
struct Page<'a> {
    browser: &'a Browser,
    /// The origin of the API; empty if it is the page's own.
    api: String,
}

/// Somebody who is logged in with a session in a cookie.
struct Session {
    id: String,
    access: String,
}

impl<'a> Page<'a> {
    /// Opens the page of an origin that has the API too.
    async fn open(browser: &'a Browser, origin: &str) -> Self {
        browser.open(&format!("{origin}/page")).await;
        Self {
            browser,
            api: String::new(),
        }
    }

    /// Sends JSON, with cookies if the API is of the same origin.
    async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(path, body, "same-origin").await
    }

    async fn send(&self, path: &str, body: &Value, credentials: &str) -> Value {
        let init = json!({
            "method": "POST",
            "headers": { "content-type": "application/json" },
            "body": body.to_string(),
            "credentials": credentials,
        });
        let url = format!("{}{path}", self.api);
        self.browser.fetch(&url, &init).await
    }

    /// Registers somebody; returns what logs in with a session in a cookie.
    async fn register(&self) -> Value {
        let body = json!({ "email": unique_email(), "password": PASSWORD });
        status(&self.post("/auth/register", &body).await, 201);
        json!({ "email": body["email"], "password": PASSWORD, "session": "cookie" })
    }

    /// Registers and logs in.
    async fn log_in(&self) -> Session {
        let credentials = self.register().await;
        Session::of(&self.post("/auth/login", &credentials).await)
    }

    /// Asks who is logged in.
    async fn me(&self, session: &Session) -> Value {
        let headers = json!({ "authorization": format!("Bearer {}", session.access) });
        let url = format!("{}/me", self.api);
        self.browser
            .fetch(&url, &json!({ "headers": headers }))
            .await
    }

    /// Refreshes by the cookie alone.
    async fn refresh(&self) -> Value {
        self.post("/auth/refresh", &json!({})).await
    }
}

impl Session {
    /// From the answer to a login or a refresh, which does not hold the refresh token.
    #[track_caller]
    fn of(answer: &Value) -> Self {
        let body = status(answer, 200);
        assert!(body.get("refresh_token").is_none(), "{body}");
        let text = |name: &str| body[name].as_str().expect(name).to_owned();
        Self {
            id: text("session_id"),
            access: text("access_token"),
        }
    }
}

/// The body of an answer to `fetch`, which must have a status.
#[track_caller]
fn status(answer: &Value, status: u16) -> &Value {
    assert_eq!(answer["status"], status, "{answer}");
    &answer["body"]
}
