//! The representation of a user in a response.

use serde::Serialize;

use crate::db::user::User;
use crate::identity::user_id::UserId;
use crate::time::rfc3339;

/// The representation of a user in a response.
#[derive(Serialize)]
pub struct UserView {
    id: UserId,
    email: Option<String>,
    name: Option<String>,
    username: Option<String>,
    updated_at: Option<String>,
}

impl UserView {
    /// Creates the representation of a user.
    #[must_use]
    pub fn new(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            username: user.username,
            updated_at: user.updated_at.map(rfc3339),
        }
    }
}
