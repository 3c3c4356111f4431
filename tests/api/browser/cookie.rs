//! The session cookie, as pages that may use it see it.

use serde_json::json;
use testkit_browser::Browser;

use super::{Page, Session, status};
use crate::support::App;
use crate::support::front::Front;

#[tokio::test]
async fn a_page_has_a_session_in_a_cookie_that_it_cannot_read() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let front = Front::of(App::shared()).await;
    let origin = front.origin("localhost");
    let page = Page::open(&browser, &origin).await;
    let session = page.log_in().await;
    let readable = browser.run("return document.cookie", &[]).await;
    assert_eq!(readable, "");
    status(&page.me(&session).await, 200);
    let refreshed = Session::of(&page.refresh().await);
    assert_eq!(refreshed.id, session.id);

    let page = Page::open(&browser, &origin).await;
    let reloaded = Session::of(&page.refresh().await);
    assert_eq!(reloaded.id, session.id);
    status(&page.me(&reloaded).await, 200);

    status(&page.post("/auth/logout", &json!({})).await, 204);
    status(&page.me(&reloaded).await, 401);
    front.take_seen();
    let none = page.refresh().await;
    let errors = &status(&none, 422)["errors"];
    assert_eq!(errors[0]["code"], "required", "{errors}");
    assert!(!front.take_seen()[0].has_cookie);
    // What a page of the app does is no reason for a browser to complain, but for the statuses.
    let console = browser.console().await;
    let complaints = console.iter().filter(|line| !line.contains("status of"));
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn a_page_of_a_listed_origin_has_a_session_in_a_cookie_of_the_same_site() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let listed = Front::of_a_stranger().await.origin("web.example.localhost");
    let app = App::with().variable("CORS_ORIGINS", &listed).start();
    let front = Front::of(&app).await;
    browser.open(&format!("{listed}/page")).await;
    let page = Page {
        browser: &browser,
        api: front.origin("app.example.localhost"),
    };
    let credentials = page.register().await;
    let login = page.send("/auth/login", &credentials, "include").await;
    let session = Session::of(&login);
    for _ in 0..2 {
        let refreshed = page.send("/auth/refresh", &json!({}), "include").await;
        assert_eq!(Session::of(&refreshed).id, session.id);
    }
    status(&page.me(&session).await, 200);
    let logout = page.send("/auth/logout", &json!({}), "include").await;
    status(&logout, 204);
    status(&page.me(&session).await, 401);
    let last = page.send("/auth/refresh", &json!({}), "include").await;
    status(&last, 422);
}
