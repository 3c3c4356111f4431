//! Pages that try to use the session cookie of another page, with all that browsers let them send.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit_browser::Browser;

use super::{Page, Session, status};
use crate::support::database::Database;
use crate::support::front::{Front, Seen};
use crate::support::{App, eventually};

const OURS: &str = "app.example.localhost";
/// Of the same site, so that a cookie with `SameSite=Strict` goes along.
const SIBLING: &str = "evil.example.localhost";
/// Of another site.
const STRANGER: &str = "127.0.0.1";

/// Something to try, and the one request that comes of it.
struct Attack {
    /// The body of an async function of the URL that is attacked.
    script: String,
    method: &'static str,
    status: u16,
}

/// All that browsers let a page do. Only JSON has an effect, and a page may send that to another
/// origin only if a preflight lets it.
fn attacks(path: &str, has_cookie: bool) -> [Attack; 8] {
    let form = |kind: &str| {
        format!(
            "const form = document.createElement('form');
            Object.assign(form, {{ method: 'POST', action: url, enctype: '{kind}' }});
            const input = document.createElement('input');
            Object.assign(input, {{ name: '{{\"a\":\"', value: '\"}}' }});
            form.append(input);
            document.body.append(form);
            form.submit();"
        )
    };
    let fetch = |more: &str| {
        format!(
            "const init = {{ method: 'POST', credentials: 'include', {more} }};
            await fetch(url, init).catch(() => {{}});"
        )
    };
    let json = "headers: { 'content-type': 'application/json' }, body: '{}'";
    let beacon = "navigator.sendBeacon(url, new Blob(['{}'], { type: 'application/json' }));";
    // Nobody is logged out by it.
    let empty = match (path, has_cookie) {
        ("/auth/logout", false) => 401,
        _ => 415,
    };
    [
        (form("application/x-www-form-urlencoded"), "POST", 415),
        (form("text/plain"), "POST", 415),
        (fetch(&format!("mode: 'no-cors', {json}")), "POST", 415),
        (fetch("mode: 'no-cors'"), "POST", empty),
        (fetch("body: '{}'"), "POST", 415),
        (fetch(json), "OPTIONS", 204),
        (beacon.to_owned(), "OPTIONS", 204),
        ("location.href = url;".to_owned(), "GET", 405),
    ]
    .map(|(script, method, status)| Attack {
        script,
        method,
        status,
    })
}

/// Runs a script in the page that is open.
async fn in_page(browser: &Browser, script: &str, url: &str) {
    let script = format!("const [url] = given; {script}");
    browser.run(&script, &[json!(url)]).await;
}

/// Runs a script in a sandboxed frame of the page that is open, whose origin is `null`.
async fn in_sandbox(browser: &Browser, script: &str, url: &str) {
    let html = format!(
        "<body><script>(async url => {{ {script} }})({}).finally(() => parent.postMessage(0, '*'))\
         </script>",
        json!(url)
    );
    let frame = "const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts allow-forms';
        frame.srcdoc = given[0];
        const done = new Promise(done => addEventListener('message', done, { once: true }));
        document.body.append(frame);
        await done;";
    browser.run(frame, &[json!(html)]).await;
}

/// Tries all attacks from a page against an origin, and checks that each was refused.
async fn try_all(
    browser: &Browser,
    page: &str,
    target: (&Front, &str),
    run: impl AsyncFn(&Browser, &str, &str),
    (origin, has_cookie): (&str, bool),
) {
    let (front, target) = target;
    front.take_seen();
    for path in ["/auth/refresh", "/auth/logout"] {
        for attack in attacks(path, has_cookie) {
            let Attack { script, method, .. } = &attack;
            browser.open(&format!("{page}/page")).await;
            run(browser, script, &format!("{target}{path}")).await;
            eventually(async || front.count_seen() > 0).await;
            let seen = front.take_seen();
            let expected = Seen {
                what: format!("{method} {path}"),
                // A GET that navigates has none.
                origin: if *method == "GET" { "" } else { origin }.to_owned(),
                // A preflight has none.
                has_cookie: has_cookie && *method != "OPTIONS",
                status: attack.status,
                sets_cookie: false,
            };
            assert_eq!(seen, [expected], "{script}");
        }
    }
}

/// The number of refreshes of a session.
async fn refreshes(session: &Session) -> Option<u64> {
    let id = hex::decode(&session.id).expect("an id");
    let mut conn = Database::shared().conn().await;
    let sql = "SELECT counter FROM gatehouse_session WHERE id = ? AND expires > 0";
    conn.exec_first(sql, (id,)).await.expect("select")
}

/// Checks that nothing has happened to a session, and that its page can go on.
async fn is_untouched(browser: &Browser, origin: &str, session: &Session) {
    // What was sent after an answer, if anything, has arrived too.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(refreshes(session).await, Some(0));
    let page = Page::open(browser, origin).await;
    status(&page.me(session).await, 200);
    assert_eq!(Session::of(&page.refresh().await).id, session.id);
    assert_eq!(refreshes(session).await, Some(1));
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_the_cookie() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let front = Front::of(App::shared()).await;
    let origin = front.origin("localhost");
    let session = Page::open(&browser, &origin).await.log_in().await;
    let evil = Front::of_a_stranger().await.origin(STRANGER);
    // SameSite: the browser does not send it.
    try_all(&browser, &evil, (&front, &origin), in_page, (&evil, false)).await;
    is_untouched(&browser, &origin, &session).await;
}

