//! The routes of the current user.

mod delete;
mod export;
mod me;
mod update;
mod view;

pub use delete::delete_me;
pub use export::export_me;
pub use me::get_me;
pub use update::update_user;
pub use view::UserView;
