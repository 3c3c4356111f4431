//! The rule for requests that a cookie authenticates, for logins that ask for one, and for forms that
//! a page sends: they come from a page of this origin or of a listed one. Without it, any page could
//! send them (cross-site request forgery, login CSRF).

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use crate::error::Error;

/// Tells how the page that sends a request is related to its address (Fetch Metadata). No script can
/// set it.
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks that `Origin` is the scheme, host and port of the request's URL or one of the `listed`
/// origins or, if there is no `Origin`, that `Sec-Fetch-Site` is `same-origin`.
///
/// A browser sends the one or the other with every POST; what has neither is no page of ours.
///
/// # Errors
/// [`Error::CrossOrigin`].
pub fn check_origin(uri: &Uri, headers: &HeaderMap, listed: &[HeaderValue]) -> Result<(), Error> {
    let is_ours = match only(headers, &header::ORIGIN) {
        Only::One(origin) => listed.contains(origin) || is_origin_of(origin, uri),
        Only::None => match only(headers, &SEC_FETCH_SITE) {
            Only::One(site) => site == "same-origin",
            Only::None | Only::Several => false,
        },
        Only::Several => false,
    };
    is_ours.then_some(()).ok_or(Error::CrossOrigin)
}

/// Like [`check_origin`], but lets a request with neither `Origin` nor `Sec-Fetch-Site` pass: no browser
/// sent it. For forms, which browsers send anywhere without a preflight.
///
/// # Errors
/// [`Error::CrossOrigin`], as [`check_origin`].
pub fn check_origin_of_page(
    uri: &Uri,
    headers: &HeaderMap,
    listed: &[HeaderValue],
) -> Result<(), Error> {
    let marks = [header::ORIGIN, SEC_FETCH_SITE];
    if marks.iter().any(|name| headers.contains_key(name)) {
        check_origin(uri, headers, listed)
    } else {
        Ok(())
    }
}

enum Only<'a> {
    None,
    One(&'a HeaderValue),
    Several,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Only<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Only::None,
        (Some(value), None) => Only::One(value),
        (Some(_), Some(_)) => Only::Several,
    }
}

/// Compares byte by byte: a browser writes the host of the URL as it writes `Origin` (URL Standard, "URL
/// serializing"). A URL without a host has no origin.
fn is_origin_of(origin: &HeaderValue, uri: &Uri) -> bool {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let rest = origin.as_bytes().strip_prefix(scheme.as_bytes());
    rest.and_then(|rest| rest.strip_prefix(b"://")) == Some(authority.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://api.example:8443/auth/refresh?x=https://evil.example";

    fn is_allowed(url: &str, headers: &[(&HeaderName, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let listed = [HeaderValue::from_static("https://app.example")];
        check_origin(&url.parse().unwrap(), &map, &listed).is_ok()
    }

    #[test]
    fn the_origin_is_our_own_or_a_listed_one() {
        let origin = |value| is_allowed(URL, &[(&header::ORIGIN, value)]);
        assert!(origin("https://api.example:8443"));
        assert!(origin("https://app.example"));
        for other in [
            "null",
            "",
            "https://api.example",
            "http://api.example:8443",
            "https://api.example:8443/",
            "https://api.example:84430",
            "https://evil.api.example:8443",
            "https://API.example:8443",
            "https://app.example, https://app.example",
            "https://evil.example",
        ] {
            assert!(!origin(other), "{other}");
        }
    }

    #[test]
    fn without_an_origin_the_browser_says_that_it_is_the_same() {
        let site = |value| is_allowed(URL, &[(&SEC_FETCH_SITE, value)]);
        assert!(site("same-origin"));
        for other in ["same-site", "cross-site", "none", "", "Same-Origin"] {
            assert!(!site(other), "{other}");
        }
        assert!(!is_allowed(URL, &[]));
    }

    #[test]
    fn an_origin_decides_alone_and_two_headers_of_a_name_are_refused() {
        let same = (&SEC_FETCH_SITE, "same-origin");
        let ours = (&header::ORIGIN, "https://app.example");
        assert!(!is_allowed(URL, &[(&header::ORIGIN, "null"), same]));
        assert!(is_allowed(URL, &[ours, (&SEC_FETCH_SITE, "cross-site")]));
        assert!(!is_allowed(URL, &[ours, ours]));
        assert!(!is_allowed(URL, &[same, same]));
    }

    #[test]
    fn what_no_page_sends_needs_no_origin_where_a_page_would_need_one() {
        let is_allowed = |headers: &[(&HeaderName, &'static str)]| {
            let headers = headers.iter();
            let headers = headers
                .map(|(name, value)| ((*name).clone(), HeaderValue::from_static(value)))
                .collect();
            check_origin_of_page(&URL.parse().unwrap(), &headers, &[]).is_ok()
        };
        assert!(is_allowed(&[]));
        assert!(is_allowed(&[(&header::ORIGIN, "https://api.example:8443")]));
        assert!(is_allowed(&[(&SEC_FETCH_SITE, "same-origin")]));
        assert!(!is_allowed(&[(&header::ORIGIN, "null")]));
        assert!(!is_allowed(&[(&SEC_FETCH_SITE, "cross-site")]));
    }

    #[test]
    fn a_url_without_a_host_has_no_origin() {
        assert!(!is_allowed("/auth/refresh", &[(&header::ORIGIN, "://")]));
        assert!(!is_allowed("/auth/refresh", &[(&header::ORIGIN, "")]));
    }
}
