//! The steps behind the handlers: the current user, rate limits, the breach check, logins,
//! sessions, and the password that is asked for again.

pub(crate) mod breaches;
pub mod current_user;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod reauthentication;
pub(crate) mod sessions;
pub(crate) mod settle;
