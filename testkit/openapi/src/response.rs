//! A response of the document.

use http::HeaderMap;
use serde_json::Value;

use crate::document::object;
use crate::headers::{self, Header};
use crate::schema::{Schema, Schemas, choices};

pub(crate) struct Response {
    pub(crate) headers: Vec<Header>,
    /// The bodies that it may have; none if it has none.
    pub(crate) contents: Vec<Content>,
}

/// A type of body.
pub(crate) struct Content {
    media_type: String,
    schema: Schema,
    /// The status that the body of a problem tells.
    pub(crate) status: Option<u16>,
    /// The codes of a problem.
    pub(crate) codes: Vec<String>,
    /// The errors of OAuth 2.0.
    pub(crate) errors: Vec<String>,
}

impl Content {
    fn new(media_type: &str, content: &Value, schemas: &Schemas<'_>) -> Self {
        let schema = &content["schema"];
        let status = schema.pointer("/properties/status/const");
        Self {
            media_type: media_type.to_owned(),
            status: status.and_then(|status| u16::try_from(status.as_u64()?).ok()),
            codes: choices(schema, "code"),
            errors: choices(schema, "error"),
            schema: schemas.of_answer(schema),
        }
    }

    /// What tells its errors from each other, as a promise names them.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let errors = self.errors.iter().map(|error| of_oauth(error));
        self.codes.iter().cloned().chain(errors).collect()
    }
}

impl Response {
    pub(crate) fn new(response: &Value, document: &Value, schemas: &Schemas<'_>) -> Self {
        let contents = object(&response["content"]);
        let contents = contents.map(|(name, content)| Content::new(name, content, schemas));
        Self {
            headers: headers::of(response, document, schemas),
            contents: contents.collect(),
        }
    }

    /// What is wrong with the body of an answer, and the body.
    pub(crate) fn read(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        is_head: bool,
    ) -> Result<Option<Value>, Vec<String>> {
        let sent = headers.get("content-type");
        if self.contents.is_empty() {
            return match sent {
                None if body.is_empty() => Ok(None),
                _ => Err(vec![format!("it has a body ({sent:?})")]),
            };
        }
        let is_sent = |content: &&Content| sent.is_some_and(|sent| *sent == content.media_type);
        let Some(content) = self.contents.iter().find(is_sent) else {
            return Err(vec![format!("its type is {sent:?}")]);
        };
        if is_head {
            let is_empty = body.is_empty();
            return is_empty
                .then_some(None)
                .ok_or(vec!["HEAD has a body".into()]);
        }
        let value = serde_json::from_slice(body).map_err(|error| vec![error.to_string()])?;
        let wrong = content.schema.objections(&value);
        if wrong.is_empty() {
            Ok(Some(value))
        } else {
            Err(wrong)
        }
    }
}

/// An error of OAuth 2.0, as a promise names it.
pub(crate) fn of_oauth(error: &str) -> String {
    format!("error={error}")
}
