//! The headers of answers.

use http::HeaderMap;
use serde_json::Value;

use crate::document::{object, resolve};
use crate::schema::{Schema, Schemas};

/// What the transport adds, and what describes the body, which is compared by itself.
const OF_THE_TRANSPORT: [&str; 5] = [
    "connection",
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
];

/// A header of an answer.
pub(crate) struct Header {
    /// In lower case.
    pub(crate) name: String,
    is_required: bool,
    schema: Schema,
}

impl Header {
    fn new(name: &str, header: &Value, document: &Value, schemas: &Schemas<'_>) -> Self {
        let header = resolve(header, document);
        Self {
            name: name.to_lowercase(),
            is_required: header["required"] == true,
            schema: schemas.of_answer(&header["schema"]),
        }
    }

    /// What is wrong with it in an answer.
    fn objections(&self, headers: &HeaderMap) -> Vec<String> {
        let name = &self.name;
        let values: Vec<_> = headers.get_all(name).iter().collect();
        let value = match values.as_slice() {
            [] if self.is_required => return vec![format!("it has no {name}")],
            [] => return Vec::new(),
            [value] => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            _ => return vec![format!("it has {name} {} times", values.len())],
        };
        let number = value.parse::<u64>().ok().map(Value::from);
        if number.is_some_and(|number| self.schema.takes(&number)) {
            return Vec::new();
        }
        let wrong = self.schema.objections(&value.into()).into_iter();
        wrong
            .map(|wrong| format!("its header {name}: {wrong}"))
            .collect()
    }
}

/// The headers of a response of the document.
pub(crate) fn of(response: &Value, document: &Value, schemas: &Schemas<'_>) -> Vec<Header> {
    let headers = object(&response["headers"]);
    headers
        .map(|(name, header)| Header::new(name, header, document, schemas))
        .collect()
}

/// The headers that do not depend on the route.
pub(crate) struct Common {
    every: Vec<Header>,
    listed_origins: Vec<Header>,
    preflights: Vec<Header>,
}

impl Common {
    pub(crate) fn new(document: &Value, schemas: &Schemas<'_>) -> Self {
        let list = |key: &str| {
            let names = document[key].as_array().into_iter().flatten();
            names
                .filter_map(Value::as_str)
                .map(|name| {
                    let header = &document["components"]["headers"][name];
                    assert!(header.is_object(), "{key} has {name}");
                    Header::new(name, header, document, schemas)
                })
                .collect()
        };
        Self {
            every: list("x-headers-of-every-answer"),
            listed_origins: list("x-headers-for-listed-origins"),
            preflights: list("x-headers-of-preflights"),
        }
    }

    /// What is wrong with the headers of an answer that should have `own` and the common ones.
    pub(crate) fn objections(
        &self,
        own: &[Header],
        headers: &HeaderMap,
        method: &str,
        origin: Option<&str>,
    ) -> Vec<String> {
        let mut expected: Vec<&Header> = own.iter().collect();
        let is_own = |header: &&Header| own.iter().any(|other| other.name == header.name);
        expected.extend(self.every.iter().filter(|header| !is_own(header)));
        let granted = headers.get("access-control-allow-origin");
        let mut wrong = Vec::new();
        if let Some(granted) = granted {
            expected.extend(&self.listed_origins);
            // Only where there is something at the path.
            if method == "OPTIONS" && own.iter().any(|header| header.name == "allow") {
                expected.extend(&self.preflights);
            }
            if origin.is_none_or(|origin| granted != origin) {
                wrong.push(format!("it lets in {granted:?} and was sent {origin:?}"));
            }
        }
        wrong.extend(
            expected
                .iter()
                .flat_map(|header| header.objections(headers)),
        );
        let is_known = |name: &str| {
            OF_THE_TRANSPORT.contains(&name) || expected.iter().any(|header| header.name == name)
        };
        let unknown = headers.keys().filter(|name| !is_known(name.as_str()));
        wrong.extend(unknown.map(|name| format!("its header {name} is not documented")));
        wrong
    }
}
