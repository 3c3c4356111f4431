//! Formatting of times for responses and logs.

use chrono::{DateTime, SecondsFormat};

/// Formats seconds since 1970-01-01 UTC as a UTC time of RFC 3339; the epoch if they are out of
/// chrono's range.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    let date = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
