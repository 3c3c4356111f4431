//! Whoever is logged in: the routes below `/me`, and `/user/update`.

mod deletion;
mod export;
mod me;
mod update;
