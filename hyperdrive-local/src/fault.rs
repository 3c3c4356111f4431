//! Faults that can be injected into a conversation with a Worker.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::lock;

/// The point of the conversation at which a fault applies, named by the next packet to the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The greeting.
    Connect,
    /// The OK that ends the handshake.
    Authenticate,
    /// The first packet of a reply.
    Query,
    /// The first row, or the packet that ends an empty result set or is the whole reply.
    FirstRow,
    /// The packet that ends the rows or is the whole reply.
    LastRow,
}

impl Stage {
    /// All stages, in the order of a conversation.
    pub const ALL: [Self; 5] = [
        Self::Connect,
        Self::Authenticate,
        Self::Query,
        Self::FirstRow,
        Self::LastRow,
    ];
}

/// The effect of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The connection is closed instead of sending the packet.
    Close,
    /// Half of the packet is sent, then the connection is closed.
    Cut,
    /// Nothing more is sent, and the connection stays open.
    Hang,
    /// The packet is delayed by this number of milliseconds.
    Delay(u64),
    /// Some bytes of the packet's payload are changed.
    Garble,
    /// An ERR packet (`Internal error.`) is sent instead, then the connection is closed.
    Error,
    /// An ERR packet (`Failed to acquire a connection from the pool.`) is sent instead. In place of
    /// a reply it means that the statement was not run; in the handshake, the connection is then
    /// closed.
    PoolExhausted,
    /// An ERR packet (1180, an error during the commit) is sent instead, as by a Galera node that was
    /// cut off; then the connection is closed.
    CommitFailed,
    /// The connection is closed after this number of bytes, including those of this packet.
    CloseAfterBytes(usize),
    /// The connection is closed after this number of packets, including this one.
    CloseAfterPackets(usize),
}

/// A fault: what goes wrong, where and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The point of the conversation at which it applies.
    pub stage: Stage,
    /// Its effect.
    pub kind: Kind,
    /// The number of times that it could apply and does not, before the first time that it does.
    #[serde(default)]
    pub skip: u32,
    /// The number of times that it applies; `None` for no limit.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    fn keeps_statement_from_running(&self) -> bool {
        self.stage >= Stage::Query && self.kind == Kind::PoolExhausted
    }
}

/// The current fault, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Fault>>);

impl Faults {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *lock(&self.0) = fault.filter(|fault| fault.times != Some(0));
    }

    /// Returns true if the current fault keeps a statement from being run, and counts it down.
    pub(crate) fn refuse(&self) -> bool {
        self.strike_if(Fault::keeps_statement_from_running)
            .is_some()
    }

    /// Returns the current fault's effect if it applies at one of these stages, and counts it down.
    pub(crate) fn strike(&self, stages: &[Stage]) -> Option<Kind> {
        self.strike_if(|fault| {
            stages.contains(&fault.stage) && !fault.keeps_statement_from_running()
        })
    }

    fn strike_if(&self, applies: impl Fn(&Fault) -> bool) -> Option<Kind> {
        let mut current = lock(&self.0);
        let fault = current.as_mut().filter(|fault| applies(fault))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let kind = fault.kind;
        match &mut fault.times {
            Some(1) => *current = None,
            Some(times) => *times = times.saturating_sub(1),
            None => {}
        }
        Some(kind)
    }
}
