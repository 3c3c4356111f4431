//! The handlers, with the bodies that they take and give.

pub mod auth;
pub mod health;
pub mod keys;
pub mod user;
