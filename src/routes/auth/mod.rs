//! The routes by which somebody becomes known.

mod login;
mod register;

pub use login::login;
pub use register::register;
