//! The handlers, with the bodies that they take and give.

pub mod health;
pub mod keys;
pub mod login;
pub mod register;
pub mod user;
