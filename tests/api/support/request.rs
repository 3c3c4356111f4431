//! A request being made.

use serde_json::Value;

use super::{Answer, dialect};

pub(crate) struct Request(pub(super) reqwest::RequestBuilder);

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
        let answer = Answer::read(self.0.send().await.expect("an answer")).await;
        dialect::assert_nothing_was_refused();
        answer
    }
}
