//! Sessions against a model of their rules, with requests that really run at the same time.
//!
//! After each round of requests there must be an order of them in which the model gives the answers
//! that were seen.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatehouse::token::{RefreshKeys, RefreshToken};
use hyperdrive_local::fault::{Kind, Stage};
use itertools::Itertools as _;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::client::{Client, over, pass, registered};
use crate::support::hyperdrive::once;
use crate::support::{App, SECRET_KEY};

/// Seconds in which a refresh may be repeated, by default.
const GRACE: u16 = 10;

/// A session by the rules of docs/sessions.md, without its idle and absolute end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Model {
    counter: u32,
    is_live: bool,
    /// Whether the last refresh may be repeated.
    is_fresh: bool,
}

impl Model {
    /// The counter of the successor, or `None` if the session is over.
    fn refresh(&mut self, counter: u32) -> Option<u32> {
        if self.is_live && counter >= self.counter {
            self.counter = counter + 1;
            self.is_fresh = true;
        } else if counter + 1 != self.counter || !self.is_fresh {
            self.is_live = false;
        }
        self.is_live.then_some(counter + 1)
    }

    /// The states in which all of the requests can leave the session, of which each has a counter and
    /// an answer. One of them may have been done twice: its first reply was lost on the way from the
    /// database.
    fn after(self, requests: &[(u32, Option<u32>)], may_repeat: bool) -> BTreeSet<Self> {
        let all = || (0..requests.len()).map(Some);
        let repeated = if may_repeat {
            all().chain([None]).collect()
        } else {
            vec![None]
        };
        let orders = repeated.into_iter().flat_map(|repeated| {
            let places: Vec<_> = (0..requests.len()).chain(repeated).collect();
            let count = places.len();
            places.into_iter().permutations(count)
        });
        let ends = orders.filter_map(|order| {
            let mut model = self;
            for (at, place) in order.iter().enumerate() {
                let (counter, answer) = requests[*place];
                let is_last = !order[at + 1..].contains(place);
                if model.refresh(counter) != answer && is_last {
                    return None;
                }
            }
            Some(model)
        });
        ends.collect()
    }
}

/// Requests at the same time.
#[derive(Debug, Clone)]
struct Round {
    /// The seconds before it.
    pause: u16,
    /// How many refreshes ago the token of each request was the current one.
    behind: Vec<u32>,
    /// Whether one reply of the database is lost.
    loses: bool,
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    // Far from the end of the grace, since the test takes time itself.
    let pause = prop_oneof![4 => 0..2_u16, 2 => 2 * GRACE..1000];
    let behind = prop_oneof![8 => Just(0), 4 => Just(1), 1 => Just(2), 1 => Just(5)];
    let behind = prop::collection::vec(behind, 1..5);
    let round = (pause, behind, prop::bool::weighted(0.3));
    let round = round.prop_map(|(pause, behind, loses)| Round {
        pause,
        behind,
        loses,
    });
    prop::collection::vec(round, 1..8)
}

/// A session whose tokens a test makes itself.
struct Session<'a> {
    app: &'a App,
    keys: RefreshKeys,
    token: RefreshToken,
    client: Client<'a>,
}

impl<'a> Session<'a> {
    async fn start(app: &'a App, email: &str) -> Self {
        let client = Client::log_in(app, email).await;
        let keys = RefreshKeys::new([SECRET_KEY.as_bytes()].into_iter());
        Self {
            token: keys.open(&client.refresh).expect("a token"),
            app,
            keys,
            client,
        }
    }

    fn token(&self, counter: u32) -> String {
        let token = RefreshToken {
            counter,
            ..self.token
        };
        self.keys.seal(&token).expect("a key")
    }

    /// Refreshes with the token of a counter: the counter of the successor, or `None` if the session is
    /// over. A slow machine may be late, and then nobody knows what was done.
    async fn refresh(&self, counter: u32) -> Result<Option<u32>, TestCaseError> {
        let answer = self.app.refresh(&self.token(counter)).await;
        match answer.status {
            503 => Err(TestCaseError::reject("late")),
            200 => {
                let tokens = answer.json();
                let text = tokens["refresh_token"].as_str().expect("a token");
                let token = self.keys.open(text).expect("a token");
                Ok(Some(token.counter))
            }
            _ => {
                over(answer);
                Ok(None)
            }
        }
    }
}

