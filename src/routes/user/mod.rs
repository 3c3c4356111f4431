//! The routes of the current user.

mod me;
mod update;
mod view;

pub use me::get_me;
pub use update::update;
pub use view::UserView;
