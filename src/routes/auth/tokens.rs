//! The tokens of a session in a response.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::auth::sessions::SessionTokens;
use crate::error::Error;
use crate::http::cookie;
use crate::http::json::json;
use crate::identity::session_id::SessionId;
use crate::validation::Violation;

/// What carries a refresh token: the member `session` of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// `"token"`: the bodies.
    Body,
    /// `"cookie"`: the session cookie.
    Cookie,
}

impl Carrier {
    /// Parses the member.
    pub(super) fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "token" => Ok(Self::Body),
            "cookie" => Ok(Self::Cookie),
            _ => Err(Violation::new(
                "unsupported",
                "The kinds of session are \"token\" and \"cookie\".",
            )),
        }
    }
}

/// The body of a login and of a refresh (RFC 6749, 5.1).
#[derive(Serialize)]
struct TokensView<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    session_id: SessionId,
    /// Not there if the cookie has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// Seconds until the session expires if it is not refreshed.
    refresh_expires_in: u64,
}

/// Returns a 200 with the tokens of a session.
///
/// # Errors
/// [`Error::Internal`] if the body cannot be written.
pub(super) fn respond(tokens: &SessionTokens, carrier: Carrier) -> Result<Response, Error> {
    let SessionTokens {
        access,
        session,
        refresh_token,
        refresh_expires_in,
    } = tokens;
    let view = TokensView {
        access_token: &access.token,
        token_type: "bearer",
        expires_in: access.expires_in,
        session_id: *session,
        refresh_token: (carrier == Carrier::Body).then_some(refresh_token),
        refresh_expires_in: *refresh_expires_in,
    };
    let response = json(StatusCode::OK, &view)?;
    Ok(match carrier {
        Carrier::Body => response,
        Carrier::Cookie => cookie::set(response, refresh_token, *refresh_expires_in),
    })
}