async fn run(session: &Session<'_>, rounds: Vec<Round>) -> Result<(), TestCaseError> {
    let mut models = BTreeSet::from([Model {
        counter: 0,
        is_live: true,
        is_fresh: false,
    }]);
    for round in rounds {
        if round.pause > 0 {
            pass(&session.client.session, round.pause.into()).await;
        }
        let before = models.iter().map(|model| Model {
            is_fresh: model.is_fresh && round.pause <= GRACE,
            ..*model
        });
        let before: Vec<_> = before.collect();
        let newest = before.iter().map(|model| model.counter).max();
        let newest = newest.expect("a state");
        let counters: Vec<_> = round
            .behind
            .iter()
            .map(|behind| newest.saturating_sub(*behind))
            .collect();
        if round.loses {
            let lost = once(Stage::LastRow, Kind::Close);
            session.app.hyperdrive().fail(lost);
        }
        let answers = join_all(counters.iter().map(|counter| session.refresh(*counter))).await;
        session.app.hyperdrive().fail(None);
        let answers: Vec<_> = answers.into_iter().collect::<Result<_, _>>()?;
        let requests: Vec<_> = counters.into_iter().zip(answers).collect();
        let after = before
            .iter()
            .flat_map(|model| model.after(&requests, round.loses));
        models = after.collect();
        prop_assert!(!models.is_empty(), "{:?} from {:?}", requests, before);
    }
    let is_live = session.app.me(&session.client.access).await.status == 200;
    let can_be = models.iter().any(|model| model.is_live == is_live);
    prop_assert!(can_be, "it is live: {}; {:?}", is_live, models);
    Ok(())
}

#[test]
fn whatever_is_asked_at_once_is_answered_as_if_it_were_asked_one_after_the_other() {
    let runtime = Runtime::new().expect("a runtime");
    let app = App::with().start();
    let email = runtime.block_on(registered(&app));
    proptest!(ProptestConfig::with_cases(40), |(rounds in rounds())| {
        runtime.block_on(async {
            let session = Session::start(&app, &email).await;
            run(&session, rounds).await
        })?;
    });
}

/// How often each of some tabs loses the answer before it hears one, and the seconds after that.
fn tabs() -> impl Strategy<Value = Vec<(Vec<u8>, u16)>> {
    let losses = prop::collection::vec(0..3_u8, 1..5);
    prop::collection::vec((losses, 0..1000_u16), 1..6)
}

#[test]
fn tabs_that_lose_answers_and_refresh_at_once_are_never_logged_out() {
    let runtime = Runtime::new().expect("a runtime");
    let app = App::with().start();
    let email = runtime.block_on(registered(&app));
    proptest!(ProptestConfig::with_cases(20), |(rounds in tabs())| {
        runtime.block_on(async {
            let session = Session::start(&app, &email).await;
            for (held, (losses, pause)) in (0..).zip(rounds) {
                let tab = async |losses: u8| {
                    for _ in 0..losses {
                        session.refresh(held).await?;
                    }
                    session.refresh(held).await
                };
                for answer in join_all(losses.into_iter().map(tab)).await {
                    prop_assert_eq!(answer?, Some(held + 1));
                }
                pass(&session.client.session, pause.into()).await;
            }
            Ok(())
        })?;
    });
}

#[test]
fn once_a_thief_and_the_owner_have_both_used_a_token_the_session_is_over() {
    let runtime = Runtime::new().expect("a runtime");
    let app = App::with().start();
    let email = runtime.block_on(registered(&app));
    proptest!(ProptestConfig::with_cases(20), |(steps in 1..4_u32, at_once in 1..4_usize)| {
        runtime.block_on(async {
            let session = Session::start(&app, &email).await;
            // The thief has the owner's token, and is first.
            for counter in 0..steps {
                prop_assert_eq!(session.refresh(counter).await?, Some(counter + 1));
            }
            pass(&session.client.session, (2 * GRACE).into()).await;
            // Both come at once, some times.
            let both = (0..at_once).flat_map(|_| [0, steps]);
            for answer in join_all(both.map(|counter| session.refresh(counter))).await {
                answer?;
            }
            for counter in 0..steps + 2 {
                prop_assert_eq!(session.refresh(counter).await?, None);
            }
            let me = app.me(&session.client.access).await;
            prop_assert_eq!(me.status, 401);
            Ok(())
        })?;
    });
}
