//! Registration, login, the sessions that logins start, and the change of the password.

mod login;
mod logout;
mod password;
mod refresh;
mod register;
mod sessions;
mod tokens;

pub use login::login;
pub use logout::{logout, logout_all};
pub use password::change_password;
pub use refresh::refresh;
pub use register::register;
pub(super) use sessions::SessionView;
pub use sessions::{end_session, list_sessions};
