//! The examples of the document, and its schemas one by one.

use serde_json::{Value, json};

use crate::document::{Contract, object, resolve};
use crate::schema::{Schema, Schemas};

impl Contract {
    /// A schema of the components, as it is for requests.
    #[must_use]
    pub fn schema(&self, name: &str) -> Schema {
        let reference = format!("#/components/schemas/{name}");
        Schemas::new(&self.document).of_request(&json!({ "$ref": reference }))
    }

    /// The examples of all bodies, headers and schemas: where each is, and what is wrong with it. A body
    /// without one is there too.
    #[must_use]
    pub fn examples(&self) -> Vec<(String, Vec<String>)> {
        let schemas = Schemas::new(&self.document);
        let mut found = Vec::new();
        let mut look = |place: &str, described: &Value, is_request: bool| {
            let described = resolve(described, &self.document);
            for (_, content) in object(&described["content"]) {
                let schema = &content["schema"];
                let schema = if is_request {
                    schemas.of_request(schema)
                } else {
                    schemas.of_answer(schema)
                };
                let objections = of_content(content).map(|example| schema.objections(example));
                let before = found.len();
                found.extend(objections.map(|wrong| (place.to_owned(), wrong)));
                if found.len() == before {
                    found.push((place.to_owned(), vec!["it has no example".to_owned()]));
                }
            }
        };
        for operation in &self.operations {
            let path = &self.document["paths"][&operation.path];
            let described = &path[operation.method.to_lowercase()];
            let place = format!("{} {}", operation.method, operation.path);
            look(&place, &described["requestBody"], true);
            for (status, response) in object(&described["responses"]) {
                look(&format!("{place} {status}"), response, false);
            }
        }
        let components = &self.document["components"];
        for (name, response) in object(&components["responses"]) {
            look(name, response, false);
        }
        for kind in ["headers", "schemas"] {
            for (name, described) in object(&components[kind]) {
                let schema = match kind {
                    "headers" => &described["schema"],
                    _ => described,
                };
                let examples = [described, schema].into_iter().flat_map(of_schema);
                let schema = schemas.of_answer(schema);
                found.extend(examples.map(|it| (name.clone(), schema.objections(it))));
            }
        }
        found
    }
}

/// The examples of a header or a schema.
fn of_schema(described: &Value) -> impl Iterator<Item = &Value> {
    let several = described["examples"].as_array();
    let several = several.into_iter().flatten();
    described.get("example").into_iter().chain(several)
}

fn of_content(content: &Value) -> impl Iterator<Item = &Value> {
    let several = object(&content["examples"]).map(|(_, example)| &example["value"]);
    content.get("example").into_iter().chain(several)
}
