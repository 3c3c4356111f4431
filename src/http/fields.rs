//! The members of a JSON body, taken one by one, with everything that is wrong told at once.

use crate::error::Error;
use crate::patch::Patch;
use crate::strict_json::{Object, Value};
use crate::validation::{FieldError, Violation};

/// The members of a JSON body, and what is wrong with those that were asked for.
#[derive(Default)]
pub struct Fields {
    object: Object,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn new(object: Object) -> Self {
        Self {
            object,
            errors: Vec::new(),
        }
    }

    /// A member that must be there, parsed; none when something is wrong with it, which
    /// [`Fields::finish`] reports together with everything else that is.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.object.take(field) {
            Some(Value::String(text)) => self.parse(field, parse(text)),
            Some(other) => self.wrong_type(field, &other),
            None => {
                let rule = Violation::new("required", "This field is required.");
                self.parse(field, Err(rule))
            }
        }
    }

    /// A member that may be missing or null, parsed if it is neither.
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

    /// A member that says what becomes of a value (RFC 7396): missing, null, or a new one, parsed.
    pub fn patch<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Patch<T> {
        let parsed = match self.object.take(field) {
            None => return Patch::Keep,
            Some(Value::Null) => return Patch::Clear,
            Some(Value::String(text)) => self.parse(field, parse(text)),
            Some(other) => self.wrong_type(field, &other),
        };
        parsed.map_or(Patch::Keep, Patch::Set)
    }

    /// The end of validation: gives back the required members, which are all there if nothing was
    /// wrong.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with all that was wrong.
    pub fn finish<T>(self, required: Option<T>) -> Result<T, Error> {
        match required {
            Some(members) if self.errors.is_empty() => Ok(members),
            _ => Err(Error::InvalidFields(self.errors)),
        }
    }

    fn parse<T>(&mut self, field: &'static str, parsed: Result<T, Violation>) -> Option<T> {
        parsed
            .map_err(|rule| self.errors.push(FieldError::new(field, rule)))
            .ok()
    }

    fn wrong_type<T>(&mut self, field: &'static str, value: &Value) -> Option<T> {
        let message = format!("This field must be a string, not {}.", value.kind());
        self.parse(field, Err(Violation::new("invalid_type", message)))
    }
}
