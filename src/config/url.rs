//! The URLs that settings have.

use ::http::Uri;

/// Parses a URL of the schemes `https` and `http`: with a host, a port that there is, if any, and nobody's
/// password.
pub(super) fn parse(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let is_of_the_web = matches!(uri.scheme_str(), Some("https" | "http"));
    let authority = uri.authority()?;
    // `Uri` takes a port of 99999, and has none then.
    let host = authority.host();
    let is_whole = !host.is_empty() && (authority.port().is_some() || authority.as_str() == host);
    let is_plain = !authority.as_str().contains('@');
    (is_of_the_web && is_whole && is_plain).then_some(uri)
}
