//! A JSON body, field by field, with everything that is wrong with it told at once.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::error::{Error, FieldError};
use crate::extract::{JsonHead, MAX_BODY};
use crate::json::{Object, Value};
use crate::rule::BrokenRule;

/// The members of a JSON body, and what is wrong with those that were asked for.
#[derive(Default)]
pub struct Fields {
    object: Object,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        JsonHead::from_request_parts(&mut parts, state).await?;
        let body = read_limited(body).await?;
        let object = Object::parse(&body).map_err(Error::MalformedBody)?;
        Ok(Self {
            object,
            errors: Vec::new(),
        })
    }
}

/// Reads a body to its end, or to the first frame over the limit.
async fn read_limited(mut body: Body) -> Result<Bytes, Error> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Error::MalformedBody("The body ended before its time.".to_owned()))?;
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > MAX_BODY {
                return Err(Error::BodyTooLarge);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

impl Fields {
    /// A member that must be there, parsed; none when something is wrong with it, which
    /// [`Fields::finish`] reports together with everything else that is.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, BrokenRule>,
    ) -> Option<T> {
        match self.object.take(field) {
            Some(Value::String(text)) => self.parse(field, parse(text)),
            Some(other) => self.wrong_type(field, &other),
            None => {
                let rule = BrokenRule::new("required", "This field is required.");
                self.parse(field, Err(rule))
            }
        }
    }

    /// A member that may be missing (`None`) or null (`Some(None)`), parsed if it is neither.
    pub fn optional<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, BrokenRule>,
    ) -> Option<Option<T>> {
        match self.object.take(field)? {
            Value::Null => Some(None),
            Value::String(text) => self.parse(field, parse(text)).map(Some),
            other => self.wrong_type(field, &other),
        }
    }

    /// The end of validation: the required members, which are all there if nothing was wrong.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with all that was wrong.
    pub fn finish<T>(self, required: Option<T>) -> Result<T, Error> {
        match required {
            Some(members) if self.errors.is_empty() => Ok(members),
            _ => Err(Error::InvalidFields(self.errors)),
        }
    }

    fn parse<T>(&mut self, field: &'static str, parsed: Result<T, BrokenRule>) -> Option<T> {
        parsed
            .map_err(|BrokenRule { code, message }| {
                self.errors.push(FieldError {
                    field,
                    code,
                    message,
                });
            })
            .ok()
    }

    fn wrong_type<T>(&mut self, field: &'static str, value: &Value) -> Option<T> {
        let message = format!("This field must be a string, not {}.", value.kind());
        self.parse(field, Err(BrokenRule::new("invalid_type", message)))
    }
}
