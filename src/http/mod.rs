//! HTTP as this API speaks it, whatever the route.

pub(crate) mod matched_route;
