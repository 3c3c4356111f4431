//! Times as clients and logs see them.

use chrono::{DateTime, SecondsFormat};

/// Seconds since 1970-01-01 UTC as RFC 3339 has it, in UTC; the epoch for what is out of its range.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    let date = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
