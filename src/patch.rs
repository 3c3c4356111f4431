//! A change to one value, as in a JSON merge patch (RFC 7396).

/// A change to an optional value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leave the value as it is: the member is missing.
    #[default]
    Keep,
    /// Remove the value: the member is null.
    Clear,
    /// Replace the value.
    Set(T),
}

impl<T> Patch<T> {
    /// Converts from `&Patch<T>` to `Patch<&T>`.
    pub fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }

    /// Returns the new value, `Some(None)` to remove it, or `None` to leave it as it is.
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}