#[tokio::test]
async fn a_page_of_the_same_site_cannot_use_the_cookie_that_goes_along() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let front = Front::of(App::shared()).await;
    let origin = front.origin(OURS);
    let session = Page::open(&browser, &origin).await.log_in().await;
    let evil = Front::of_a_stranger().await.origin(SIBLING);
    try_all(&browser, &evil, (&front, &origin), in_page, (&evil, true)).await;
    is_untouched(&browser, &origin, &session).await;
}

#[tokio::test]
async fn a_sandboxed_frame_cannot_use_the_cookie_of_its_own_page() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let front = Front::of(App::shared()).await;
    let origin = front.origin("localhost");
    let session = Page::open(&browser, &origin).await.log_in().await;
    try_all(
        &browser,
        &origin,
        (&front, &origin),
        in_sandbox,
        ("null", false),
    )
    .await;
    is_untouched(&browser, &origin, &session).await;
}

#[tokio::test]
async fn the_origin_is_checked_even_where_a_proxy_lets_every_page_send_json() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let front = Front::careless(App::shared()).await;
    let origin = front.origin(OURS);
    let session = Page::open(&browser, &origin).await.log_in().await;
    let evil = Front::of_a_stranger().await.origin(SIBLING);
    let evil = Page {
        api: origin.clone(),
        ..Page::open(&browser, &evil).await
    };
    front.take_seen();
    for path in ["/auth/refresh", "/auth/logout"] {
        // Without a grant on the answer itself, it cannot read that; but it was sent.
        let answer = evil.send(path, &json!({}), "include").await;
        assert_eq!(answer["error"], "TypeError: Failed to fetch");
        let seen = front.take_seen();
        assert_eq!(seen.len(), 2, "a preflight and a request");
        assert_eq!(
            (seen[1].status, seen[1].has_cookie),
            (403, true),
            "{seen:?}"
        );
        assert!(!seen[1].sets_cookie);
    }
    is_untouched(&browser, &origin, &session).await;
}

#[tokio::test]
async fn a_hostile_page_cannot_plant_its_own_session() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let app = App::with().start();
    let front = Front::careless(&app).await;
    let origin = front.origin(OURS);
    let own = Page::open(&browser, &origin).await.register().await;
    let evil = Front::of_a_stranger().await;
    for host in [STRANGER, SIBLING] {
        let evil = Page {
            api: origin.clone(),
            ..Page::open(&browser, &evil.origin(host)).await
        };
        front.take_seen();
        drop(app.hyperdrive().take_statements());
        evil.send("/auth/login", &own, "include").await;
        let seen = front.take_seen();
        assert_eq!(seen[1].status, 403, "{seen:?}");
        assert!(!seen[1].sets_cookie);
        assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    }
    // Nor by a cookie for all hosts of the site: the prefix of its name forbids a domain.
    let script = "for (const name of ['__Host-gatehouse', 'proof'])
        document.cookie = `${name}=x; Domain=example.localhost; Path=/; Secure`;";
    browser.run(script, &[]).await;

    let page = Page::open(&browser, &origin).await;
    let readable = browser.run("return document.cookie", &[]).await;
    assert_eq!(readable, "proof=x");
    status(&page.refresh().await, 422);
    assert!(!front.take_seen()[0].has_cookie);
    // The same login from the page itself.
    Session::of(&page.post("/auth/login", &own).await);
    Session::of(&page.refresh().await);
}

#[tokio::test]
async fn a_hostile_page_cannot_try_a_password_by_a_form() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let app = App::with().start();
    let front = Front::of(&app).await;
    let origin = front.origin(OURS);
    let own = Page::open(&browser, &origin).await.register().await;
    let login = format!(
        "const form = document.createElement('form');
        Object.assign(form, {{ method: 'POST', action: url }});
        const parameters = {{ grant_type: 'password', username: {}, password: {} }};
        for (const [name, value] of Object.entries(parameters)) {{
            form.append(Object.assign(document.createElement('input'), {{ name, value }}));
        }}
        document.body.append(form);
        form.submit();",
        own["email"], own["password"]
    );
    let submit = async |page: &str, is_framed: bool| {
        browser.open(&format!("{page}/page")).await;
        front.take_seen();
        drop(app.hyperdrive().take_statements());
        let url = format!("{origin}/auth/login");
        if is_framed {
            in_sandbox(&browser, &login, &url).await;
        } else {
            in_page(&browser, &login, &url).await;
        }
        eventually(async || front.count_seen() > 0).await;
        let seen = front.take_seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(!seen[0].sets_cookie);
        (seen[0].status, app.hyperdrive().take_statements().len())
    };
    let evil = Front::of_a_stranger().await;
    for host in [STRANGER, SIBLING] {
        assert_eq!(submit(&evil.origin(host), false).await, (403, 0), "{host}");
    }
    assert_eq!(submit(&origin, true).await, (403, 0));
    assert_eq!(submit(&origin, false).await.0, 200);
}
