//! Registration, login, and the sessions that logins start.

mod login;
mod logout;
mod refresh;
mod register;
mod sessions;
mod tokens;

pub use login::login;
pub use logout::{logout, logout_all};
pub use refresh::refresh;
pub use register::register;
pub use sessions::{end_session, list_sessions};
