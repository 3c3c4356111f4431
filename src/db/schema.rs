//! The check that the tables of users, sessions and login budgets are usable.

use super::login_session::Current;
use super::user::columns::{self, Column, narrow_password};
use super::{Error, Session, user};
use crate::identity::user_id::UserId;
use crate::mysql::Statement;

/// Checks that users can be read and rows changed, and that `user` has text columns of the right
/// names, with room for a hash of `hash_length` characters. Changes nothing.
///
/// # Errors
/// [`Error::Schema`] if a column is missing or too short; [`Error::Failed`] if a table cannot be
/// read or changed, as on a server that is read-only or not part of its cluster; [`Error::Timeout`].
pub async fn check(session: &Session<'_>, hash_length: usize) -> Result<(), Error> {
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
    if let Some(length) = length(Column::Password)
        && u64::try_from(hash_length).is_ok_and(|needed| needed > length)
    {
        return Err(Error::Schema(narrow_password(length, hash_length)));
    }
    // The SELECT of `GET /me`.
    let current = Current {
        session: Some([0; 16].into()),
        now: 0,
    };
    user::find(session, UserId::from(0_u64), &current).await?;
    // A server that is read-only refuses this statement although there is nothing to delete. Asking
    // for `read_only` would not do: some accounts may write nevertheless.
    let delete = Statement::new(
        "finding whether rows can be changed",
        // By the key, for servers with `sql_safe_updates`.
        "DELETE FROM `gatehouse_login_throttle` WHERE `account` = X''",
    );
    session.execute(&delete).await.map(drop)
}
