//! A response of the document.

use http::HeaderMap;
use serde_json::Value;

use crate::document::object;
use crate::headers::{self, Header};
use crate::schema::{Schema, Schemas, codes};

pub(crate) struct Response {
    pub(crate) headers: Vec<Header>,
    /// The type and the schema of its body.
    content: Option<(String, Schema)>,
    /// The status that the body of an error tells.
    pub(crate) status: Option<u16>,
    /// The codes of an error.
    pub(crate) codes: Vec<String>,
}

impl Response {
    pub(crate) fn new(response: &Value, document: &Value, schemas: &Schemas<'_>) -> Self {
        let content: Vec<_> = object(&response["content"]).collect();
        let content = match content.as_slice() {
            [] => None,
            [(media_type, content)] => Some(((*media_type).clone(), &content["schema"])),
            _ => panic!("two types of one body: {response}"),
        };
        Self {
            headers: headers::of(response, document, schemas),
            status: content.as_ref().and_then(|(_, schema)| {
                let status = schema.pointer("/properties/status/const")?.as_u64()?;
                u16::try_from(status).ok()
            }),
            codes: content
                .as_ref()
                .map_or_else(Vec::new, |(_, schema)| codes(schema)),
            content: content.map(|(name, schema)| (name, schemas.of_answer(schema))),
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
        let Some((media_type, schema)) = &self.content else {
            return match sent {
                None if body.is_empty() => Ok(None),
                _ => Err(vec![format!("it has a body ({sent:?})")]),
            };
        };
        if sent.is_none_or(|sent| sent != media_type) {
            return Err(vec![format!("it is {sent:?} and not {media_type}")]);
        }
        if is_head {
            let is_empty = body.is_empty();
            return is_empty
                .then_some(None)
                .ok_or(vec!["HEAD has a body".into()]);
        }
        let value = serde_json::from_slice(body).map_err(|error| vec![error.to_string()])?;
        let wrong = schema.objections(&value);
        if wrong.is_empty() {
            Ok(Some(value))
        } else {
            Err(wrong)
        }
    }
}
