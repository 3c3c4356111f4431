//! Whoever is logged in: `/me` and `/user/update`.

mod me;
mod update;
