//! The stream to the database: a TCP connection that Hyperdrive opens.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use worker::send::SendWrapper;
use worker::wasm_bindgen::JsValue;

use super::bridge::Connection;
use super::wake::Wake;

/// A connection with one reader and one writer for its life: the streams of `worker::Socket` take
/// and give back their locks for each read and each write.
pub(super) struct Socket(SendWrapper<Inner>);

struct Inner {
    connection: Connection,
    wake: Wake,
}

impl Socket {
    /// Connects to the database of a Hyperdrive binding. A failure may show only at the first read.
    pub(super) fn connect(hyperdrive: &JsValue) -> io::Result<Self> {
        let wake = Wake::new();
        let connection = Connection::new(hyperdrive, wake.function()).map_err(failed)?;
        Ok(Self(SendWrapper::new(Inner { connection, wake })))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.connection.forget();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Inner { connection, wake } = &*self.0;
        // Before the read, which may call it at once.
        wake.wait(context);
        let read = connection.read(buffer.initialize_unfilled());
        // Negative if nothing was received yet.
        let Ok(length) = usize::try_from(read.map_err(failed)?) else {
            return Poll::Pending;
        };
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
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

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.connection.abort();
        Poll::Ready(Ok(()))
    }
}

/// The error of a rejected promise.
fn failed(error: JsValue) -> io::Error {
    io::Error::other(worker::Error::from(error).to_string())
}
