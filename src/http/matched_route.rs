//! The route that a request matched, for the log.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// The route that a request matched, set by [`note_route`]. It is set before the handler runs, so
/// that it is known even if the handler panics.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route(Arc<OnceLock<MatchedPath>>);

impl Route {
    pub(crate) fn path(&self) -> Option<&str> {
        self.0.get().map(MatchedPath::as_str)
    }
}

/// Middleware that stores the matched route in the request's [`Route`].
pub(crate) async fn note_route(route: MatchedPath, request: Request, next: Next) -> Response {
    if let Some(Route(noted)) = request.extensions().get() {
        noted.get_or_init(|| route);
    }
    next.run(request).await
}
