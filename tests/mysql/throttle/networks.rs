//! Networks that guess beside networks that log in.

use gatehouse::db::login_throttle::{Attempt, Decision, Limits, Taken};

use super::{Account, DAY, HOUR, MINUTE};
use crate::live::servers;

#[tokio::test]
async fn a_network_has_three_quarters_of_its_guesses_at_once_and_the_rest_in_a_day() {
    for server in servers() {
        let mut account = Account::on(&server, "own").await;
        assert_eq!(account.guess_all(1).await.0, 23);
        let mut more = 0;
        for _ in 0..24 * 60 {
            account.now += MINUTE;
            more += u32::from(matches!(account.take(1).await, Decision::Go(_)));
        }
        assert_eq!(more, 7);
    }
}

#[tokio::test]
async fn guesses_from_one_network_make_no_other_one_wait() {
    for server in servers() {
        for (per_network, per_account) in [(30, 100), (33, 100), (4, 12), (20, 60)] {
            let mut account = Account::on(&server, "one").await;
            account.limits = Limits {
                per_network,
                per_account,
            };
            for hour in 0..72 {
                account.guess_all(1).await;
                account.now += HOUR;
                assert!(account.log_in(100 + hour).await, "{per_network} {hour}");
                account.now += 30 * MINUTE;
            }
        }
    }
}

#[tokio::test]
async fn a_network_that_has_logged_in_waits_for_no_strangers_for_thirty_days() {
    for server in servers() {
        let mut account = Account::on(&server, "known").await;
        assert!(account.log_in(0).await);
        for day in 0..30 {
            account.now = day * DAY + 20 * HOUR;
            for stranger in 1..120 {
                account.guess_all(stranger).await;
            }
            assert!(matches!(account.take(999).await, Decision::Wait(_)));
            // It has slips of its own, too.
            assert!(matches!(
                account.take(0).await,
                Decision::Go(Taken::Network)
            ));
        }
        account.now = 30 * DAY;
        for stranger in 1..120 {
            account.guess_all(stranger).await;
        }
        assert!(matches!(account.take(0).await, Decision::Wait(_)));
        account.now += DAY;
        assert!(account.log_in(0).await, "as any other");
    }
}

#[tokio::test]
async fn a_right_password_gives_back_what_it_took_and_forgives_its_network() {
    for server in servers() {
        let mut account = Account::on(&server, "back").await;
        for _ in 0..500 {
            account.now += 1;
            assert!(account.log_in(1).await, "of a known network");
        }
        for network in 1000..1500 {
            account.now += 1;
            assert!(account.log_in(network).await, "of a new one each time");
        }
        for _ in 0..10 {
            account.now += 1;
            for _ in 0..22 {
                assert!(matches!(account.take(1499).await, Decision::Go(_)));
            }
            assert!(account.log_in(1499).await);
        }
    }
}

#[tokio::test]
async fn a_server_without_the_row_says_so_when_a_right_password_is_to_be_recorded() {
    for server in servers() {
        let mut account = Account::on(&server, "lags").await;
        let taken = Taken::NetworkAndStrangers;
        for attempt in [Attempt::First, Attempt::Repeat] {
            assert!(!account.settle(1, taken, attempt).await);
        }
        // Another login has counted: the connection forgets what it was told then.
        assert_eq!(account.take(1).await, Decision::Go(taken));
        account.run("DELETE FROM gatehouse_login_throttle").await;
        assert!(!account.settle(1, taken, Attempt::First).await);
        // A second one in the same second changes nothing, and there is a row all the same.
        assert_eq!(account.take(1).await, Decision::Go(taken));
        for _ in 0..2 {
            assert!(account.settle(1, Taken::Network, Attempt::First).await);
        }
    }
}
