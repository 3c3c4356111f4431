//! The name and the words for a rule that an input breaks.

use serde::Serialize;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A stable name, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Violation {
    /// A broken rule.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A rule that a field of a body breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The member's name.
    pub field: &'static str,
    /// A stable name of the rule that it broke.
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

impl FieldError {
    /// A rule that a field breaks.
    #[must_use]
    pub fn new(field: &'static str, Violation { code, message }: Violation) -> Self {
        Self {
            field,
            code,
            message,
        }
    }
}
