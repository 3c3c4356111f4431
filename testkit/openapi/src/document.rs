//! The document: its routes, and what each of them promises.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::headers::Common;
use crate::response::{Content, Response};
use crate::schema::{Schema, Schemas};

const TEXT: &str = include_str!("../../../openapi.yaml");

/// The keys of a path item that are not methods.
const NO_METHODS: [&str; 4] = ["parameters", "summary", "description", "servers"];

const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The document, with its schemas compiled.
pub struct Contract {
    /// The whole document.
    pub document: Value,
    /// Its operations.
    pub operations: Vec<Operation>,
    pub(crate) common: Common,
    pub(crate) shared: BTreeMap<String, Response>,
}

/// A method of a path.
pub struct Operation {
    /// The method, in upper case.
    pub method: String,
    /// The path as it is documented, with its parameters in braces.
    pub path: String,
    /// Whether a request has to have an access token.
    pub needs_token: bool,
    /// Its body in JSON, if it takes one.
    pub(crate) body: Option<Body>,
    /// Its body as a form, if it takes one.
    pub(crate) form: Option<Body>,
    pub(crate) responses: BTreeMap<u16, Response>,
}

/// A body of a request: its schema, and the names of its members.
pub(crate) struct Body {
    pub(crate) is_required: bool,
    pub(crate) schema: Schema,
    pub(crate) members: BTreeSet<String>,
    example: Value,
}

impl Contract {
    /// Reads the document of the repository.
    ///
    /// # Panics
    /// If it cannot be used.
    #[must_use]
    pub fn read() -> Self {
        Self::parse(TEXT)
    }

    /// Reads a document.
    ///
    /// # Panics
    /// If it cannot be used.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let document: Value = serde_saphyr::from_str(text).expect("openapi.yaml is YAML");
        let schemas = Schemas::new(&document);
        let mut operations = Vec::new();
        for (path, item) in object(&document["paths"]) {
            let methods = object(item).filter(|(key, _)| !NO_METHODS.contains(&key.as_str()));
            operations.extend(methods.map(|(method, operation)| {
                Operation::new(method, path, operation, &document, &schemas)
            }));
        }
        let shared = object(&document["components"]["responses"]);
        let shared = shared.map(|(name, response)| {
            let response = Response::new(response, &document, &schemas);
            (name.clone(), response)
        });
        Self {
            operations,
            common: Common::new(&document, &schemas),
            shared: shared.collect(),
            document,
        }
    }

    /// All that it promises, a line each: the statuses of each operation, with the codes of an error, and
    /// the codes of the members of a body.
    #[must_use]
    pub fn promises(&self) -> BTreeSet<String> {
        let of_answers = self.operations.iter().flat_map(|operation| {
            let responses = operation.responses.iter();
            responses.flat_map(|(status, response)| {
                let kinds: Vec<_> = response.contents.iter().flat_map(Content::kinds).collect();
                let one = |kind: Option<&str>| operation.promise(*status, kind);
                match kinds.as_slice() {
                    [] => vec![one(None)],
                    kinds => kinds.iter().map(|kind| one(Some(kind))).collect(),
                }
            })
        });
        let of_fields = self.document["components"]["schemas"]["FieldCode"]["enum"].as_array();
        let of_fields = of_fields.into_iter().flatten().filter_map(Value::as_str);
        of_answers.chain(of_fields.map(of_field)).collect()
    }

    /// The codes of errors that are a response of some route or of all, each with its status.
    #[must_use]
    pub fn codes(&self) -> BTreeSet<(u16, String)> {
        let of_operations = self
            .operations
            .iter()
            .flat_map(|one| one.responses.values());
        let all = of_operations.chain(self.shared.values());
        let contents = all.flat_map(|response| &response.contents);
        contents
            .filter_map(|content| content.status.map(|status| (status, &content.codes)))
            .flat_map(|(status, codes)| codes.iter().map(move |code| (status, code.clone())))
            .collect()
    }

    /// The operations of the path that a URL's path is.
    pub(crate) fn at(&self, path: &str) -> Vec<&Operation> {
        let is_it = |operation: &&Operation| {
            let documented: Vec<_> = operation.path.split('/').collect();
            let asked: Vec<_> = path.split('/').collect();
            let mut parts = documented.iter().zip(&asked);
            documented.len() == asked.len()
                && parts
                    .all(|(one, other)| one == other || (one.starts_with('{') && !other.is_empty()))
        };
        self.operations.iter().filter(is_it).collect()
    }
}

impl Operation {
    fn new(
        method: &str,
        path: &str,
        operation: &Value,
        document: &Value,
        schemas: &Schemas<'_>,
    ) -> Self {
        let security = operation["security"].as_array();
        let security = security.unwrap_or_else(|| panic!("{method} {path} has no security"));
        let is_open = security.is_empty() || security.contains(&Value::Object(<_>::default()));
        let responses = object(&operation["responses"]).map(|(status, response)| {
            let response = Response::new(resolve(response, document), document, schemas);
            (status.parse().expect("a status"), response)
        });
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            needs_token: !is_open,
            body: Body::new(operation, JSON, document, schemas),
            form: Body::new(operation, FORM, document, schemas),
            responses: responses.collect(),
        }
    }

    /// One promise of it, in a line: a status, and which of its errors.
    pub(crate) fn promise(&self, status: u16, kind: Option<&str>) -> String {
        let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
        format!("{} {} {status}{kind}", self.method, self.path)
    }

    /// The example of its body in JSON; none if it takes none.
    #[must_use]
    pub fn example(&self) -> Option<&Value> {
        self.body.as_ref().map(|body| &body.example)
    }

    /// Whether it promises a status.
    #[must_use]
    pub fn has_status(&self, status: u16) -> bool {
        self.responses.contains_key(&status)
    }
}

impl Body {
    fn new(
        operation: &Value,
        media_type: &str,
        document: &Value,
        schemas: &Schemas<'_>,
    ) -> Option<Self> {
        let body = operation.get("requestBody")?;
        let content = body["content"].get(media_type)?;
        let schema = &content["schema"];
        let members = object(&resolve(schema, document)["properties"]);
        Some(Self {
            is_required: body["required"] == true,
            schema: schemas.of_request(schema),
            example: example(content).clone(),
            members: members.map(|(name, _)| name.clone()).collect(),
        })
    }
}

/// The promise that a code of a member of a body comes.
pub(crate) fn of_field(code: &str) -> String {
    format!("a field: {code}")
}

/// The first example of a content.
fn example(content: &Value) -> &Value {
    let first = object(&content["examples"]).next();
    first.map_or(&content["example"], |(_, example)| &example["value"])
}

/// What a value is or refers to.
pub(crate) fn resolve<'a>(value: &'a Value, document: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let pointer = reference.strip_prefix('#').expect("a reference inside");
    let found = document.pointer(pointer);
    found.unwrap_or_else(|| panic!("{reference} refers to nothing"))
}

/// The members of an object; none of what is missing.
pub(crate) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
