//! A platform whose database has said everything already.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, pending, ready};
use gatehouse::mysql::{Credentials, RsaOaep};
use gatehouse::platform::{Limiter, Runtime, Services, Severity, Stream};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, join, sink};

/// The greeting, the OK of the handshake, and the reply to a SELECT of a user: five columns, a row.
pub(crate) fn stream() -> impl AsyncRead + AsyncWrite + Send + Unpin + 'static {
    let mut bytes = Vec::new();
    let mut packet = |sequence: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).expect("a short packet");
        let [a, b, c, _] = length.to_le_bytes();
        bytes.extend([a, b, c, sequence]);
        bytes.extend(payload);
    };
    packet(0, GREETING);
    packet(2, b"\0\0\0\x02\0\0\0");
    packet(1, b"\x05");
    for sequence in 2..7 {
        packet(
            sequence,
            b"\x03def\x01t\x04user\x04user\x05email\x05email\x0c\x2d\x00\xfc\x03\0\0\xfd\0\0\0\0\0",
        );
    }
    packet(7, b"\xfe\0\0\x02\0");
    packet(
        8,
        b"\x017\x18ada.lovelace@example.com\x03Ada\x08Lovelace\x0a1795000000",
    );
    packet(9, b"\xfe\0\0\x02\0");
    join(io::Cursor::new(bytes), sink())
}

/// Protocol 10, a server's version, its connection, a challenge, and the capabilities of Hyperdrive:
/// `CLIENT_CONNECT_WITH_DB`, `CLIENT_PROTOCOL_41`, `CLIENT_TRANSACTIONS`, `CLIENT_SECURE_CONNECTION`.
const GREETING: &[u8] = b"\x0a8.0.30\0\x07\0\0\0abcdefgh\0\x08\xa2\x2d\x02\0\0\0\x15\
    \0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0mysql_native_password\0";

pub(crate) fn credentials() -> Credentials {
    Credentials {
        user: "app".to_owned(),
        password: "app".to_owned(),
        database: "app".to_owned(),
    }
}

pub(crate) struct Canned;

impl Services for Canned {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>> {
        let stream: Box<dyn Stream> = Box::new(stream());
        Box::pin(ready(Ok((stream, credentials()))))
    }

    fn limit(&self, _: Limiter, _: String) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(ready(Ok(true)))
    }

    fn fetch(&self, _: Request<Bytes>) -> BoxFuture<'_, io::Result<Response<Bytes>>> {
        Box::pin(ready(Err(io::ErrorKind::NotConnected.into())))
    }
}

impl Runtime for Canned {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn now(&self) -> u64 {
        crate::NOW
    }

    fn log(&self, _: Severity, line: &str) {
        std::hint::black_box(line);
    }

    fn count(&self, event: &'static str) {
        std::hint::black_box(event);
    }
}

impl RsaOaep for Canned {
    fn encrypt(&self, _: Vec<u8>, _: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(ready(Err(io::ErrorKind::Unsupported.into())))
    }
}
