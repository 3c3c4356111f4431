//! Work that is done after the response was sent, so that the client does not wait for it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;

/// Work that a handler attaches to its response, for the runtime to run after sending it.
#[derive(Clone)]
pub struct After(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl After {
    /// Wraps a future that does the work.
    pub fn new(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(work)))))
    }

    /// Attaches the work to a response.
    pub fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }

    /// Removes the work from a response and returns it. The runtime must call this for every
    /// response and run the work, which is not done otherwise.
    pub fn take<B>(response: &mut axum::http::Response<B>) -> Option<BoxFuture<'static, ()>> {
        let Self(work) = response.extensions_mut().remove()?;
        // Never poisoned: nothing panics while it holds the lock.
        work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
