//! A log that fails. The console of workerd cannot be made to.

use crate::support::{App, Limits, PASSWORD, Reaches, in_workerd, unique_email};

#[tokio::test]
async fn a_log_that_fails_fails_no_request() {
    if in_workerd() {
        return;
    }
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "4")
        .log_fails()
        .limits(Limits {
            register: 1,
            ..Limits::default()
        })
        .start();
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    app.register(&email, PASSWORD)
        .await
        .problem(429, "rate_limited");
    let token = app.login(&email, PASSWORD).await.expect(200).token();
    app.me(&token).await.expect(200);
    app.me("x.y.z").await.problem(401, "invalid_token");
    app.get("/nowhere").await.problem(404, "not_found");
    let mut failures = 0;
    while app.login(&email, "wrong password").await.status == 401 {
        failures += 1;
        assert!(failures < 100);
    }
    app.login(&email, "wrong password")
        .await
        .problem(429, "too_many_attempts");
    let unreachable = App::with().log_fails().reaches(Reaches::Nothing).start();
    unreachable
        .login(&email, PASSWORD)
        .await
        .problem(503, "database_unavailable");
    let log = app.log();
    let lines = log.lines().filter(|line| line.starts_with('{'));
    assert!(lines.count() >= 9, "{log}");
}
