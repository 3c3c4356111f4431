//! Parses the URLs that settings have, and their ports.

use ::http::Uri;

/// Parses a URL of the schemes `https` and `http` that has a host, a valid port, if any, and no user name or
/// password.
pub(super) fn parse(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host)?;
    // `Uri` itself takes any port.
    let has_valid_port = rest.is_empty() || rest.strip_prefix(':').and_then(port).is_some();
    let is_of_the_web = matches!(uri.scheme_str(), Some("https" | "http"));
    (is_of_the_web && !host.is_empty() && has_valid_port).then_some(uri)
}

/// Parses a port as browsers write it: from 1 to 65535, without a sign or a zero before it.
pub(super) fn port(text: &str) -> Option<u16> {
    let number: u16 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}
