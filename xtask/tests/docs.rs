//! The page `/docs`, as a person in a browser meets it, and what its assets change of the API's answers.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
#![expect(dead_code, reason = "not all of the support is used here")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use support::Dev;
use support::checkout::checkout;
use testkit::{Wrangler, database, root};
use testkit_browser::Browser;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// The form behind the button "Authorize".
const AUTHORIZE: &str = "//button[contains(@class, 'btn authorize')]";
const USERNAME: &str = "//input[@id='oauth_username']";
const PASSWORD_FIELD: &str = "//input[@id='oauth_password']";
const LOG_IN: &str = "//button[@aria-label='Apply given OAuth2 credentials']";
const TOKEN: &str = "//input[@id='auth-bearer-value']";
const TAKE: &str = "//button[@aria-label='Apply credentials']";
const LOG_OUT: &str = "//button[@aria-label='Remove authorization']";
const CLOSE: &str = "//button[contains(@class, 'close-modal')]";
const ERROR: &str = "//*[contains(@class, 'auth-container')]//*[contains(@class, 'errors')]";

/// Chromium's advice to whoever made the form: the one line that the console may have.
const ADVICE: &str = "/docs - [DOM] Password field is not contained in a form: ";

/// Scrolls to `GET /me`.
const SHOW_ME: &str = "document.getElementById('operations-accounts-getMe').scrollIntoView()";

/// The XPath of something in `GET /me`.
fn of_me(path: &str) -> String {
    format!("//*[@id='operations-accounts-getMe']{path}")
}

/// `cargo xtask dev` with one user, and an access token of that user.
async fn dev(database: &str) -> (Dev, String) {
    let url = database::create(&database::url(), database, "", &[]).await;
    let dev = Dev::start(&[("DATABASE_URL", &url)]);
    let client = reqwest::Client::new();
    let post = async |path: &str, body: Value| {
        let url = format!("http://127.0.0.1:{}{path}", dev.port);
        let answer = client
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json::<Value>().await.expect("JSON")
    };
    post(
        "/auth/register",
        json!({ "email": EMAIL, "password": PASSWORD, "name": "Ada" }),
    )
    .await;
    let session = post(
        "/auth/login",
        json!({ "email": EMAIL, "password": PASSWORD }),
    )
    .await;
    let token = session["access_token"].as_str().expect("a token");
    (dev, token.to_owned())
}

/// Logs in by the form of the page.
async fn log_in(browser: &Browser, password: &str) {
    browser.click(AUTHORIZE).await;
    browser.write(USERNAME, EMAIL).await;
    browser.write(PASSWORD_FIELD, password).await;
    browser.click(LOG_IN).await;
}

/// Calls `GET /me` from the page, and returns what is shown of the answer.
async fn me(browser: &Browser) -> String {
    let button = |class: &str| of_me(&format!("//button[contains(@class, '{class}')]"));
    browser.click(&button("opblock-summary-control")).await;
    browser.click(&button("try-out__btn")).await;
    browser.click(&button("execute")).await;
    let answer = of_me(
        "//*[contains(@class, 'live-responses-table')]//td[@class='response-col_description']//code",
    );
    browser.text(&answer).await
}

#[tokio::test]
async fn a_person_logs_in_on_the_page_and_calls_the_api_and_nothing_leaves_the_machine() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let (dev, token) = dev("gatehouse_docs").await;
    let origin = format!("http://localhost:{}", dev.port);
    let page = format!("{origin}/docs");

    browser.resize(1280, 1000, 1.0).await;
    browser.open(&page).await;
    log_in(&browser, PASSWORD).await;
    browser.text(LOG_OUT).await;
    browser.click(CLOSE).await;
    let answer = me(&browser).await;
    assert!(answer.contains(EMAIL), "{answer}");
    take_pictures(&browser).await;
    said_nothing_and_asked_nobody_else(&browser, &origin).await;

    nothing_is_kept(&browser, &page).await;
    a_token_that_is_there_is_taken_in_a_small_window(&browser, &page, &token).await;
    said_nothing_and_asked_nobody_else(&browser, &origin).await;
    a_wrong_password_is_told(&browser, &page).await;
}

async fn take_pictures(browser: &Browser) {
    let folder = root().join("target/screenshots");
    for (name, scale) in [("docs.png", 1.0), ("docs-small.png", 0.625)] {
        browser.resize(1280, 1000, scale).await;
        browser.run(SHOW_ME, &[]).await;
        browser.screenshot(&folder.join(name)).await;
    }
}

/// That the console is empty, where a policy for content would report too, and all requests were to the
/// origin of the page.
async fn said_nothing_and_asked_nobody_else(browser: &Browser, origin: &str) {
    let requests = browser.requests().await;
    let paths = requests.iter();
    let paths = paths.map(|url| url.strip_prefix(origin).unwrap_or_else(|| panic!("{url}")));
    let paths: Vec<_> = paths.collect();
    for path in ["/docs", "/openapi.json", "/me"] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    let said = browser.console().await;
    let is_advice = |line: &str| line.starts_with("DEBUG: ") && line.contains(ADVICE);
    let said: Vec<_> = said.iter().filter(|line| !is_advice(line)).collect();
    assert!(said.is_empty(), "{said:?}");
}

async fn nothing_is_kept(browser: &Browser, page: &str) {
    // A page of the same origin, so that the browser keeps this one.
    browser.open(&page.replace("/docs", "/")).await;
    browser.run("history.back()", &[]).await;
    browser
        .text(&format!("{AUTHORIZE}[contains(@class, 'unlocked')]"))
        .await;
    let kept = "return localStorage.length + sessionStorage.length + document.cookie.length";
    assert_eq!(browser.run(kept, &[]).await, 0);
}

