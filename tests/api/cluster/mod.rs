//! A cluster of three Galera nodes behind `HAProxy`, which the tests break.
//!
//! `cargo xtask test --cluster` alone runs these, one after the other: `TEST_CLUSTER` says in which
//! form, `short` or `long`.

mod conflicts;
mod cut_off;
mod faults;
mod ground;
mod own_writes;
mod ready;

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use ground::Ground;

/// The form of this run; none where there is no cluster.
fn form() -> Option<Form> {
    match std::env::var("TEST_CLUSTER").as_deref() {
        Ok("short") => Some(Form::Short),
        Ok("long") => Some(Form::Long),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For CI.
    Short,
    /// By hand.
    Long,
}

/// The cluster, whole, for one test at a time; none in a run of other tests.
async fn ground() -> Option<MappedMutexGuard<'static, Ground>> {
    static GROUND: Mutex<Option<Ground>> = Mutex::const_new(None);
    if form().is_none() {
        testkit::skipped("it needs a cluster: cargo xtask test --cluster");
        return None;
    }
    let mut ground = GROUND.lock().await;
    match &mut *ground {
        Some(ground) => ground.heal().await,
        None => *ground = Some(Ground::galera().await),
    }
    MutexGuard::try_map(ground, Option::as_mut).ok()
}
