//! The cookie of a session (RFC 6265), which holds its refresh token.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use axum::response::Response;

/// The name of the cookie. Browsers take one whose name begins with `__Host-` only if it is `Secure`,
/// has the path `/` and no domain: no other host and no page without TLS can set it (RFC 6265bis,
/// 4.1.3.2).
const NAME: &str = "__Host-gatehouse";
/// The attributes of the cookie, which also delete it only where they are the same.
const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Strict";

/// The cookie of a session as a request sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCookie {
    /// There is none.
    Absent,
    /// Its value, whatever it is.
    Sent(String),
    /// There are several, and it is undefined which of them counts.
    Ambiguous,
}

impl SessionCookie {
    /// Reads it from the `Cookie` headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::Absent;
        for header in headers.get_all(header::COOKIE) {
            for pair in header.as_bytes().split(|byte| *byte == b';') {
                let pair = pair.trim_ascii_start();
                let value = pair.strip_prefix(NAME.as_bytes());
                let Some(value) = value.and_then(|rest| rest.strip_prefix(b"=")) else {
                    continue;
                };
                if found != Self::Absent {
                    return Self::Ambiguous;
                }
                let value = value.trim_ascii_end();
                found = Self::Sent(String::from_utf8_lossy(value).into_owned());
            }
        }
        found
    }

    /// Returns the value, unless there are several.
    #[must_use]
    pub fn only(self) -> Option<String> {
        match self {
            Self::Sent(value) => Some(value),
            Self::Absent | Self::Ambiguous => None,
        }
    }

    /// True if the request has the cookie, once or several times.
    #[must_use]
    pub fn is_present(&self) -> bool {
        *self != Self::Absent
    }
}

impl<S: Sync> FromRequestParts<S> for SessionCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// Sets the cookie with a response, for so many seconds.
pub fn set(mut response: Response, refresh_token: &str, seconds: u64) -> Response {
    let cookie = format!("{NAME}={refresh_token}; Max-Age={seconds}{ATTRIBUTES}");
    // A refresh token is base64url, so this does not fail.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Deletes the cookie with a response.
#[must_use]
pub fn clear(response: Response) -> Response {
    set(response, "", 0)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;

    use super::*;

    fn of(values: &[&'static str]) -> SessionCookie {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::COOKIE, value.parse().unwrap());
        }
        SessionCookie::of(&headers)
    }

    #[test]
    fn the_cookie_is_found_among_others_by_its_exact_name() {
        let sent = |value: &str| SessionCookie::Sent(value.to_owned());
        assert_eq!(of(&["__Host-gatehouse=a"]), sent("a"));
        assert_eq!(of(&["x=1; __Host-gatehouse=a ; y=2"]), sent("a"));
        assert_eq!(of(&["x=1;__Host-gatehouse=a"]), sent("a"));
        assert_eq!(of(&["x=1", "__Host-gatehouse=a=b"]), sent("a=b"));
        assert_eq!(of(&["__Host-gatehouse="]), sent(""));
        for other in [
            "",
            ";;=;",
            "__host-gatehouse=a",
            "__Host-gatehouse",
            "__Host-gatehouse =a",
            "__Host-gatehouse2=a",
            "x=__Host-gatehouse=a",
            "x=\"1, __Host-gatehouse=a\"",
        ] {
            assert_eq!(of(&[other]), SessionCookie::Absent, "{other}");
        }
    }

    #[test]
    fn two_of_them_are_ambiguous_even_if_they_are_the_same() {
        for values in [
            &["__Host-gatehouse=a; __Host-gatehouse=a"][..],
            &["__Host-gatehouse=a", "x=1; __Host-gatehouse=b"],
            &["__Host-gatehouse=; __Host-gatehouse=b"],
        ] {
            assert_eq!(of(values), SessionCookie::Ambiguous, "{values:?}");
        }
    }

    #[test]
    fn it_is_set_and_deleted_with_the_same_attributes() {
        let header = |response: Response| {
            let value = response.headers()[header::SET_COOKIE].to_str().unwrap();
            value.to_owned()
        };
        assert_eq!(
            header(set(StatusCode::OK.into_response(), "a", 60)),
            "__Host-gatehouse=a; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            header(clear(StatusCode::OK.into_response())),
            "__Host-gatehouse=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
        );
    }
}
