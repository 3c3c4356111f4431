//! Gatehouse: e-mail and password accounts at the edge.
//!
//! A Cloudflare Worker that serves accounts from a MySQL behind Hyperdrive. Read it in the order of a
//! request:
//!
//! * `worker` (wasm only): the fetch event; the only module that names the `worker` crate;
//! * [`platform`]: the trait behind which the runtime stands, so that all else also runs natively;
//! * [`app`]: the state and the route table;
//! * [`respond`], [`events`], [`http`]: what every answer goes through: request id, headers, CORS, log line; and
//!   the rest of the request's body (`drain`);
//! * [`http`], [`header`], [`client`], [`json`]: addresses and bodies out of requests;
//! * [`routes`]: a handler for each endpoint;
//! * [`auth`]: the steps behind them: who calls, how often, and what a login comes to;
//! * [`after`]: what is done when the answer has gone out;
//! * [`email`], [`account`], [`name`], [`patch`], [`password`], [`token`], [`user_id`]: parsed types and their
//!   rules, no I/O ([`rule`] is what they say of a broken one);
//! * [`db`]: the statements, one file a table;
//! * [`mysql`]: the client, which knows nothing of the rest;
//! * [`time`]: how times are written;
//! * [`config`], [`error`]: the settings; every way in which a request can fail.

pub mod account;
pub mod after;
pub mod app;
pub mod auth;
pub mod client;
pub mod config;
pub mod db;
mod drain;
pub mod email;
pub mod error;
pub mod events;
pub mod header;
pub mod http;
pub mod json;
pub mod mysql;
pub mod name;
pub mod password;
pub mod patch;
pub mod platform;
pub mod respond;
pub mod routes;
pub mod rule;
pub mod time;
pub mod token;
pub mod user_id;
#[cfg(target_arch = "wasm32")]
mod worker;