async fn a_token_that_is_there_is_taken_in_a_small_window(
    browser: &Browser,
    page: &str,
    token: &str,
) {
    browser.open("about:blank").await;
    // No form is higher than it, and nothing wider.
    browser.resize(400, 500, 1.0).await;
    browser.open(page).await;
    browser.click(AUTHORIZE).await;
    browser.write(TOKEN, token).await;
    browser.click(TAKE).await;
    browser.click(CLOSE).await;
    let answer = me(browser).await;
    assert!(answer.contains(EMAIL), "{answer}");
    let width = "return document.documentElement.scrollWidth - window.innerWidth";
    let width = browser.run(width, &[]).await;
    assert!(width.as_i64() <= Some(0), "{width} too wide");
}

async fn a_wrong_password_is_told(browser: &Browser, page: &str) {
    browser.open("about:blank").await;
    browser.open(page).await;
    log_in(browser, "another password").await;
    let said = browser.text(ERROR).await;
    assert!(said.contains("password is wrong"), "{said}");
}

/// Sends a request as it stands, and returns its answer in small letters, without the time.
fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).expect("a limit");
    let headers = "Host: localhost\r\nX-Request-Id: the-same-for-both\r\nConnection: close";
    let (line, more) = request.split_once('\n').unwrap_or((request, "X: x"));
    let request = format!("{line} HTTP/1.1\r\n{headers}\r\n{more}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .expect("an end of the headers");
    let head = head.split("\r\n").filter(|line| !line.starts_with("date:"));
    format!("{}\n\n{body}", head.collect::<Vec<_>>().join("\n"))
}

/// Requests for what is no asset.
const OTHERS: [&str; 20] = [
    "GET /",
    "HEAD /",
    "GET //",
    "GET /%2e%2e",
    "GET /me",
    "GET /me?docs",
    "GET /me/",
    "GET //me",
    "GET /%6de",
    "OPTIONS /me",
    "POST /auth/login",
    "GET /.well-known/jwks.json",
    "GET /nothing",
    "PUT /nothing",
    "GET /%zz",
    "GET /docs-other",
    "GET /docs/nothing",
    "GET /docs/../me",
    "GET /openapi.json/",
    "GET /_headers",
];

/// The headers of all assets.
const HEADERS: [&str; 7] = [
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy: same-origin",
    "cross-origin-resource-policy: same-origin",
    "referrer-policy: no-referrer",
    "strict-transport-security: max-age=31536000",
    "x-content-type-options: nosniff",
    "cache-control: public, max-age=0, must-revalidate",
];

/// That an answer begins so, and has these lines among its headers.
#[track_caller]
fn is(answer: &str, status: u16, lines: &[&str]) {
    let (head, _) = answer.split_once("\n\n").expect("headers");
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    for line in lines {
        assert!(
            head.lines().any(|there| there == *line),
            "no {line}: {head}"
        );
    }
}

/// A Worker behind wrangler with the settings that are deployed, and one with the line for the page.
fn without_and_with() -> (Wrangler, Wrangler) {
    const LINE: &str = "\n# assets = { directory = \"build/assets\" }\n";
    let secret = "SECRET_KEY=\"a-key-of-a-test-0123456789-0123456789\"\n";
    let (without, with) = (checkout("docs-off", secret), checkout("docs-on", secret));
    let settings = with.join("wrangler.toml");
    let text = std::fs::read_to_string(&settings).expect("wrangler.toml");
    assert!(text.contains(LINE), "no line to turn the page on");
    let text = text.replace(LINE, &LINE.replace("# ", ""));
    std::fs::write(settings, text).expect("wrangler.toml");
    let start = |folder: &Path| Wrangler::start(folder, &database::url());
    (start(&without), start(&with))
}

#[test]
fn one_line_of_the_settings_serves_the_page_and_changes_no_answer_of_the_api() {
    let (without, with) = without_and_with();
    for request in OTHERS {
        let (api, same) = (ask(without.port(), request), ask(with.port(), request));
        assert_eq!(api, same, "{request}");
    }
    for request in ["GET /docs", "GET /docs/start.js", "GET /openapi.json"] {
        is(
            &ask(without.port(), request),
            404,
            &["content-type: application/problem+json"],
        );
        is(&ask(with.port(), request), 200, &HEADERS);
        let head = request.replace("GET", "HEAD");
        is(&ask(with.port(), &head), 200, &HEADERS);
    }
    let page = ask(with.port(), "GET /docs");
    is(&page, 200, &["content-type: text/html; charset=utf-8"]);
    let contract = ask(with.port(), "GET /openapi.json");
    is(&contract, 200, &["content-type: application/json"]);
    let tag = contract
        .lines()
        .find_map(|line| line.strip_prefix("etag: "));
    let again = format!(
        "GET /openapi.json\nIf-None-Match: {}",
        tag.expect("an ETag")
    );
    is(&ask(with.port(), &again), 304, &HEADERS);
    // The page has one address.
    for path in ["/docs/", "/docs.html", "//docs", "/%64ocs"] {
        is(
            &ask(with.port(), &format!("GET {path}")),
            307,
            &["location: /docs"],
        );
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        is(
            &ask(with.port(), &format!("{method} /docs")),
            405,
            &HEADERS[..6],
        );
    }
}
