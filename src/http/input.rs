//! The extractors for requests with a body, which check them in a fixed order.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header, request::Parts};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::fields::Fields;
use crate::app::App;
use crate::error::Error;
use crate::header::media_type::MediaType;
use crate::header::{content_length, is_plain};

/// The largest accepted body, in bytes.
pub(crate) const MAX_BODY: usize = 16 * 1024;

const NOT_JSON: Error =
    Error::UnsupportedMediaType("Send the body as \"Content-Type: application/json\" in UTF-8.");
const NEITHER: Error = Error::UnsupportedMediaType(
    "Send the body as \"application/json\" or \"application/x-www-form-urlencoded\" in UTF-8.",
);
const NOT_UTF8: Error = Error::UnsupportedMediaType("Send the form in UTF-8.");

/// A request with a JSON body, from [`Anyone`] or from an authenticated caller.
///
/// The checks, in this order, and the status of a request that fails one:
///
/// 1. `Content-Length` (413);
/// 2. `Content-Encoding` and `Content-Type` (415);
/// 3. the caller (401);
/// 4. the size of the body (413), which must be a JSON object (400);
/// 5. the members, which the handler takes from [`Fields`] (422).
pub struct Input<C = Anyone> {
    /// The caller.
    pub caller: C,
    /// The members of the body.
    pub fields: Fields,
}

/// A caller who need not be authenticated.
pub struct Anyone;

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl<C> FromRequest<Arc<App>> for Input<C>
where
    C: FromRequestParts<Arc<App>, Rejection = Error> + Send,
{
    type Rejection = Error;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        check_json(&parts.headers)?;
        let caller = C::from_request_parts(&mut parts, app).await?;
        let body = read_limited(body).await?;
        let fields = Fields::parse(&body)?;
        Ok(Self { caller, fields })
    }
}

/// A request whose JSON body may be missing or empty.
#[derive(Default)]
pub struct OptionalInput {
    /// The members of the body; none without a body.
    pub fields: Fields,
    has_body: bool,
}

impl OptionalInput {
    /// Refuses a request without a body, of a caller who has to send one: it is the JSON type of a
    /// body for which browsers ask before a page of another origin may send it.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`].
    pub fn require_body(&self) -> Result<(), Error> {
        self.has_body.then_some(()).ok_or(NOT_JSON)
    }
}

impl FromRequest<Arc<App>> for OptionalInput {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let body = read_limited(body).await?;
        if body.is_empty() {
            return Ok(Self::default());
        }
        check_json(&parts.headers)?;
        let fields = Fields::parse(&body)?;
        Ok(Self {
            fields,
            has_body: true,
        })
    }
}

/// A request whose body is a JSON object or a form. The checks are those of [`Input`].
pub struct JsonOrForm {
    /// The members of the body, or the parameters of the form that have a value.
    pub fields: Fields,
    /// Whether it is a form.
    pub is_form: bool,
}

impl FromRequest<Arc<App>> for JsonOrForm {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let form_type = form_type(&parts.headers);
        let is_form = form_type.is_some();
        check_plain(&parts.headers)?;
        match form_type {
            None if !is_json(&parts.headers) => return Err(NEITHER),
            Some(form_type) if !form_type.is_utf8() => return Err(NOT_UTF8),
            _ => {}
        }
        let body = read_limited(body).await?;
        let fields = if is_form {
            Fields::parse_form(&body)?
        } else {
            Fields::parse(&body)?
        };
        Ok(Self { fields, is_form })
    }
}

/// Returns true if the body is a form, in whatever character set.
pub(super) fn has_form(headers: &HeaderMap) -> bool {
    form_type(headers).is_some()
}

fn form_type(headers: &HeaderMap) -> Option<MediaType<'_>> {
    media_type(headers).filter(|it| it.is_application("x-www-form-urlencoded"))
}

/// Checks the headers of a JSON body.
fn check_json(headers: &HeaderMap) -> Result<(), Error> {
    check_plain(headers)?;
    is_json(headers).then_some(()).ok_or(NOT_JSON)
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|it| it.is_application("json") && it.is_utf8())
}

/// Checks the length and the encoding of a body.
fn check_plain(headers: &HeaderMap) -> Result<(), Error> {
    let declared = content_length(headers);
    if declared.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(Error::BodyTooLarge);
    }
    if !is_plain(headers) {
        return Err(Error::UnsupportedMediaType(
            "Send the body without a Content-Encoding.",
        ));
    }
    Ok(())
}

/// Returns the type of a body, unless there are several.
fn media_type(headers: &HeaderMap) -> Option<MediaType<'_>> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(value), None) => MediaType::parse(value.as_bytes()),
        _ => None,
    }
}

/// Reads a body of at most [`MAX_BODY`] bytes.
async fn read_limited(mut body: Body) -> Result<Bytes, Error> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Error::MalformedBody("The body is incomplete.".to_owned()))?;
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > MAX_BODY {
                return Err(Error::BodyTooLarge);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}
