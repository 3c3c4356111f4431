//! The route that a request matched, for its log line.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// The route that matched, once the router knows. It is noted on the way in, so that it is there
/// whatever becomes of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route(Arc<OnceLock<MatchedPath>>);

impl Route {
    pub(crate) fn path(&self) -> Option<&str> {
        self.0.get().map(MatchedPath::as_str)
    }
}

/// The middleware around the routes that notes which one matched.
pub(crate) async fn note_route(route: MatchedPath, request: Request, next: Next) -> Response {
    if let Some(Route(noted)) = request.extensions().get() {
        noted.get_or_init(|| route);
    }
    next.run(request).await
}
