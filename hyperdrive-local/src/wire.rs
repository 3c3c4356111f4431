//! Reads and writes packets of a Worker's connection, and applies faults to them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::Shared;
use crate::counters::add;
use crate::fault::{Kind, Stage};

/// The longest packet accepted from a Worker, in bytes: the longest that needs no second packet.
const MAX_PACKET: usize = 0xff_fffe;

/// A connection to a Worker, as a stream of packets.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    sequence: u8,
    /// Whether the Worker waits for an answer that no packet was sent of.
    awaited: bool,
    /// The output that is still allowed; unlimited until a fault sets a limit.
    left: Left,
}

/// The numbers of bytes and packets that may still be sent before the connection is closed.
struct Left {
    bytes: usize,
    packets: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        Self {
            stream: BufReader::new(stream),
            shared,
            sequence: 0,
            // The greeting.
            awaited: true,
            left: Left {
                bytes: usize::MAX,
                packets: usize::MAX,
            },
        }
    }

    /// Reads a packet, or returns `None` if the Worker has closed the connection.
    pub(crate) async fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        // What arrived with the packet before is no wait of its own.
        let waits = self.stream.buffer().is_empty();
        let mut header = [0; 4];
        match self.stream.read_exact(&mut header).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        };
        let [low, middle, high, sequence] = header;
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        if length > MAX_PACKET || sequence != self.sequence {
            return Err(io::Error::other(
                "a packet that is too long or out of order",
            ));
        }
        self.sequence = sequence.wrapping_add(1);
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        add(&self.shared.counters.bytes_in, length + 4);
        self.awaited |= waits;
        Ok(Some(payload))
    }

    /// Reads a command, which starts with sequence number 0.
    pub(crate) async fn read_command(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.sequence = 0;
        self.read().await
    }

    /// Writes a packet, and applies the current fault if it is for one of the packet's stages.
    pub(crate) async fn write(&mut self, stages: &[Stage], payload: &[u8]) -> io::Result<()> {
        let Some(kind) = self.shared.faults.strike(stages) else {
            return self.write_whole(payload).await;
        };
        add(&self.shared.counters.faults, 1);
        tracing::info!(?stages, ?kind, "fault");
        match kind {
            Kind::Close => Err(struck()),
            Kind::Cut => {
                let frame = self.frame(payload);
                let half = frame.get(..frame.len() / 2).unwrap_or_default();
                self.stream.write_all(half).await?;
                Err(struck())
            }
            Kind::Hang => {
                self.wait_for_end().await?;
                Err(struck())
            }
            Kind::Delay(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                self.write_whole(payload).await
            }
            Kind::Garble => {
                let mut frame = self.frame(payload);
                for byte in frame.iter_mut().skip(4).step_by(3) {
                    *byte ^= 0xa5;
                }
                self.stream.write_all(&frame).await
            }
            Kind::Error => {
                self.write_whole(&error(1105, "58000", "Internal error."))
                    .await?;
                Err(struck())
            }
            Kind::PoolExhausted => {
                self.write_whole(&pool_exhausted()).await?;
                Err(struck())
            }
            Kind::CommitFailed => {
                let message = "Error while appending streaming replication fragment\
                               (provider status: Not connected to Primary Component)";
                self.write_whole(&error(1180, "HY000", message)).await?;
                Err(struck())
            }
            Kind::CloseAfterBytes(bytes) => {
                self.left.bytes = bytes;
                self.write_whole(payload).await
            }
            Kind::CloseAfterPackets(packets) => {
                self.left.packets = packets;
                self.write_whole(payload).await
            }
        }
    }

    async fn write_whole(&mut self, payload: &[u8]) -> io::Result<()> {
        if self.left.packets == 0 {
            return Err(struck());
        }
        if std::mem::take(&mut self.awaited) {
            add(&self.shared.counters.round_trips, 1);
        }
        let mut frame = self.frame(payload);
        let over = frame.len() > self.left.bytes;
        frame.truncate(self.left.bytes);
        self.left.packets = self.left.packets.saturating_sub(1);
        self.left.bytes = self.left.bytes.saturating_sub(frame.len());
        add(&self.shared.counters.bytes_out, frame.len());
        self.stream.write_all(&frame).await?;
        if over { Err(struck()) } else { Ok(()) }
    }

    /// Encodes a payload. One of 2^24 - 1 bytes or more is split: a packet of exactly that length
    /// is continued in the next one.
    fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        const MAX: usize = 0xff_ffff;
        let mut frame = Vec::with_capacity(payload.len() + 4);
        let mut rest = payload;
        loop {
            let (chunk, more) = rest.split_at(rest.len().min(MAX));
            let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX).to_le_bytes();
            frame.extend_from_slice(&length[..3]);
            frame.push(self.sequence);
            frame.extend_from_slice(chunk);
            self.sequence = self.sequence.wrapping_add(1);
            if chunk.len() < MAX {
                return frame;
            }
            rest = more;
        }
    }

    /// Waits until the Worker closes the connection.
    async fn wait_for_end(&mut self) -> io::Result<()> {
        let mut buffer = [0; 1024];
        while self.stream.read(&mut buffer).await? > 0 {}
        Ok(())
    }
}

/// The error that closes a connection because of a fault.
fn struck() -> io::Error {
    io::Error::other("a fault struck")
}

pub(crate) fn pool_exhausted() -> Vec<u8> {
    error(
        1105,
        "58000",
        "Failed to acquire a connection from the pool.",
    )
}

/// Builds an ERR packet. Hyperdrive documents that its own errors have the SQLSTATE 58000, but not
/// their numbers.
pub(crate) fn error(code: u16, state: &str, message: &str) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend_from_slice(&code.to_le_bytes());
    payload.push(b'#');
    payload.extend_from_slice(state.as_bytes());
    payload.extend_from_slice(message.as_bytes());
    payload
}
