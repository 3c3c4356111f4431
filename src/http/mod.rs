//! HTTP as this API speaks it, whatever the route.

pub mod fields;
pub mod input;
pub(crate) mod json_response;
pub(crate) mod matched_route;
