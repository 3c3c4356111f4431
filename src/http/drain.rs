//! The rest of a request's body, which is read before the answer goes out.
//!
//! A runtime can use a connection for another request only when the body of the one before is
//! over: workerd and hyper close it otherwise, and a proxy in between may take that for a crash.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use bytes::Bytes;
use http_body_util::BodyExt as _;

use crate::header::content_length;
use crate::platform::{Runtime, within};

/// The most bytes of a rest that are read.
const MAX_REST: usize = 1024 * 1024;
/// How long the client may take to send it.
const MAX_TIME: Duration = Duration::from_secs(1);

/// A body in the hands of two: of the handler, which may drop it half read, and of who reads the
/// rest.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Body> {
        // A body that panicked is read no worse by another.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.lock().size_hint()
    }
}

/// The rest of a body.
pub(crate) struct Rest(Option<Shared>);

impl Rest {
    /// Splits the body into a handle to drain later and the body for the handler. A body that its
    /// client says to be longer than what would be read is left alone.
    pub(crate) fn of(headers: &HeaderMap, body: Body) -> (Self, Body) {
        let length = content_length(headers);
        if body.is_end_stream() || length.is_some_and(|length| length > MAX_REST as u64) {
            return (Self(None), body);
        }
        let shared = Shared(Arc::new(Mutex::new(body)));
        (Self(Some(shared.clone())), Body::new(shared))
    }

    /// Reads what nobody has read, up to a size and for a time, and lets go of it.
    pub(crate) async fn drain(self, runtime: &dyn Runtime) {
        let Self(Some(mut body)) = self else {
            return;
        };
        if body.is_end_stream() {
            return;
        }
        let read = async {
            let mut bytes = 0;
            // An error ends a body as its end does.
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > MAX_REST {
                    return;
                }
            }
        };
        let _ = within(MAX_TIME, runtime, read).await;
    }
}
