//! Waiting, clocks that are wrong, and the end of a row.

use std::time::Duration;

use gatehouse::db::login_throttle::{self, Decision};

use super::{Account, DAY, HOUR};
use crate::live::servers;

#[tokio::test]
async fn after_the_time_that_was_told_a_try_is_let_through_and_not_before() {
    for server in servers() {
        let mut account = Account::on(&server, "told").await;
        for round in 0..6 {
            for network in [1, 2, 3, 4] {
                let (_, wait) = account.guess_all(network).await;
                let told = account.now;
                account.now = told + wait - 1;
                let early = account.take(network).await;
                assert_eq!(early, Decision::Wait(Duration::from_secs(1)), "{round}");
                account.now = told + wait;
                assert!(matches!(account.take(network).await, Decision::Go(_)));
            }
        }
    }
}

#[tokio::test]
async fn a_clock_that_stands_behind_the_row_makes_nobody_wait_and_lets_nobody_slip_past() {
    for server in servers() {
        let mut account = Account::on(&server, "stale").await;
        for count in 0..23 {
            account.now = 1000 - 120 * (count % 2);
            let decision = account.take(1).await;
            assert!(matches!(decision, Decision::Go(_)), "{count}: {decision:?}");
        }
        assert!(matches!(account.take(1).await, Decision::Wait(_)));
    }
}

#[tokio::test]
async fn clocks_that_differ_by_seconds_change_no_verdict_and_a_wait_by_no_more_than_that() {
    const OFF: u64 = 7;
    for server in servers() {
        let mut told = Vec::new();
        for skews in [[0, 0, 0], [0, OFF, 3], [OFF, 0, 5], [3, 4, OFF]] {
            let mut account = Account::on(&server, "skewed").await;
            let mut let_through = 0;
            let mut waits = Vec::new();
            for round in 0..40 {
                account.now = 1000 + round + skews[usize::try_from(round % 3).expect("small")];
                match account.take(1).await {
                    Decision::Go(_) => let_through += 1,
                    Decision::Wait(wait) => waits.push(wait.as_secs() + round),
                }
            }
            assert_eq!(let_through, 23, "{skews:?}");
            told.push(waits);
        }
        for waits in &told[1..] {
            for (exact, skewed) in told[0].iter().zip(waits) {
                assert!(exact.abs_diff(*skewed) <= OFF, "{exact} {skewed}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_right_login_took_is_given_back_once_however_often_that_is_tried() {
    for server in servers() {
        // It was recorded, once or twice, or not at all, before it is tried again.
        for recorded in 0..3 {
            let mut account = Account::on(&server, "again").await;
            let guessed = 20;
            for network in 100..100 + guessed {
                assert!(matches!(account.take(network).await, Decision::Go(_)));
            }
            let Decision::Go(taken) = account.take(1).await else {
                panic!("a right login is let through");
            };
            if recorded > 0 {
                account.succeed(1, taken).await;
            }
            for _ in 0..recorded.max(1) {
                account.succeed_again(1, taken).await;
            }
            // All that is left is open to strangers, up to half of their budget of 50.
            let mut left = 0;
            while matches!(account.take(200 + left).await, Decision::Go(_)) {
                left += 1;
                assert!(left < 200, "no end");
            }
            let mut exact = Account::on(&server, "once").await;
            for network in 100..100 + guessed {
                assert!(matches!(exact.take(network).await, Decision::Go(_)));
            }
            let mut expected = 0;
            while matches!(exact.take(200 + expected).await, Decision::Go(_)) {
                expected += 1;
            }
            assert_eq!(left, expected, "recorded {recorded} times");
        }
    }
}

#[tokio::test]
async fn what_a_clock_has_written_that_was_far_ahead_is_forgotten() {
    for server in servers() {
        for ahead in [121, HOUR, DAY, 3 * DAY, 1000 * DAY] {
            let mut account = Account::on(&server, "ahead").await;
            account.now = ahead;
            account.guess_all(1).await;
            account.guess_all(2).await;
            account.now = 0;
            assert_eq!(account.guess_all(1).await.0, 23, "{ahead} s ahead");
        }
    }
}

#[tokio::test]
async fn a_row_is_deleted_when_nothing_in_it_matters_any_more() {
    for server in servers() {
        let mut account = Account::on(&server, "purge").await;
        for (logs_in, days) in [(false, 8), (true, 30)] {
            account.guess_all(1).await;
            if logs_in {
                assert!(account.log_in(2).await);
            }
            account.now += days * DAY;
            account.set_time().await;
            let purging = login_throttle::purging();
            let kept = account.connection.execute(&purging).await.expect("done");
            assert_eq!(kept.rows, 0);
            account.now += DAY;
            account.set_time().await;
            let deleted = account.connection.execute(&purging).await.expect("done");
            assert_eq!(deleted.rows, 1);
        }
    }
}

#[test]
fn every_budget_is_full_again_before_its_row_is_deleted() {
    for per_network in 4..=33_u32 {
        let back = per_network / 4;
        let whole = u64::from(per_network - back) * DAY.div_ceil(u64::from(back));
        assert!(whole + 120 < 8 * DAY, "{per_network}");
    }
}
