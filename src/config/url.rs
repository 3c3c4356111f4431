//! The URLs that settings have.

use ::http::Uri;

/// Parses a URL of the schemes `https` and `http` that has a host, a valid port, if any, and no user name or
/// password.
pub(super) fn parse(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host)?;
    // `Uri` itself takes any port.
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let has_valid_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    let is_of_the_web = matches!(uri.scheme_str(), Some("https" | "http"));
    (is_of_the_web && !host.is_empty() && has_valid_port).then_some(uri)
}
