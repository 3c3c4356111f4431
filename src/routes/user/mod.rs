//! The routes of the current user.

mod me;
mod update;
mod view;

pub use me::get_me;
pub use update::update_user;
pub use view::UserView;
