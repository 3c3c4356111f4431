//! How many networks an account remembers.

use gatehouse::db::login_throttle::{Decision, MOST_KNOWN, MOST_NETWORKS};

use crate::live::servers;
use crate::throttle::{Account, DAY};

#[tokio::test]
async fn the_latest_networks_are_remembered_and_fill_their_columns() {
    for server in servers() {
        let mut account = Account::on(&server, "networks").await;
        let known = u32::try_from(MOST_KNOWN).expect("a number");
        for network in 0..known + 3 {
            assert!(account.log_in(network).await);
        }
        let failed = u32::try_from(MOST_NETWORKS).expect("a number");
        for network in 1000..1000 + failed + 3 {
            account.now += DAY / 50 + 1;
            assert!(matches!(account.take(network).await, Decision::Go(_)));
        }
        // What the migration gives them room for, and what the entries of so many are long.
        let full = "DELETE FROM gatehouse_login_throttle
                    WHERE LENGTH(budgets) = 10 + 144 * 28 AND LENGTH(known) = 32 * 18";
        assert_eq!(account.run(full).await, 1);
    }
}
