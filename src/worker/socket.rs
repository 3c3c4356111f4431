//! The stream to the database: a TCP connection that Hyperdrive opens.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use worker::js_sys::Uint8Array;
use worker::js_sys::futures::JsFuture;
use worker::send::SendWrapper;
use worker::wasm_bindgen::{JsCast as _, JsValue};

use super::bridge::{Chunk, Connection};

/// A connection with one reader and one writer for its life: the streams of `worker::Socket` take
/// and give back their locks for each read and each write.
pub(super) struct Socket(SendWrapper<Inner>);

struct Inner {
    connection: Connection,
    reading: Option<JsFuture>,
    /// The part of a chunk that has not been read yet.
    rest: Option<Uint8Array>,
}

impl Socket {
    /// Connects to the database of a Hyperdrive binding. A failure may show only at the first read.
    pub(super) fn connect(hyperdrive: &JsValue) -> io::Result<Self> {
        let connection = Connection::new(hyperdrive).map_err(failed)?;
        Ok(Self(SendWrapper::new(Inner {
            connection,
            reading: None,
            rest: None,
        })))
    }
}

impl Inner {
    /// Returns the next chunk, or `None` at the end of the stream.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Uint8Array>>> {
        let connection = &self.connection;
        let reading = self
            .reading
            .get_or_insert_with(|| JsFuture::from(connection.read()));
        let read = ready!(reading.poll_unpin(context));
        self.reading = None;
        let chunk: Chunk = read.map_err(failed)?.unchecked_into();
        Poll::Ready(Ok(chunk.value()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = &mut *self.0;
        let chunk = match inner.rest.take() {
            None => ready!(inner.poll_chunk(context))?,
            rest => rest,
        };
        let Some(chunk) = chunk else {
            return Poll::Ready(Ok(()));
        };
        inner.rest = take(&chunk, buffer);
        Poll::Ready(Ok(()))
    }
}

/// Moves as much of a chunk into the buffer as fits, and returns the rest.
fn take(chunk: &Uint8Array, buffer: &mut ReadBuf<'_>) -> Option<Uint8Array> {
    let length = chunk.length();
    let fits = u32::try_from(buffer.remaining()).map_or(length, |free| free.min(length));
    let target = buffer.initialize_unfilled_to(fits as usize);
    if fits == length {
        chunk.copy_to(target);
    } else {
        chunk.subarray(0, fits).copy_to(target);
    }
    buffer.advance(fits as usize);
    (fits < length).then(|| chunk.subarray(fits, length))
}

impl AsyncWrite for Socket {
    /// Does not wait until the bytes are sent: what waits for a reply to them waits long enough.
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.connection.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: the server closes the connection after `COM_QUIT`, and the runtime when the
    /// request ends.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The error of a rejected promise.
fn failed(error: JsValue) -> io::Error {
    io::Error::other(worker::Error::from(error).to_string())
}
