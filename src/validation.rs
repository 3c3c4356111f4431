//! Validation errors: the code and the message of a broken rule.

use serde::Serialize;

/// A validation rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A stable code, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Violation {
    /// Creates a violation.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A validation error of one field of a request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The name of the field.
    pub field: &'static str,
    /// A stable code of the broken rule, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl FieldError {
    /// Attributes a violation to a field.
    #[must_use]
    pub fn new(field: &'static str, Violation { code, message }: Violation) -> Self {
        Self {
            field,
            code,
            message,
        }
    }
}
