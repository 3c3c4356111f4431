//! Gatehouse: e-mail and password accounts at the edge.
//!
//! A Cloudflare Worker that serves accounts from a MySQL database behind Hyperdrive. Its modules,
//! in the order in which a request meets them:
//!
//! * `worker` (wasm only): the fetch event and the bindings; the only module that uses the `worker`
//!   crate;
//! * [`platform`]: the traits that hide the runtime, so that everything else also runs natively;
//! * [`router`]: the route table; [`app`]: the state shared by all requests of an isolate;
//! * [`http`]: request extraction, response headers, CORS, problem details;
//! * [`routes`]: one handler for each endpoint;
//! * [`auth`]: the steps behind the handlers: the current user, rate limits, logins;
//! * `housekeeping`: what a cron trigger does;
//! * [`identity`], [`password`], [`token`]: types with their rules, no I/O;
//! * [`db`]: connections with timeouts and retries, and the SQL statements, one module for each
//!   table;
//! * [`mysql`]: the MySQL client, independent of the other modules;
//! * [`config`], [`error`], [`events`]: the settings; the ways in which a request can fail; the log
//!   and the counters;
//! * [`header`], [`strict_json`], [`patch`], [`time`], [`validation`]: small shared helpers.

pub mod app;
pub mod auth;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod header;
mod housekeeping;
pub mod http;
pub mod identity;
pub mod mysql;
pub mod password;
pub mod patch;
pub mod platform;
mod random;
pub mod router;
pub mod routes;
pub mod strict_json;
pub mod time;
pub mod token;
pub mod validation;
#[cfg(target_arch = "wasm32")]
mod worker;
