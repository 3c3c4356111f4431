//! A user of a test's own.

use serde_json::Value;

use super::{Answer, App, PASSWORD};

/// A user who is logged in to an app.
pub(crate) struct User<'a> {
    pub(super) app: &'a App,
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) token: String,
}

impl User<'_> {
    /// Logs in with the right password.
    pub(crate) async fn login(&self) -> Answer {
        self.login_with(PASSWORD).await
    }

    /// Logs in with a password.
    pub(crate) async fn login_with(&self, password: &str) -> Answer {
        self.app.login(&self.email, password).await
    }

    pub(crate) async fn me(&self) -> Answer {
        self.app.me(&self.token).await
    }

    pub(crate) async fn update(&self, changes: &Value) -> Answer {
        self.app.update(&self.token, changes).await
    }
}
