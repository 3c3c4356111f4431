//! The parts of HTTP that all routes share: extractors, response headers, CORS and problem details.

pub mod address;
pub mod after;
pub mod cookie;
mod cors;
pub mod device;
mod drain;
pub mod fields;
mod form;
pub mod headers;
pub mod input;
pub(crate) mod json;
pub(crate) mod matched_route;
pub mod oauth;
mod problem;
pub(crate) mod request_id;
pub mod respond;
pub mod same_origin;
