//! What is tested in process alone. The run in workerd passes over this folder.

mod logs;
