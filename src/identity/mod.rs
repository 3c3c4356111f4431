//! The identity of a user: e-mail addresses, names, ids and pseudonyms, with their rules.

pub mod email;
pub mod name;
pub mod pseudonym;
pub mod user_id;
