//! Local Hyperdrives, on a runtime that outlives the tests' runtimes.

use std::sync::{OnceLock, mpsc};

use hyperdrive_local::Hyperdrive;
use hyperdrive_local::fault::{Fault, Kind, Stage};
use hyperdrive_local::options::Options;
use tokio::runtime::Handle;

use super::dialect;

/// Starts one before a database.
pub(crate) fn start(origin: mysql_async::Opts) -> Hyperdrive {
    start_with(origin, |_| {})
}

/// The same with other options.
pub(crate) fn start_with(
    origin: mysql_async::Opts,
    change: impl FnOnce(&mut Options),
) -> Hyperdrive {
    let mut options = Options {
        keep_statements: true,
        refuse: Some(dialect::refuse),
        ..Options::new(origin)
    };
    change(&mut options);
    let (send, receive) = mpsc::channel();
    runtime().spawn(async move {
        let _ = send.send(Hyperdrive::start(options).await);
    });
    let started = receive.recv().expect("the runtime");
    started.expect("a local Hyperdrive")
}

fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            super::database::block_on(async {
                let _ = send.send(Handle::current());
                std::future::pending::<()>().await;
            });
        });
        receive.recv().expect("the runtime")
    })
}

/// A fault that lasts.
pub(crate) fn always(stage: Stage, kind: Kind) -> Fault {
    Fault {
        stage,
        kind,
        skip: 0,
        times: None,
    }
}

/// A fault that strikes once.
pub(crate) fn once(stage: Stage, kind: Kind) -> Fault {
    Fault {
        stage,
        kind,
        skip: 0,
        times: Some(1),
    }
}

/// A fault that lets so many chances pass, and then strikes so often.
pub(crate) fn after(skip: u32, stage: Stage, kind: Kind, times: u32) -> Fault {
    Fault {
        stage,
        kind,
        skip,
        times: Some(times),
    }
}
