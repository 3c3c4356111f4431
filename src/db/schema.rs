//! The check that the tables of users and login budgets are usable.

use super::user::columns::{self, Column, narrow_password};
use super::{Error, Session};
use crate::mysql::Statement;

/// Checks that both tables exist, and that `user` has text columns of the right names, with room
/// for a hash of `hash_length` characters.
///
/// # Errors
/// [`Error::Schema`] if a column is missing or too short; [`Error::Failed`] if
/// `gatehouse_login_throttle` cannot be read; [`Error::Timeout`].
pub async fn check(session: &Session<'_>, hash_length: usize) -> Result<(), Error> {
    let select = Statement::new(
        "reading the login budgets",
        "SELECT 1 FROM `gatehouse_login_throttle` LIMIT 1",
    );
    session.query(&select, |_| Ok(())).await?;
    let columns = columns::read(session).await?;
    let length = |column| {
        let found = columns.iter().find(|holds| holds.column == column);
        found.map(|holds| holds.length)
    };
    for column in Column::ALL {
        if length(column).is_none() {
            let name = column.name();
            let reason = format!("the table `user` has no column `{name}` for text");
            return Err(Error::Schema(reason));
        }
    }
    match length(Column::Password) {
        Some(length) if u64::try_from(hash_length).is_ok_and(|needed| needed > length) => {
            Err(Error::Schema(narrow_password(length, hash_length)))
        }
        _ => Ok(()),
    }
}
