//! A change of the password that meets something else, and what a failing database leaves of it.

use hyperdrive_local::fault::{Kind, Stage};

use crate::support::client::{Client, over, registered};
use crate::support::hyperdrive::after;
use crate::support::race::Race;
use crate::support::{Answer, App, PASSWORD};

const NEW: &str = "a new horse in the old stable";
const OTHER: &str = "another horse in another stable";
const LOCK_USER: &str = "SELECT 1 FROM `user` WHERE email = ? FOR UPDATE";
const LOCK_SESSION: &str = "SELECT 1 FROM gatehouse_session WHERE id = UNHEX(?) FOR UPDATE";

/// The same race under both isolation levels that servers have by default.
async fn races(name: &str) -> Vec<Race> {
    let committed = Race::read_committed(name).await;
    let mut races = vec![Race::start(name).await];
    races.extend(committed);
    races
}

/// Checks that a login with the old password has started no session that goes on.
async fn leaves_no_session(app: &App, login: Answer) {
    if login.status == 200 {
        let client = Client::of(app, &login.json());
        app.me(&client.access).await.problem(401, "invalid_token");
        over(client.refresh().await);
    } else {
        login.problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_login_that_meets_a_change_leaves_no_session_of_the_old_password() {
    for mut race in races("change_login").await {
        let app = race.app();
        let email = registered(&app).await;
        let client = Client::log_in(&app, &email).await;
        race.hold(LOCK_USER, &*email).await;
        let change = client.change_password(PASSWORD, NEW);
        let (login, changed) = race.run(app.login(&email, PASSWORD), change).await;
        changed.expect(204);
        leaves_no_session(&app, login).await;
        race.hold(LOCK_USER, &*email).await;
        let change = client.change_password(NEW, OTHER);
        let (changed, login) = race.run(change, app.login(&email, NEW)).await;
        changed.expect(204);
        leaves_no_session(&app, login).await;
        app.me(&client.access).await.expect(200);
    }
}

#[tokio::test]
async fn a_refresh_that_meets_a_change_carries_no_other_session_on() {
    for mut race in races("change_refresh").await {
        let app = race.app();
        let email = registered(&app).await;
        let client = Client::log_in(&app, &email).await;
        for refresh_first in [true, false] {
            let (old, new) = if refresh_first {
                (PASSWORD, NEW)
            } else {
                (NEW, PASSWORD)
            };
            let other = Client::of(&app, &app.login(&email, old).await.expect(200).json());
            race.hold(LOCK_SESSION, &*other.session).await;
            let change = client.change_password(old, new);
            let refreshed = if refresh_first {
                let (refreshed, changed) = race.run(other.refresh(), change).await;
                changed.expect(204);
                refreshed
            } else {
                let (changed, refreshed) = race.run(change, other.refresh()).await;
                changed.expect(204);
                refreshed
            };
            if refreshed.status == 200 {
                let next = Client::of(&app, &refreshed.json());
                over(next.refresh().await);
                app.me(&next.access).await.problem(401, "invalid_token");
            }
            over(other.refresh().await);
            app.me(&other.access).await.problem(401, "invalid_token");
            app.me(&client.access).await.expect(200);
        }
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins_unless_both_are_the_same() {
    for mut race in races("two_changes").await {
        let app = race.app();
        let email = registered(&app).await;
        let client = Client::log_in(&app, &email).await;
        race.hold(LOCK_USER, &*email).await;
        let one = client.change_password(PASSWORD, NEW);
        let (one, two) = race.run(one, client.change_password(PASSWORD, OTHER)).await;
        let (lost, stored) = match one.status {
            204 => (two, NEW),
            _ => (one, OTHER),
        };
        lost.problem(401, "invalid_credentials");
        app.login(&email, stored).await.expect(200);

        race.hold(LOCK_USER, &*email).await;
        let one = client.change_password(stored, PASSWORD);
        let (one, two) = race
            .run(one, client.change_password(stored, PASSWORD))
            .await;
        assert_eq!((one.status, two.status), (204, 204));
        app.login(&email, PASSWORD).await.expect(200);

        // Of two sessions, the one that has lost is over.
        let other = Client::log_in(&app, &email).await;
        race.hold(LOCK_USER, &*email).await;
        let one = client.change_password(PASSWORD, NEW);
        let (one, two) = race.run(one, other.change_password(PASSWORD, OTHER)).await;
        let lost = if one.status == 204 { two } else { one };
        lost.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_change_that_meets_the_deletion_of_its_user_is_refused_as_the_token_is() {
    let mut race = Race::start("change_deletion").await;
    let app = race.app();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    race.hold("DELETE FROM `user` WHERE email = ?", &*email)
        .await;
    let changed = race.run_one(client.change_password(PASSWORD, NEW)).await;
    changed.problem(401, "invalid_token");
    app.login(&email, NEW).await.expect(401);
}

#[tokio::test]
async fn a_change_and_a_deletion_whose_session_is_ended_meanwhile_are_refused() {
    let mut race = Race::start("change_logout").await;
    let app = race.app();
    for is_change in [true, false] {
        let email = registered(&app).await;
        let client = Client::log_in(&app, &email).await;
        let request = async {
            if is_change {
                client.change_password(PASSWORD, NEW).await
            } else {
                client.delete(PASSWORD).await
            }
        };
        race.hold(LOCK_USER, &*email).await;
        let end = "DELETE FROM gatehouse_session WHERE id = UNHEX(?)";
        let answer = race.run_and(request, end, &client.session).await;
        answer.problem(401, "invalid_token");
        app.login(&email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn a_change_that_meets_the_upgrade_of_an_old_hash_is_made_on_top_of_it() {
    let mut race = Race::start("change_upgrade").await;
    let app = race.app();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let hash = bcrypt::hash_with_salt(PASSWORD, 4, *b"a salt of a test").expect("a hash");
    let upgrade = format!("UPDATE `user` SET password = '{hash}' WHERE email = ?");
    race.hold(&upgrade, &*email).await;
    let changed = race.run_one(client.change_password(PASSWORD, NEW)).await;
    changed.expect(204);
    app.login(&email, NEW).await.expect(200);
}

#[tokio::test]
async fn a_change_and_a_deletion_wait_for_no_session_of_anybody_else() {
    let mut race = Race::start("change_locks").await;
    let app = race.app();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let other = Client::new(&app).await;
    // So many that a server would rather read the whole table.
    for _ in 0..6 {
        Client::log_in(&app, &email).await;
    }
    race.analyze().await;
    race.hold(LOCK_SESSION, &*other.session).await;
    // A statement that waits is late after its deadline.
    let changed = client.change_password(PASSWORD, NEW).await;
    changed.expect(204);
    client.delete(NEW).await.expect(204);
}

#[tokio::test]
async fn whatever_is_lost_a_change_is_made_whole_or_not_at_all_and_what_is_told_is_true() {
    // Another app, so that the fault strikes nothing else.
    let calm = App::shared();
    let app = App::with().start();
    for (skip, kind, status) in [
        // The user; the count; the change, whose repeat finds it made.
        (0, Kind::Close, 204),
        (1, Kind::Close, 503),
        (2, Kind::Close, 204),
        (2, Kind::Cut, 204),
        (2, Kind::Error, 204),
        (2, Kind::PoolExhausted, 204),
        (2, Kind::Hang, 503),
    ] {
        let email = registered(calm).await;
        let [client, other] = [
            Client::log_in(calm, &email).await,
            Client::log_in(calm, &email).await,
        ];
        let client = client.through(&app);
        app.hyperdrive()
            .fail(Some(after(skip, Stage::Query, kind, 1)));
        let answer = client.change_password(PASSWORD, NEW).await;
        assert_eq!(answer.status, status, "{kind:?} {skip}");
        let is_new = calm.login(&email, NEW).await.status == 200;
        let is_over = other.refresh().await.status == 401;
        assert_eq!(is_new, is_over, "{kind:?} {skip}");
        assert!(is_new || status == 503, "{kind:?} {skip}");
        calm.me(&client.access).await.expect(200);
    }
}

#[tokio::test]
async fn a_connection_that_is_killed_while_it_waits_loses_nothing() {
    let mut race = Race::start("change_killed").await;
    let app = race.app();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let other = Client::log_in(&app, &email).await;
    race.hold(LOCK_USER, &*email).await;
    let changed = race.run_killed(client.change_password(PASSWORD, NEW)).await;
    changed.expect(204);
    over(other.refresh().await);
    app.login(&email, NEW).await.expect(200);
}
