//! Registering and logging in: what the routes under `/auth` do, and the tokens that they give.

mod breaches;
mod clients;
mod cookies;
mod devices;
mod keys;
mod legacy;
mod limits;
mod login;
mod password;
mod password_grant;
mod password_races;
mod refresh;
mod refresh_grant;
mod register;
mod session_model;
mod sessions;
mod spellings;
mod throttle;
mod upgrade;
mod verifying;
