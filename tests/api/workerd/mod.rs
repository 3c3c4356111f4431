//! What is tested in workerd alone. The native run passes over this folder.

mod isolation;
mod soak;
mod timing;
