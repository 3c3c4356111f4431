//! MySQL packets over a byte stream: a four-byte header (payload length and sequence number), then
//! the payload.
//!
//! `mysql_common`'s chunk decoder does the framing. Its `PacketCodec` is not used because it
//! includes the compressed protocol, which this client does not speak.

use bytes::BytesMut;
use mysql_common::proto::codec::{ChunkDecoder, ChunkInfo, packet_to_chunks};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::Error;

/// The largest packet accepted, in bytes. A row of the `user` table has under 4 KiB.
pub(super) const MAX_PACKET: usize = 1 << 20;

/// Reads and writes whole packets.
pub(super) struct Packets<S> {
    stream: S,
    decoder: ChunkDecoder,
    input: BytesMut,
    output: BytesMut,
    sequence: u8,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Packets<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            decoder: ChunkDecoder::default(),
            input: BytesMut::with_capacity(4096),
            output: BytesMut::new(),
            sequence: 0,
        }
    }

    /// Starts a new command by resetting the sequence number to zero.
    pub(super) fn start_command(&mut self) {
        self.sequence = 0;
    }

    /// Reads the payload of the next packet, at most [`MAX_PACKET`] bytes.
    ///
    /// # Errors
    /// [`Error::Io`] if the stream fails or ends, [`Error::Protocol`] if the packet is too large or
    /// has the wrong sequence number.
    pub(super) async fn read(&mut self) -> Result<Vec<u8>, Error> {
        let mut payload = Vec::new();
        loop {
            // Decode buffered bytes before reading more: a server may send two packets at once and
            // then wait for an answer.
            let chunk = self
                .decoder
                .decode(&mut self.input, &mut payload, MAX_PACKET)
                .map_err(|_| Error::Protocol("a packet over the size limit"))?;
            match chunk {
                Some(ChunkInfo::Last(sequence)) => {
                    self.take_turn(sequence)?;
                    return Ok(payload);
                }
                Some(ChunkInfo::Middle(sequence)) => self.take_turn(sequence)?,
                None => {
                    if self.stream.read_buf(&mut self.input).await? == 0 {
                        return Err(Error::Io(std::io::ErrorKind::UnexpectedEof.into()));
                    }
                }
            }
        }
    }

    /// Writes a packet. An empty payload is sent too: it is a valid authentication response.
    pub(super) async fn write(&mut self, mut payload: &[u8]) -> Result<(), Error> {
        self.output.clear();
        self.sequence = packet_to_chunks(self.sequence, &mut payload, &mut self.output);
        self.stream.write_all(&self.output).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Shuts down the stream's writing side.
    pub(super) async fn shutdown(&mut self) -> Result<(), Error> {
        Ok(self.stream.shutdown().await?)
    }

    fn take_turn(&mut self, sequence: u8) -> Result<(), Error> {
        if sequence != self.sequence {
            return Err(Error::Protocol("packets out of order"));
        }
        self.sequence = sequence.wrapping_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now<T>(future: impl Future<Output = T>) -> T {
        futures_util::FutureExt::now_or_never(future).expect("nothing to wait for")
    }

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in_however_the_stream_cuts_them(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8),
            buffer in 1_usize..50,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (ours, theirs) = tokio::io::duplex(buffer);
                let (mut sender, mut receiver) = (Packets::new(ours), Packets::new(theirs));
                let send = async { for payload in &payloads { sender.write(payload).await.unwrap(); } };
                let receive = async {
                    let mut got = Vec::new();
                    for _ in &payloads { got.push(receiver.read().await.unwrap()); }
                    got
                };
                let ((), got) = tokio::join!(send, receive);
                assert_eq!(got, payloads);
            });
        }
    }

    #[test]
    fn a_packet_of_just_under_sixteen_mebibytes_is_refused_before_it_is_read() {
        let mut packets = Packets::new(tokio::io::join(
            &b"\xfe\xff\xff\x00x"[..],
            tokio::io::sink(),
        ));
        assert!(matches!(now(packets.read()), Err(Error::Protocol(_))));
    }

    #[test]
    fn a_packet_out_of_turn_is_refused() {
        let mut packets = Packets::new(tokio::io::join(&b"\x01\0\0\x05x"[..], tokio::io::sink()));
        assert!(matches!(now(packets.read()), Err(Error::Protocol(_))));
    }

    #[test]
    fn a_stream_that_ends_inside_a_packet_is_an_error() {
        let mut packets = Packets::new(tokio::io::join(&b"\x09\0\0\0ab"[..], tokio::io::sink()));
        assert!(matches!(now(packets.read()), Err(Error::Io(_))));
    }
}
