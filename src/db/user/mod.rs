//! Every statement on the `user` table.
//!
//! The table is the replaced system's, so nothing in it can be relied on but the column names:
//! e-mails and passwords may be NULL, e-mails in any case and under any collation.

mod by_email;
pub(super) mod columns;
mod read;
mod refusal;
mod row;
mod write;

pub use read::{find, find_by_exact_email, find_credentials, is_taken};
pub use refusal::Refusal;
pub use row::{StoredCredentials, User};
pub use write::{Changes, NewUser, insert, update, upgrade_hash};
