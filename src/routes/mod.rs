//! The handlers, with their request and response bodies.

pub mod auth;
pub mod health;
pub mod keys;
mod reauthentication;
pub mod user;
