//! Validation of the members of a body, which reports all errors at once.

use super::form;
use crate::error::Error;
use crate::patch::Patch;
use crate::strict_json::{Object, Value};
use crate::validation::{FieldError, Violation};

/// The members of a JSON body or the parameters of a form, and the validation errors of those that were
/// read.
#[derive(Default)]
pub struct Fields {
    object: Object,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Parses a body.
    ///
    /// # Errors
    /// [`Error::MalformedBody`] if it is no JSON object.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        let object = Object::parse(body);
        let object = object.map_err(|error| Error::MalformedBody(error.to_string()))?;
        Ok(Self {
            object,
            errors: Vec::new(),
        })
    }

    /// Parses a form. A parameter without a value counts as missing (RFC 6749, 3.2).
    ///
    /// # Errors
    /// [`Error::MalformedBody`] if it is no form.
    pub(super) fn parse_form(body: &[u8]) -> Result<Self, Error> {
        let parameters = form::parse(body);
        let parameters = parameters.map_err(|error| Error::MalformedBody(error.to_string()))?;
        let sent = parameters.into_iter().filter(|(_, text)| !text.is_empty());
        Ok(Self {
            object: Object::of_strings(sent),
            errors: Vec::new(),
        })
    }

    /// True if the body has a member, whatever its value.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.object.has(field)
    }

    /// Parses a required member. Returns `None` if it is missing or invalid, which
    /// [`Fields::finish`] reports.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.object.take(field) {
            Some(Value::String(text)) => self.note(field, parse(text)),
            Some(other) => self.wrong_type(field, &other),
            None => {
                let rule = Violation::new("required", "This field is required.");
                self.note(field, Err(rule))
            }
        }
    }

    /// Parses a member that may be missing or null, and returns `None` then. An invalid value is
    /// `None` too, and reported by [`Fields::finish`].
    pub fn optional<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.patch(field, parse) {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// Parses a member of a JSON merge patch (RFC 7396), which may be missing, null or a new value. An
    /// invalid value is [`Patch::Keep`], and reported by [`Fields::finish`].
    pub fn patch<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Patch<T> {
        let parsed = match self.object.take(field) {
            None => return Patch::Keep,
            Some(Value::Null) => return Patch::Clear,
            Some(Value::String(text)) => self.note(field, parse(text)),
            Some(other) => self.wrong_type(field, &other),
        };
        parsed.map_or(Patch::Keep, Patch::Set)
    }

    /// Ends validation and returns `members`, which are `Some` if all required ones are valid.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with all validation errors.
    pub fn finish<T>(self, members: Option<T>) -> Result<T, Error> {
        match members {
            Some(members) if self.errors.is_empty() => Ok(members),
            _ => Err(Error::InvalidFields(self.errors)),
        }
    }

    fn note<T>(&mut self, field: &'static str, parsed: Result<T, Violation>) -> Option<T> {
        parsed
            .map_err(|rule| self.errors.push(FieldError::new(field, rule)))
            .ok()
    }

    fn wrong_type<T>(&mut self, field: &'static str, value: &Value) -> Option<T> {
        let message = format!("This field must be a string, not {}.", value.kind());
        self.note(field, Err(Violation::new("invalid_type", message)))
    }
}
