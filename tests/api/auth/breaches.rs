//! The question whether a password is known from a breach, and what becomes of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use sha1::{Digest as _, Sha1};

use crate::support::client::Client;
use crate::support::{App, PASSWORD, unique_email};

const BREACHED: &str = "a password of a breach";

/// A service that knows one password, and what it was asked.
struct Service {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Answers,
    Fails,
    Hangs,
}

fn digest(password: &str) -> String {
    hex::encode_upper(Sha1::digest(password))
}

impl Service {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let answer = async move |request: Request| {
            let padding = request.headers().get("add-padding").is_some();
            let question = format!("{} padding: {padding}", request.uri());
            noted.lock().expect("the questions").push(question);
            match behaviour {
                Behaviour::Answers => {
                    let known = digest(BREACHED);
                    let padded = digest("a password of nobody");
                    format!("{:0>35}:7\r\n{}:12\r\n{}:0", "1", &known[5..], &padded[5..])
                        .into_response()
                }
                Behaviour::Fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                Behaviour::Hangs => std::future::pending().await,
            }
        };
        let router = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the questions").clone()
    }

    fn app(&self) -> App {
        App::with()
            .variable(
                "PASSWORD_BREACH_URL",
                &format!("http://127.0.0.1:{}/range/", self.port),
            )
            .variable("PASSWORD_BREACH_TIMEOUT_MILLISECONDS", "300")
            .start()
    }
}

#[tokio::test]
async fn a_password_of_a_breach_is_refused_and_the_service_learns_five_digits() {
    let service = Service::start(Behaviour::Answers).await;
    let app = service.app();
    let refused = app.register(&unique_email(), BREACHED).await;
    assert_eq!(refused.field_errors(), ["password: breached"]);
    let asked = format!("/range/{} padding: true", &digest(BREACHED)[..5]);
    assert_eq!(service.asked(), [asked]);
    for other in ["a password of nobody", "another password"] {
        app.register(&unique_email(), other).await.expect(201);
    }
    assert_eq!(app.counted("breach_check_failed"), 0);
}

#[tokio::test]
async fn nobody_is_asked_about_a_password_that_is_refused_anyway_or_at_login() {
    let service = Service::start(Behaviour::Answers).await;
    let app = service.app();
    app.register("nope", BREACHED).await.expect(422);
    app.register(&unique_email(), "password").await.expect(422);
    app.login(&unique_email(), BREACHED).await.expect(401);
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn a_new_password_of_a_breach_is_refused_and_only_to_whom_knows_the_current_one() {
    let service = Service::start(Behaviour::Answers).await;
    let app = service.app();
    // At another app, so that the service is asked about nothing else.
    let client = Client::new(App::shared()).await.through(&app);
    let wrong = client.change_password("wrong password", BREACHED).await;
    wrong.problem(401, "invalid_credentials");
    assert!(service.asked().is_empty());
    let refused = client.change_password(PASSWORD, BREACHED).await;
    assert_eq!(refused.field_errors(), ["new_password: breached"]);
    let other = client.change_password(PASSWORD, "another password");
    other.await.expect(204);
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn without_an_answer_in_time_the_password_is_taken_and_the_log_says_so() {
    for behaviour in [Behaviour::Fails, Behaviour::Hangs] {
        let service = Service::start(behaviour).await;
        let app = service.app();
        let started = Instant::now();
        app.register(&unique_email(), BREACHED).await.expect(201);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(app.counted("breach_check_failed"), 1);
        let reason = match behaviour {
            Behaviour::Hangs => "no answer within 300 ms",
            _ => "status 500",
        };
        assert!(app.log().contains(reason), "{}", app.log());
    }
    let nobody = App::with().variable("PASSWORD_BREACH_URL", "http://127.0.0.1:1/range/");
    let app = nobody.start();
    app.register(&unique_email(), BREACHED).await.expect(201);
    assert_eq!(app.counted("breach_check_failed"), 1);
    let log = app.log();
    assert!(!log.contains(&digest(BREACHED)[..5]), "{log}");
    let line = log
        .lines()
        .find(|line| line.contains("breach_check_failed") && line.starts_with('{'));
    let line: serde_json::Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    assert_eq!(line.get("user_id"), None);
    assert!(
        line["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
}
