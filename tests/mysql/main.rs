//! The MySQL client: against a scripted server, byte by byte, and against real ones.

mod handshake;
mod live;
mod replies;
mod script;
