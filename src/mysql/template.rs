//! SQL templates with `:name` placeholders.

use super::{Argument, Sql};

/// SQL text with `:name` placeholders, and the list of their names. [`sql!`](crate::sql) creates
/// and fills it.
#[derive(Debug)]
pub struct Template {
    text: &'static str,
    names: &'static [&'static str],
}

impl Template {
    /// Creates a template from SQL text and the names of its placeholders.
    ///
    /// # Panics
    /// If `names` are not exactly the placeholders in `text`: a compile error in a constant.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "within bounds, and a constant function"
    )]
    pub const fn new(text: &'static str, names: &'static [&'static str]) -> Self {
        let bytes = text.as_bytes();
        let mut quote = None;
        let mut at = 0;
        while at < bytes.len() {
            let end = name_end(bytes, at);
            if end > at {
                assert!(
                    is_among(bytes, at + 1, end, names),
                    "a name in the SQL that has no argument"
                );
                assert!(quote.is_none(), "a name in the SQL that is inside quotes");
                at = end;
            } else {
                quote = match (quote, bytes[at]) {
                    (None, b'\'' | b'"' | b'`') => Some(bytes[at]),
                    (Some(open), close) if open == close => None,
                    (open, _) => open,
                };
                at += 1;
            }
        }
        let mut name = 0;
        while name < names.len() {
            assert!(
                is_in(names[name].as_bytes(), bytes),
                "an argument whose name is not in the SQL"
            );
            name += 1;
        }
        Self { text, names }
    }

    /// Replaces each placeholder with its argument. `arguments` are in the order of the names.
    #[must_use]
    pub fn fill(&self, arguments: &[Argument<'_>]) -> Sql {
        debug_assert_eq!(arguments.len(), self.names.len());
        let mut sql = Sql(String::with_capacity(2 * self.text.len()));
        let mut rest = self.text;
        while let Some((before, name, after)) = next_name(rest) {
            sql.0.push_str(before);
            let mut named = self.names.iter().zip(arguments);
            match named.find(|(other, _)| **other == name) {
                Some((_, Argument::Value(value))) => sql.push(*value),
                Some((_, Argument::Sql(Sql(part)))) => sql.0.push_str(part),
                // `new` has checked that every placeholder has a name.
                None => {}
            }
            rest = after;
        }
        sql.0.push_str(rest);
        sql
    }
}

/// Splits the text at its first placeholder: the text before it, its name, and the text after it.
fn next_name(text: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let bytes = text.as_bytes();
    let start = (0..bytes.len()).find(|&at| name_end(bytes, at) > at)?;
    let (before, marked) = text.split_at_checked(start)?;
    let (name, after) = marked.split_at_checked(name_end(bytes, start) - start)?;
    Some((before, name.strip_prefix(':')?, after))
}

/// The end of the placeholder that begins at `start`, or `start` if none begins there.
#[expect(
    clippy::indexing_slicing,
    reason = "within bounds, and a constant function"
)]
const fn name_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    while bytes[start] == b':'
        && end < bytes.len()
        && (bytes[end].is_ascii_lowercase() || bytes[end] == b'_')
    {
        end += 1;
    }
    if end > start + 1 { end } else { start }
}

/// Returns true if `bytes[start..end]` equals one of the names.
#[expect(
    clippy::indexing_slicing,
    reason = "within bounds, and a constant function"
)]
const fn is_among(bytes: &[u8], start: usize, end: usize, names: &[&str]) -> bool {
    let mut name = 0;
    while name < names.len() {
        if is_at(bytes, start, end, names[name].as_bytes()) {
            return true;
        }
        name += 1;
    }
    false
}

/// Returns true if the SQL has a placeholder of this name.
const fn is_in(name: &[u8], bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let end = name_end(bytes, at);
        if end > at && is_at(bytes, at + 1, end, name) {
            return true;
        }
        at = if end > at { end } else { at + 1 };
    }
    false
}

/// Returns true if `bytes[start..end]` equals `other`.
#[expect(
    clippy::indexing_slicing,
    reason = "within bounds, and a constant function"
)]
const fn is_at(bytes: &[u8], start: usize, end: usize, other: &[u8]) -> bool {
    if end - start != other.len() {
        return false;
    }
    let mut at = 0;
    while at < other.len() && bytes[start + at] == other[at] {
        at += 1;
    }
    at == other.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::mysql::Sql;
    use crate::sql;

    #[test]
    fn a_name_is_found_wherever_it_stands_and_is_no_other_that_begins_alike() {
        let sql = sql!(":a, :ab:a ':' : x::a", a = 1_i64, ab = 2_i64);
        assert_eq!(sql.0, "1, 21 ':' : x:1");
    }

    #[test]
    fn sql_is_made_of_sql_that_was_made_before() {
        let parts = Sql::join(" OR ", &[1_i64, 2].map(|id| sql!("`id` = :id", id)));
        let list = Sql::list(["a", "b"]);
        let sql = sql!(
            "(:parts) AND `email` IN (:list)",
            parts = &parts,
            list = &list
        );
        assert_eq!(
            sql.0,
            "(`id` = 1 OR `id` = 2) AND `email` IN (_utf8mb4 X'61', _utf8mb4 X'62')"
        );
    }

    proptest! {
        #[test]
        fn what_a_value_holds_is_never_taken_for_a_name(text in ":?(text|other)") {
            let sql = sql!("x = :text", text = &text);
            prop_assert_eq!(sql.0, format!("x = {}", Sql::list([&text]).0));
        }
    }
}
