//! Every statement on the `user` table. Two of them, in `own`, change rows of other tables too.
//!
//! The table was made by the replaced system, so only the names of its columns are certain: e-mails
//! and passwords may be NULL, and e-mails may be in any case and any collation.

mod by_email;
pub(super) mod columns;
mod duplicate;
mod own;
mod read;
mod refusal;
mod row;
mod write;

pub use own::{Outcome, change_password, delete};
pub use read::{find, find_by_exact_email, find_credentials, find_own_credentials, is_taken};
pub use refusal::Refusal;
pub use row::{OwnCredentials, StoredCredentials, User};
pub use write::{Changes, NewUser, insert, update, upgrade_hash};
