//! Who somebody is: addresses, names, ids and pseudonyms, with their rules.

pub mod email;
pub mod name;
pub mod pseudonym;
pub mod user_id;
