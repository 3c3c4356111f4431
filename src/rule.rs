//! The name and the words for a rule that an input breaks.

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// A stable name, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl BrokenRule {
    /// A broken rule.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
