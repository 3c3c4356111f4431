//! The steps behind the handlers: the current user, rate limits, the breach check, logins and
//! sessions.

pub(crate) mod breaches;
pub mod current_user;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod sessions;
pub(crate) mod settle;
