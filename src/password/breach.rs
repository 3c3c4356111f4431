//! Looks a password up in a breach database by k-anonymity: the service learns only the first 20
//! bits of the password's SHA-1 and returns all digests that begin with them.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Request;
use http::header::USER_AGENT;
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::Password;

/// The number of hexadecimal digits that are sent to the service.
const PREFIX: usize = 5;

/// A lookup of one password in a breach database.
pub struct RangeQuery {
    /// The password's SHA-1 in hexadecimal.
    digest: Zeroizing<String>,
}

impl RangeQuery {
    /// Creates the lookup of a password.
    #[must_use]
    pub fn new(password: &Password) -> Self {
        let mut digest = Zeroizing::new(String::with_capacity(40));
        for byte in Sha1::digest(password.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(digest, "{byte:02X}");
        }
        Self { digest }
    }

    /// The first five hexadecimal digits of the password's SHA-1: all that is sent to the service.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.digest.get(..PREFIX).unwrap_or_default()
    }

    /// Builds the request to the service: `url` followed by [`RangeQuery::prefix`].
    ///
    /// # Errors
    /// If the URL is invalid.
    pub fn request(&self, url: &str) -> http::Result<Request<Bytes>> {
        let request = Request::get(format!("{url}{}", self.prefix()));
        // Padding keeps the length of the response from revealing the prefix to an observer.
        let request = request.header("add-padding", "true");
        request.header(USER_AGENT, "gatehouse").body(Bytes::new())
    }

    /// Returns true if the service's response lists the password. Each of its lines is the other 35
    /// digits of a SHA-1, a colon and a count; lines with the count 0 are padding.
    #[must_use]
    pub fn is_in(&self, answer: &str) -> bool {
        let rest = self.digest.get(PREFIX..).unwrap_or_default();
        answer.lines().any(|line| {
            let (suffix, count) = line.trim().split_once(':').unwrap_or_default();
            suffix.eq_ignore_ascii_case(rest) && !count.trim_start_matches('0').is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> RangeQuery {
        // Its SHA-1 is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
        RangeQuery::new(&Password::new("password".into()))
    }

    #[test]
    fn only_the_first_five_digits_are_told() {
        assert_eq!(query().prefix(), "5BAA6");
    }

    #[test]
    fn an_answer_has_the_password_or_not() {
        let others = "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n";
        let it = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        assert!(query().is_in(&format!("{others}{it}:37\r\n")));
        assert!(query().is_in(&format!("{}:1", it.to_lowercase())));
        for answer in [
            String::new(),
            others.to_owned(),
            format!("{others}{it}:0"),
            it.to_owned(),
            format!("{it}9:7"),
            format!("{}:7", &it[1..]),
            "<html>".to_owned(),
        ] {
            assert!(!query().is_in(&answer), "{answer}");
        }
    }
}
