//! What holds for every route: headers, bodies, logs, settings.

mod cors;
mod drain;
mod headers;
mod health;
mod logs;
mod naughty;
mod problems;
mod requests;
mod settings;
