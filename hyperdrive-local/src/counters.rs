//! What has happened, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) statements: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) cached: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// The counters at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Connections that Workers opened.
    pub connections: u64,
    /// Statements that were let through, to the origin or the cache.
    pub statements: u64,
    /// Commands and statements that were refused.
    pub refused: u64,
    /// Statements that the cache answered.
    pub cached: u64,
    /// Times that a fault struck.
    pub faults: u64,
    /// Bytes from Workers.
    pub bytes_in: u64,
    /// Bytes to Workers.
    pub bytes_out: u64,
}

impl Counters {
    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            connections: read(&self.connections),
            statements: read(&self.statements),
            refused: read(&self.refused),
            cached: read(&self.cached),
            faults: read(&self.faults),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}
