//! Counters of connections, statements, faults and bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The counters of one local Hyperdrive since its start.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) statements: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) cached: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) round_trips: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// The values of the counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Connections that Workers opened.
    pub connections: u64,
    /// Statements that were accepted, whether the origin or the cache answered them.
    pub statements: u64,
    /// Commands and statements that were refused.
    pub refused: u64,
    /// Statements that the cache answered.
    pub cached: u64,
    /// The number of times that a fault was applied.
    pub faults: u64,
    /// The number of times that a Worker waited for an answer: for the greeting, then once for
    /// each packet, or once for several packets that arrived together.
    pub round_trips: u64,
    /// Bytes received from Workers.
    pub bytes_in: u64,
    /// Bytes sent to Workers.
    pub bytes_out: u64,
}

impl Counters {
    /// The current values.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            connections: read(&self.connections),
            statements: read(&self.statements),
            refused: read(&self.refused),
            cached: read(&self.cached),
            faults: read(&self.faults),
            round_trips: read(&self.round_trips),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}
