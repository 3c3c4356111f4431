//! Whether the tables are there that users and logins need.

use super::user::columns::{self, Column, narrow_password};
use super::{Error, Session};
use crate::mysql::Statement;

/// Checks that users can be stored and logins counted: that there are both tables, with room for a
/// hash of so many characters.
///
/// # Errors
/// [`Error`] of the database; [`Error::Schema`] when they cannot.
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
