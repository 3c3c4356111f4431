//! Gatehouse: e-mail and password accounts at the edge.
//!
//! A Cloudflare Worker that serves accounts from a MySQL behind Hyperdrive. Read it in the order of a
//! request:
//!
//! * `worker` (wasm only): the fetch event and the bindings; the only module that names the `worker`
//!   crate;
//! * [`platform`]: the traits behind which the runtime stands, so that all else also runs natively;
//! * [`router`]: the route table; [`app`]: the state of an isolate;
//! * [`http`]: what every request and every answer goes through;
//! * [`routes`]: a handler for each endpoint;
//! * [`auth`]: the steps behind them: who calls, how often, and what a login comes to;
//! * [`identity`], [`password`], [`token`]: types with their rules, no I/O;
//! * [`db`]: the statements, one module a table;
//! * [`mysql`]: the client, which knows nothing of the rest;
//! * [`config`], [`error`], [`events`]: the settings; every way in which a request can fail; what is
//!   logged and counted;
//! * [`header`], [`strict_json`], [`patch`], [`time`], [`validation`]: small parts that several use.

pub mod app;
pub mod auth;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod header;
pub mod http;
pub mod identity;
pub mod mysql;
pub mod password;
pub mod patch;
pub mod platform;
pub mod router;
pub mod routes;
pub mod strict_json;
pub mod time;
pub mod token;
pub mod validation;
#[cfg(target_arch = "wasm32")]
mod worker;
