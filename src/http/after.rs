//! Work that is done when the answer has gone out: the client does not wait for it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;

/// Work on its way from a handler to the runtime, attached to the answer.
#[derive(Clone)]
pub struct After(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl After {
    /// Work to be done.
    pub fn new(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(work)))))
    }

    /// Attaches it to an answer.
    pub fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }

    /// Takes the work off an answer, for the runtime to do once the answer is out. The runtime must
    /// ask: nobody else does it.
    pub fn take<B>(response: &mut axum::http::Response<B>) -> Option<BoxFuture<'static, ()>> {
        let Self(work) = response.extensions_mut().remove()?;
        // Nothing panics while it holds the lock.
        work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
