//! Draining of request bodies: the part that the handler did not read is read before the response
//! is sent.
//!
//! A runtime can reuse a connection only after the whole body of the request was read. workerd and
//! hyper close the connection otherwise, and a proxy in between may take that for a crash.

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

/// The most bytes that are drained.
const MAX_REST: usize = 1024 * 1024;
/// The longest time that draining takes.
const MAX_TIME: Duration = Duration::from_secs(1);

/// A body shared by the handler, which may drop it half read, and [`Rest`], which reads on.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Body> {
        // If polling the body has panicked, reading on does no harm.
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

/// The part of a body that the handler does not read.
pub(crate) struct Rest(Option<Shared>);

impl Rest {
    /// Splits a body into a handle for draining it later and the body for the handler. A body whose
    /// `Content-Length` exceeds [`MAX_REST`] is not drained.
    pub(crate) fn of(headers: &HeaderMap, body: Body) -> (Self, Body) {
        let length = content_length(headers);
        if body.is_end_stream() || length.is_some_and(|length| length > MAX_REST as u64) {
            return (Self(None), body);
        }
        let shared = Shared(Arc::new(Mutex::new(body)));
        (Self(Some(shared.clone())), Body::new(shared))
    }

    /// Reads and discards the rest, up to [`MAX_REST`] bytes and for at most [`MAX_TIME`].
    pub(crate) async fn drain(self, runtime: &dyn Runtime) {
        let Self(Some(mut body)) = self else {
            return;
        };
        if body.is_end_stream() {
            return;
        }
        let read = async {
            let mut bytes = 0;
            // After an error there is nothing more to read.
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
