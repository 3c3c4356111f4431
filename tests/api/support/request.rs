//! A request being made.

use serde_json::Value;

use testkit_openapi::Exchange;

use super::{Answer, contract, dialect};

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

    /// Sends it, and fails if the answer is not as openapi.yaml documents it.
    pub(crate) async fn send(self) -> Answer {
        let (client, request) = self.0.build_split();
        let request = request.expect("a request");
        let sent = request.try_clone().expect("a body that is at hand");
        let answer = client.execute(request).await.expect("an answer");
        let answer = Answer::read(answer).await;
        dialect::assert_nothing_was_refused();
        let body = sent.body().and_then(reqwest::Body::as_bytes);
        contract::hold(&Exchange {
            method: sent.method().as_str(),
            path: sent.url().path(),
            sent: sent.headers(),
            sent_body: body.unwrap_or_default(),
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
        });
        answer
    }
}
