//! What can be told of an account by how long its login fails: nothing.
//!
//! Measured where it is deployed. In process the same code runs on a faster clock and several
//! threads, which tells nothing more.

use std::time::{Duration, Instant};

use testkit::hash::BCRYPT_SHA256;

use crate::support::database::Database;
use crate::support::{App, figure, in_workerd, unique_email};

/// Logins of each kind.
const TRIES: usize = 200;
/// Logins at one account: as many as one network can try at once.
const PER_ACCOUNT: usize = 20;
const WRONG: &str = "wrong password";

async fn failing(app: &App, email: &str) -> Duration {
    let started = Instant::now();
    app.login(email, WRONG)
        .await
        .problem(401, "invalid_credentials");
    started.elapsed()
}

/// The middle one, and how far apart the quartiles are.
fn median_and_spread(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let at = |quarter: usize| times[times.len() * quarter / 4];
    (at(2), at(3).abs_diff(at(1)))
}

#[tokio::test]
async fn a_wrong_password_an_unknown_e_mail_and_a_missing_or_unreadable_hash_take_the_same_time() {
    if !in_workerd() {
        return;
    }
    let app = App::with().start();
    let kinds = [
        "wrong password",
        "unknown e-mail",
        "missing hash",
        "unreadable hash",
    ];
    let mut emails: Vec<Vec<String>> = vec![Vec::new(); kinds.len()];
    for _ in 0..TRIES / PER_ACCOUNT {
        let stored = [None, Some("unreadable")];
        let rows = [unique_email(), unique_email()];
        for (email, stored) in rows.iter().zip(stored) {
            Database::shared().insert(Some(email), stored).await;
        }
        let [missing, unreadable] = rows;
        let all = [app.user().await.email, unique_email(), missing, unreadable];
        for (kind, email) in emails.iter_mut().zip(all) {
            kind.push(email);
        }
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); kinds.len()];
    // In turn, so that whatever else the machine does is the same for all.
    for number in 0..TRIES {
        for (kind, emails) in emails.iter().enumerate() {
            times[kind].push(failing(&app, &emails[number / PER_ACCOUNT]).await);
        }
    }
    let results: Vec<_> = times.into_iter().map(median_and_spread).collect();
    for (kind, (median, spread)) in kinds.iter().zip(&results) {
        figure(&format!(
            "login, {kind}: median {median:.1?} of {TRIES}, quartiles {spread:.1?} apart"
        ));
    }
    let (wrong, spread) = results[0];
    for (kind, (median, other_spread)) in kinds.iter().zip(&results).skip(1) {
        let apart = wrong.abs_diff(*median);
        assert!(apart < spread.max(*other_spread), "{kind}: {apart:?} apart");
    }
}

#[tokio::test]
async fn a_taken_e_mail_takes_as_long_to_be_refused_as_a_free_one_to_be_registered() {
    if !in_workerd() {
        return;
    }
    let app = App::with().start();
    let user = app.user().await;
    let (mut free, mut taken) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        let started = Instant::now();
        app.register(&unique_email(), WRONG).await.expect(201);
        free.push(started.elapsed());
        let started = Instant::now();
        app.register(&user.email, WRONG).await.expect(409);
        taken.push(started.elapsed());
    }
    let ((free, spread), (taken, other_spread)) =
        (median_and_spread(free), median_and_spread(taken));
    figure(&format!(
        "registration: median {free:.1?} of 40, and {taken:.1?} where the e-mail is taken"
    ));
    assert!(free.abs_diff(taken) < (spread + other_spread).max(free / 4));
}

#[tokio::test]
async fn the_cost_of_an_old_hash_is_hidden_by_waiting_and_a_right_password_does_not_wait() {
    if !in_workerd() {
        return;
    }
    let least = Duration::from_secs(3);
    let app = App::with()
        .variable("LOGIN_FAILURE_MILLISECONDS", "3000")
        .start();
    let old = unique_email();
    Database::shared()
        .insert(Some(&old), Some(BCRYPT_SHA256))
        .await;
    let user = app.user().await;
    let mut of_old = Duration::MAX;
    for (email, what) in [
        (&old, "an old hash"),
        (&old, "an old hash"),
        (&user.email, "a hash of today"),
        (&unique_email(), "an unknown e-mail"),
    ] {
        let time = failing(&app, email).await;
        figure(&format!("failed login, {what}: {time:.1?}"));
        assert!(time >= least, "{what}: {time:?}");
        if *email == old {
            of_old = of_old.min(time);
        }
    }
    let started = Instant::now();
    app.login(&old, "correct horse").await.expect(200);
    let right = started.elapsed();
    figure(&format!("right password, old hash: {right:.1?}"));
    assert!(right < least, "it does not wait");
    // The timer began before the hash, not after it.
    assert!(of_old < least + right, "{of_old:?}");
}
