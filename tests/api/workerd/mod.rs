//! What is tested in workerd alone. The native run passes over this folder.

mod bridge;
mod domains;
mod isolation;
mod malformed;
mod soak;
mod timing;
