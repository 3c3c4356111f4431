//! Names of people, which are stored and returned exactly as they were sent.

use crate::validation::Violation;

/// The most code points: the length of the columns (`VARCHAR(50)`).
const MAX_LENGTH: usize = 50;

/// A name: up to 50 code points, none of them a control character or one that changes the direction
/// of the surrounding text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// The rule that the name breaks.
    pub fn parse(text: String) -> Result<Self, Violation> {
        if text.chars().count() > MAX_LENGTH {
            return Err(Violation::new(
                "too_long",
                "A name has at most 50 characters.",
            ));
        }
        if text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            let message = "A name has no control or text-direction characters.";
            return Err(Violation::new("invalid_characters", message));
        }
        Ok(Self(text))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True for the embeddings, overrides and isolates of UAX #9. The marks (U+200E, U+200F, U+061C)
/// are harmless, and names in Hebrew and Arabic need them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_exactly() {
        for name in [
            "Ada",
            "",
            " Ada ",
            "José",
            "Jose\u{301}",
            "👩‍🚀",
            "O'Brien; DROP TABLE",
            "שלום\u{200f}",
        ] {
            assert_eq!(Name::parse(name.into()).unwrap().as_str(), name);
        }
    }

    #[test]
    fn fifty_code_points_are_the_limit_whatever_their_bytes() {
        assert!(Name::parse("👩".repeat(50)).is_ok());
        assert_eq!(Name::parse("a".repeat(51)).unwrap_err().code, "too_long");
    }

    #[test]
    fn controls_and_direction_overrides_are_refused() {
        for bad in [
            "a\0",
            "a\n",
            "\u{7f}",
            "\u{9b}",
            "\u{1b}[31m",
            "a\u{202e}b",
            "\u{2066}a",
        ] {
            assert_eq!(
                Name::parse(bad.into()).unwrap_err().code,
                "invalid_characters",
                "{bad:?}"
            );
        }
    }
}
