//! Gatehouse: e-mail and password accounts at the edge.
//!
//! A Cloudflare Worker that answers four endpoints from a MySQL behind Hyperdrive. Read it in the
//! order of a request:
//!
//! * `worker` (wasm only): the fetch event; the only module that names the `worker` crate;
//! * [`platform`]: the trait behind which the runtime stands, so that all else also runs natively;
//! * [`app`]: the state and the route table;
//! * [`respond`]: what every answer goes through: request id, headers, CORS, the log line;
//! * [`extract`], [`json`]: bodies and bearer tokens out of requests;
//! * [`routes`]: a handler for each endpoint;
//! * [`email`], [`name`], [`password`], [`token`]: parsed types and their rules, no I/O;
//! * [`db`]: the statements, one file a table;
//! * [`mysql`]: the client, which knows nothing of the rest;
//! * [`config`], [`error`]: what they say.

pub mod app;
pub mod config;
pub mod db;
pub mod email;
pub mod error;
pub mod extract;
pub mod json;
pub mod mysql;
pub mod name;
pub mod password;
pub mod platform;
pub mod respond;
pub mod routes;
pub mod token;
#[cfg(target_arch = "wasm32")]
mod worker;
