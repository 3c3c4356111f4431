//! The identity of a user: e-mail addresses, names, ids and pseudonyms, with their rules; and the ids
//! of sessions.

pub mod email;
pub mod name;
pub mod pseudonym;
pub mod session_id;
pub mod user_id;
