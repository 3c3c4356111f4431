//! `openapi.yaml` as tests read it: what it promises, and whether an answer keeps it.
//!
//! It panics where the document itself cannot be used.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod check;
mod document;
mod examples;
mod headers;
mod response;
mod schema;

pub use check::Exchange;
pub use document::{Contract, Operation};
pub use schema::Schema;
