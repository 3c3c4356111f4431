//! Whether an answer keeps what the document promises.

use std::collections::BTreeSet;

use http::HeaderMap;
use serde_json::Value;

use crate::document::{Contract, FORM, Operation, of_field};
use crate::response::{Response, of_oauth};

/// A request with its answer.
pub struct Exchange<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The path of its URL, without a query.
    pub path: &'a str,
    /// Its headers.
    pub sent: &'a HeaderMap,
    /// Its body; empty if there is none.
    pub sent_body: &'a [u8],
    /// The status of the answer.
    pub status: u16,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

impl Exchange<'_> {
    fn has_form(&self) -> bool {
        let sent = self.sent.get("content-type");
        let sent = sent.and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        let media_type = sent.split(';').next().unwrap_or_default();
        media_type.eq_ignore_ascii_case(FORM)
    }

    /// The form that was sent, as an object. A parameter without a value counts as missing, as the
    /// document says.
    fn form(&self) -> Value {
        let pairs = form_urlencoded::parse(self.sent_body).into_owned();
        pairs
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, Value::String(value)))
            .collect()
    }
}

/// Codes of a member whose value breaks a rule of the schema, whatever is set or stored.
const RULES_OF_THE_SCHEMA: [&str; 3] = ["invalid_type", "unsupported", "invalid_characters"];

impl Contract {
    /// Checks an answer. Returns which of the [promises](Self::promises) it keeps.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(&self, exchange: &Exchange<'_>) -> Result<Vec<String>, Vec<String>> {
        let there = self.at(exchange.path);
        let operation = there.iter().find(|operation| {
            let is_head = exchange.method == "HEAD" && operation.method == "GET";
            operation.method == exchange.method || is_head
        });
        let Some(operation) = operation else {
            let response = self.elsewhere(!there.is_empty(), exchange)?;
            let mut wrong = self.compare(response, exchange).err().unwrap_or_default();
            wrong.extend(misnamed(&there, exchange.headers));
            return if wrong.is_empty() {
                Ok(Vec::new())
            } else {
                Err(wrong)
            };
        };
        let response = operation.responses.get(&exchange.status);
        let Some(response) = response else {
            return Err(vec![format!("{} is not documented", exchange.status)]);
        };
        let body = self.compare(response, exchange)?;
        let errors = body.as_ref().and_then(|body| body["errors"].as_array());
        let errors = errors.map_or(&[][..], Vec::as_slice);
        let wrong = operation.objections(exchange, errors);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        if exchange.method == "HEAD" {
            return Ok(Vec::new());
        }
        let codes = errors.iter().filter_map(|error| error["code"].as_str());
        let mut kept: Vec<_> = codes.map(of_field).collect();
        let told = |member: &str| body.as_ref()?.get(member)?.as_str();
        let code = told("code").map(str::to_owned);
        let kind = code.or_else(|| told("error").map(of_oauth));
        kept.push(operation.promise(exchange.status, kind.as_deref()));
        Ok(kept)
    }

    /// The response that is promised where there is no route: no such path, or no such method.
    fn elsewhere(&self, is_path: bool, exchange: &Exchange<'_>) -> Result<&Response, Vec<String>> {
        let name = match exchange.status {
            // It depends on no route.
            400 => "MalformedRequest",
            500 => "InternalError",
            404 if !is_path => "NotFound",
            204 if is_path && exchange.method == "OPTIONS" => "Options",
            405 if is_path && exchange.method != "OPTIONS" => "MethodNotAllowed",
            status => return Err(vec![format!("{status} is of no route")]),
        };
        Ok(&self.shared[name])
    }

    /// Reads an answer by its response.
    fn compare(
        &self,
        response: &Response,
        exchange: &Exchange<'_>,
    ) -> Result<Option<Value>, Vec<String>> {
        let Exchange {
            method, headers, ..
        } = *exchange;
        let origin = exchange.sent.get("origin");
        let origin = origin.and_then(|origin| origin.to_str().ok());
        let common = &self.common;
        let mut wrong = common.objections(&response.headers, headers, method, origin);
        let read = response.read(headers, exchange.body, method == "HEAD");
        let value = read.unwrap_or_else(|more| {
            wrong.extend(more);
            None
        });
        let id = value.as_ref().and_then(|value| value.get("request_id"));
        let told = headers.get("x-request-id");
        let told = told.and_then(|told| told.to_str().ok());
        if id.is_some_and(|id| id.as_str() != told) {
            wrong.push(format!("its request_id is not {told:?}"));
        }
        if wrong.is_empty() {
            Ok(value)
        } else {
            Err(wrong)
        }
    }
}

/// Compares `Allow` with the methods of a path.
fn misnamed(there: &[&Operation], headers: &HeaderMap) -> Option<String> {
    let told = headers.get("allow")?.to_str().unwrap_or_default();
    let told: BTreeSet<_> = told.split(", ").collect();
    let mut methods: BTreeSet<_> = there.iter().map(|one| one.method.as_str()).collect();
    methods.insert("OPTIONS");
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    (told != methods).then(|| format!("its Allow is {told:?} and not {methods:?}"))
}

impl Operation {
    /// What is wrong with a request that got its answer.
    fn objections(&self, exchange: &Exchange<'_>, errors: &[Value]) -> Vec<String> {
        let mut wrong = Vec::new();
        let is_done = (200..300).contains(&exchange.status);
        if is_done && self.needs_token && !exchange.sent.contains_key("authorization") {
            wrong.push("it was done without the documented access token".to_owned());
        }
        let (body, sent) = if exchange.has_form() {
            (&self.form, Some(exchange.form()))
        } else {
            (&self.body, serde_json::from_slice(exchange.sent_body).ok())
        };
        let Some(body) = body else {
            return wrong;
        };
        for error in errors {
            let field = error["field"].as_str().unwrap_or_default();
            if !body.members.contains(field) {
                wrong.push(format!("no member of the documented body is {field}"));
            }
        }
        if is_done && (body.is_required || !exchange.sent_body.is_empty()) {
            let sent = sent.clone().unwrap_or_default();
            let broken = body.schema.objections(&sent).into_iter();
            wrong.extend(broken.map(|rule| format!("it was done though the request has {rule}")));
        }
        let is_of_schema = |error: &&Value| {
            let code = error["code"].as_str().unwrap_or_default();
            RULES_OF_THE_SCHEMA.contains(&code)
        };
        if let (Some(error), Some(sent)) = (errors.iter().find(is_of_schema), sent)
            && body.schema.takes(&sent)
        {
            wrong.push(format!("the documented body allows what {error} refuses"));
        }
        wrong
    }
}
