//! Failing on request: what goes wrong, and at which point of the conversation.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::lock;

/// A point of the conversation: the next packet to the Worker is ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// ... the greeting.
    Connect,
    /// ... the OK that ends the handshake.
    Authenticate,
    /// ... the first of a reply.
    Query,
    /// ... the first row, or the OK of a statement without rows.
    FirstRow,
    /// ... the end of the rows, or the OK of a statement without rows.
    LastRow,
}

impl Stage {
    /// All of them, in the order of a conversation.
    pub const ALL: [Self; 5] = [
        Self::Connect,
        Self::Authenticate,
        Self::Query,
        Self::FirstRow,
        Self::LastRow,
    ];
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The connection is closed in the packet's place.
    Close,
    /// Half of the packet is sent, then the connection is closed.
    Cut,
    /// Nothing more is sent, and the connection stays open.
    Hang,
    /// The packet comes late, by so many milliseconds.
    Delay(u64),
    /// The packet's bytes are changed.
    Garble,
    /// An ERR packet (`Internal error.`) comes in the packet's place.
    Error,
    /// `Failed to acquire a connection from the pool.` comes in the packet's place.
    PoolExhausted,
    /// The connection is closed after so many bytes, counted from this packet's first.
    CloseAfterBytes(usize),
    /// The connection is closed after so many packets, this one counted.
    CloseAfterPackets(usize),
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where.
    pub stage: Stage,
    /// What.
    pub kind: Kind,
    /// How often; always, if it does not say.
    #[serde(default)]
    pub times: Option<u32>,
}

/// The fault in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Fault>>);

impl Faults {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *lock(&self.0) = fault.filter(|fault| fault.times != Some(0));
    }

    /// The fault that strikes at one of some stages, and one time less of it.
    pub(crate) fn strike(&self, stages: &[Stage]) -> Option<Kind> {
        let mut current = lock(&self.0);
        let fault = current
            .as_mut()
            .filter(|fault| stages.contains(&fault.stage))?;
        let kind = fault.kind;
        match &mut fault.times {
            Some(1) => *current = None,
            Some(times) => *times = times.saturating_sub(1),
            None => {}
        }
        Some(kind)
    }
}
