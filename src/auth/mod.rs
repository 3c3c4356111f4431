//! The steps behind the routes: who calls, how often, and what a login comes to.

pub(crate) mod breaches;
pub mod current_user;
pub(crate) mod limits;
pub(crate) mod login;
