//! Schemas, compiled once.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Compiles the schemas of a document.
pub(crate) struct Schemas<'a> {
    document: &'a Value,
    /// The same, whose objects have no members but the documented ones.
    closed: Value,
}

/// A schema.
pub struct Schema(Validator);

impl<'a> Schemas<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        let mut closed = document["components"]["schemas"].clone();
        close(&mut closed);
        Self { document, closed }
    }

    /// The schema of a request, which may have more members.
    pub(crate) fn of_request(&self, schema: &Value) -> Schema {
        compile(schema, &self.document["components"]["schemas"])
    }

    /// The schema of an answer, which has the documented members alone.
    pub(crate) fn of_answer(&self, schema: &Value) -> Schema {
        let mut schema = schema.clone();
        // Beside a reference, properties only say more about some of those of the other schema.
        if schema.get("$ref").is_none() {
            close(&mut schema);
        }
        compile(&schema, &self.closed)
    }
}

fn compile(schema: &Value, schemas: &Value) -> Schema {
    let whole = json!({ "allOf": [schema], "components": { "schemas": schemas } });
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    let compiled = options.should_validate_formats(true).build(&whole);
    Schema(compiled.unwrap_or_else(|error| panic!("{schema}: {error}")))
}

/// Lets no object have members but its own.
fn close(schema: &mut Value) {
    if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(close);
    }
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    map.values_mut().for_each(close);
    if map.get("type").is_some_and(|kind| kind == "object") {
        map.insert("additionalProperties".to_owned(), false.into());
    }
}

impl Schema {
    /// What is wrong with a value.
    #[must_use]
    pub fn objections(&self, value: &Value) -> Vec<String> {
        let errors = self.0.iter_errors(value);
        errors
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "/" } else { &place };
                format!("{place}: {error}")
            })
            .collect()
    }

    /// Whether nothing is wrong with a value.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }
}

/// The values that a schema of an answer lists for a member.
pub(crate) fn choices(schema: &Value, member: &str) -> Vec<String> {
    let listed = schema["properties"][member]["enum"].as_array();
    let listed = listed.into_iter().flatten().filter_map(Value::as_str);
    listed.map(str::to_owned).collect()
}
