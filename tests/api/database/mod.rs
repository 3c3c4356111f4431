//! What holds for every route that needs the database, whichever that is and whatever happens to it.

mod charsets;
mod columns;
mod constraints;
mod dialect;
mod faults;
mod full_authentication;
mod housekeeping;
mod ids;
mod own;
mod privileges;
mod restart;
mod retries;
mod statements;
