//! A panic in one request leaves the others of the isolate alone.

use std::time::Duration;

use crate::support::{App, in_workerd};

#[tokio::test]
async fn of_forty_requests_at_once_the_panicking_one_alone_fails() {
    if !in_workerd() {
        // In process there is no isolate to share, and the route is not compiled in: this is tested in
        // workerd alone.
        return;
    }
    let app = App::with().panics().start();
    let user = app.user().await;
    for round in 0..10 {
        let requests = (0..40).map(|number| {
            let (app, token) = (&app, &user.token);
            async move {
                if number == 20 {
                    app.get("/test/panic").await.problem(500, "internal_error");
                } else {
                    app.me(token).await.expect(200);
                }
            }
        });
        let all = futures_util::future::join_all(requests);
        tokio::time::timeout(Duration::from_secs(20), all)
            .await
            .unwrap_or_else(|_| panic!("round {round}: some hung"));
    }
    assert!(app.log().contains("asked to panic"));
    let line = r#""path":"/test/panic","status":500"#;
    assert_eq!(app.log().matches(line).count(), 10, "{}", app.log());
}

#[tokio::test]
async fn the_route_that_panics_is_not_in_the_release() {
    App::shared()
        .get("/test/panic")
        .await
        .problem(404, "not_found");
}
