//! The Worker behind wrangler, which plain workerd does not stand for: requests that are answered
//! before their bodies are read, and settings from `.dev.vars`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
#![expect(dead_code, reason = "not all of the support is used here")]

mod support;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use support::Dev;
use support::checkout::checkout;
use testkit::{Wrangler, database};

/// How often each refusal is followed by a good request.
const ROUNDS: usize = 20;

/// The lines of `.dev.vars` with every secret that docs/configuration.md lists, and the public half of the
/// private key.
fn secrets() -> (String, String) {
    let pair = support::xtask().args(["secret", "--ed25519"]).output();
    let pair = pair.expect("xtask");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let (private, said) = (text(&pair.stdout), text(&pair.stderr));
    let (_, public) = said.rsplit_once("EdDSA:").expect("a public key");
    let lines = format!(
        "SECRET_KEY=\"a-key-of-a-test-0123456789-0123456789\"\nED25519_PRIVATE_KEY=\"{private}\"\n\
         VERIFICATION_KEYS=\"HS256:another-key-of-a-test-0123456789-01234\"\n"
    );
    (lines, public.to_owned())
}

/// An empty database with the tables of this version.
async fn database(name: &str) -> String {
    let url = database::create(&database::url(), name, "", &[]).await;
    database::migrate(&mut database::connect(&url).await).await;
    url
}

/// A client of one API, which keeps its connections.
struct Api {
    client: Client,
    base: String,
}

impl Api {
    fn new(port: u16) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(20)).build();
        Self {
            client: client.expect("a client"),
            base: format!("http://127.0.0.1:{port}"),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Requests that are refused, most of them before their bodies are read.
    fn refusals(&self) -> Vec<(u16, RequestBuilder)> {
        let text = "x".repeat(5_000);
        let long = json!({"email": "a@example.com", "password": "x".repeat(60_000)});
        let post = |path| self.request(Method::POST, path);
        vec![
            (404, post("/nowhere").body(text.clone())),
            (404, self.request(Method::GET, "/nowhere")),
            (
                405,
                self.request(Method::PUT, "/auth/login").body(text.clone()),
            ),
            (405, post("/me").json(&json!({}))),
            (413, post("/auth/login").json(&long)),
            (413, post("/auth/register").json(&long)),
            (415, post("/auth/login").body("{}")),
            (
                415,
                post("/auth/register")
                    .header("Content-Type", "text/plain")
                    .body(text.clone()),
            ),
            (
                401,
                self.request(Method::PATCH, "/user/update")
                    .json(&json!({"name": text})),
            ),
            (401, self.request(Method::GET, "/me")),
            (
                400,
                post("/auth/login")
                    .header("Content-Type", "application/json")
                    .body("{"),
            ),
        ]
    }

    async fn check_refusals(&self) {
        let user = json!({"email": "ada@example.com", "password": "correct horse battery"});
        let registered = self
            .request(Method::POST, "/auth/register")
            .json(&user)
            .send();
        assert_eq!(registered.await.expect("an answer").status(), 201);
        for round in 0..ROUNDS {
            for (expected, request) in self.refusals() {
                let request = request.build().expect("a request");
                let what = format!("{} {}, round {round}", request.method(), request.url());
                let answer = self.client.execute(request).await;
                let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(answer.status(), expected, "{what}");
                let login = self.request(Method::POST, "/auth/login").json(&user).send();
                let login = login
                    .await
                    .unwrap_or_else(|error| panic!("after {what}: {error}"));
                assert_eq!(login.status(), 200, "after {what}");
            }
        }
    }

    /// That the secrets have arrived: the private key's public half is published.
    async fn check_secrets(&self, public: &str) {
        let answer = self.request(Method::GET, "/.well-known/jwks.json").send();
        let keys = answer.await.expect("an answer").json::<Value>();
        let keys = keys.await.expect("a key set");
        let published = keys.pointer("/keys/0/x").and_then(Value::as_str);
        assert_eq!(published, Some(public), "{keys}");
    }
}

#[tokio::test]
async fn under_dev_no_refusal_harms_the_next_request_and_every_secret_arrives() {
    let (secrets, public) = secrets();
    let url = database("gatehouse_wrangler_dev").await;
    let checkout = checkout("wrangler-dev, with a space \u{e9}", &secrets);
    let dev = Dev::start_in(&checkout, &[("DATABASE_URL", &url)]);
    let api = Api::new(dev.port);
    api.check_secrets(&public).await;
    api.check_refusals().await;
    assert!(!dev.log().contains("ended by itself"), "{}", dev.log());
    dev.stop("-TERM", 143);
}

#[tokio::test]
async fn under_plain_wrangler_dev_it_is_the_same() {
    let (secrets, public) = secrets();
    let url = database("gatehouse_wrangler_plain").await;
    let checkout = checkout("wrangler-plain", &secrets);
    let wrangler = Wrangler::start(&checkout, &url);
    let api = Api::new(wrangler.port());
    api.check_secrets(&public).await;
    api.check_refusals().await;
}
