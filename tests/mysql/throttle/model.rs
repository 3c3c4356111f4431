//! The rules of the budgets without SQL, and what happens to an account.

use std::time::Duration;

use gatehouse::db::login_throttle::{Decision, Limits, MOST_KNOWN, MOST_NETWORKS, Taken};
use proptest::prelude::*;

use super::{Account, DAY, HOUR, MINUTE, START};

/// The rules of the budgets, written down without SQL and in other terms: what is owed, and since
/// when.
#[derive(Debug, Default)]
pub(super) struct Model {
    clock: u64,
    strangers: u64,
    /// Newest first: the network, when it has paid, and when it has paid the reserve.
    networks: Vec<(u32, u64, u64)>,
    known: Vec<(u32, u64)>,
}

impl Model {
    fn take(&mut self, limits: Limits, now: u64, network: u32) -> Decision {
        if self.clock > now + 120 {
            (self.strangers, self.clock) = (0, 0);
            self.networks.clear();
        }
        self.clock = self.clock.max(now);
        let (back, all_back) = (limits.per_network / 4, limits.per_account / 2);
        let own_pace = DAY.div_ceil(back.into());
        let pace = DAY.div_ceil(all_back.into());
        let own_most = u64::from(limits.per_network - back - 1) * own_pace + 120;
        let most = u64::from(limits.per_account - all_back - 1) * pace + 120;
        let half = u64::from((limits.per_account - all_back) / 2) * pace + 120;

        let known = self.known.iter().find(|(other, _)| *other == network);
        let known = known.is_some_and(|(_, since)| since + 30 * DAY > now);
        let entry = self.networks.iter().find(|(other, ..)| *other == network);
        let (own, reserve) = entry.map_or((0, 0), |(_, own, reserve)| (*own, *reserve));
        let over = |until: u64, most: u64| until.saturating_sub(now + most);
        let of_all = over(self.strangers, most).max(over(reserve, 2 * DAY + 120));
        let of_all = of_all.min(over(self.strangers, half));
        let wait = over(own, own_most).max(if known { 0 } else { of_all });
        if wait > 0 {
            return Decision::Wait(Duration::from_secs(wait));
        }
        let open = self.strangers <= now + half;
        let reserve = reserve.max(now) + if known || open { 0 } else { DAY };
        self.networks.retain(|(other, ..)| *other != network);
        self.networks
            .insert(0, (network, own.max(now) + own_pace, reserve));
        self.networks
            .truncate(usize::try_from(MOST_NETWORKS).expect("a length"));
        self.strangers = self.strangers.max(now) + if known { 0 } else { pace };
        Decision::Go(if known {
            Taken::Network
        } else {
            Taken::NetworkAndStrangers
        })
    }

    fn succeed(&mut self, limits: Limits, now: u64, network: u32, taken: Taken) {
        if taken == Taken::NetworkAndStrangers {
            self.strangers -= DAY.div_ceil(u64::from(limits.per_account / 2));
        }
        self.networks.retain(|(other, ..)| *other != network);
        self.known.retain(|(other, _)| *other != network);
        self.known.insert(0, (network, now));
        self.known
            .truncate(usize::try_from(MOST_KNOWN).expect("a length"));
    }
}

/// Something that happens to an account.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Pass(u64),
    /// The clock goes back, as that of a statement does which has waited, or of another server.
    Back(u64),
    Wrong(u32, u32),
    Right(u32),
}

pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let network = prop_oneof![8 => 0..4_u32, 4 => 0..200_u32];
    let event = prop_oneof![
        4 => prop_oneof![0..MINUTE, 0..HOUR, 0..DAY, 0..40 * DAY].prop_map(Event::Pass),
        1 => prop_oneof![0..=120_u64, 0..DAY].prop_map(Event::Back),
        6 => (network.clone(), 1..30_u32).prop_map(|(network, times)| Event::Wrong(network, times)),
        2 => network.prop_map(Event::Right),
    ];
    prop::collection::vec(event, 1..60)
}

pub(super) fn limits() -> impl Strategy<Value = Limits> {
    let whole = (4..=33_u32).prop_flat_map(|network| (Just(network), (3 * network).max(12)..=100));
    whole.prop_map(|(per_network, per_account)| Limits {
        per_network,
        per_account,
    })
}

pub(super) async fn follow(
    account: &mut Account,
    model: &mut Model,
    event: Event,
) -> Result<(), TestCaseError> {
    let (network, times) = match event {
        Event::Pass(seconds) => {
            account.now += seconds;
            return Ok(());
        }
        Event::Back(seconds) => {
            account.now = account.now.saturating_sub(seconds);
            return Ok(());
        }
        Event::Wrong(network, times) => (network, times),
        Event::Right(network) => (network, 1),
    };
    for _ in 0..times {
        let decision = account.take(network).await;
        let now = START + account.now;
        prop_assert_eq!(decision, model.take(account.limits, now, network));
        if let (Event::Right(_), Decision::Go(taken)) = (&event, decision) {
            account.succeed(network, taken).await;
            model.succeed(account.limits, now, network, taken);
        }
    }
    Ok(())
}
