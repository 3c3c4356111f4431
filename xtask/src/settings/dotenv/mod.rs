//! `.env` as python-dotenv 1.2 reads it, which the replaced system used.
//!
//! Our own: dotenvy agrees with it on 264 of the 354 texts of `vectors.jsonl` (it expands `$NAME` and
//! refuses an unquoted value with a space), and its errors quote the bad line.

use std::collections::HashMap;

/// The assignments of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dotenv {
    /// Names and values; none for a name without `=`.
    pub(crate) values: HashMap<String, Option<String>>,
    /// The lines where something starts that is no assignment. It is passed over.
    pub(crate) unreadable: Vec<usize>,
}

/// Reads a file's text. `${NAME}` and `${NAME:-default}` are replaced, also in quotes, by the
/// environment's value or else by the one that the file has given before.
pub(crate) fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Dotenv {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader {
        text: &text,
        rest: text.strip_prefix('\u{feff}').unwrap_or(&text),
    };
    let mut file = Dotenv::default();
    loop {
        reader.skip(is_space);
        if reader.rest.is_empty() {
            return file;
        }
        let line = reader.line();
        match reader.assignment() {
            Some(Line::Assignment(name, value)) => {
                let lookup = |name: &str| {
                    let earlier = || {
                        file.values
                            .get(name)
                            .cloned()
                            .map(Option::unwrap_or_default)
                    };
                    environment(name).or_else(earlier)
                };
                let value = value.map(|value| expand(&value, lookup));
                file.values.insert(name, value);
            }
            Some(Line::Comment) => {}
            None => {
                file.unreadable.push(line);
                reader.skip(|c| c != '\n');
            }
        }
    }
}

/// White space as Python's regular expressions know it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
}

enum Line {
    Comment,
    Assignment(String, Option<String>),
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn line(&self) -> usize {
        let read = self.text.len() - self.rest.len();
        1 + self.text.bytes().take(read).filter(|&b| b == b'\n').count()
    }

    /// Takes characters for as long as they are wanted.
    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Reads up to the end of a line. None if it is neither a comment nor an assignment; then the
    /// rest of the line is for nobody.
    fn assignment(&mut self) -> Option<Line> {
        if let Some(rest) = self.rest.strip_prefix("export")
            && rest.starts_with(is_blank)
        {
            self.rest = rest.trim_start_matches(is_blank);
        }
        let line = if self.rest.starts_with('#') {
            Line::Comment
        } else {
            let name = self.name()?;
            self.skip(is_blank);
            let value = match self.rest.strip_prefix('=') {
                Some(rest) => {
                    self.rest = rest;
                    Some(self.value()?)
                }
                None => None,
            };
            Line::Assignment(name, value)
        };
        self.skip(is_blank);
        if self.rest.starts_with('#') {
            self.skip(|c| c != '\n');
        }
        if !self.rest.is_empty() {
            self.rest = self.rest.strip_prefix('\n')?;
        }
        Some(line)
    }

    fn name(&mut self) -> Option<String> {
        let name = if let Some(quoted) = self.rest.strip_prefix('\'') {
            let (name, rest) = quoted
                .split_once('\'')
                .filter(|(name, _)| !name.is_empty())?;
            self.rest = rest;
            name
        } else {
            self.skip(|c| !is_space(c) && c != '=' && c != '#')
        };
        Some(name.to_owned()).filter(|name| !name.is_empty())
    }

    fn value(&mut self) -> Option<String> {
        let spaced = !self.skip(is_blank).is_empty();
        match self.rest.chars().next() {
            Some('#') if spaced => Some(String::new()),
            Some('\'') => self.quoted('\'', "\\'"),
            Some('"') => self.quoted('"', "\\'\"abfnrtv"),
            _ => {
                let line = self.skip(|c| c != '\n');
                let comment = line
                    .match_indices('#')
                    .find(|(at, _)| line.get(..*at).is_some_and(|head| head.ends_with(is_space)));
                let value = comment.map_or(line, |(at, _)| line.get(..at).unwrap_or(line));
                Some(value.trim_end_matches(is_space).to_owned())
            }
        }
    }

    /// A value in quotes, over any number of lines. A backslash before one of `escapes` makes it
    /// another character; before any other it stays.
    fn quoted(&mut self, quote: char, escapes: &str) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            if c == quote {
                self.rest = self.rest.get(at + c.len_utf8()..)?;
                return Some(value);
            }
            if c != '\\' {
                value.push(c);
                continue;
            }
            let (_, next) = characters.next()?;
            if escapes.contains(next) {
                value.push(unescape(next));
            } else {
                value.extend([c, next]);
            }
        }
        None
    }
}

fn unescape(c: char) -> char {
    match c {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        other => other,
    }
}

/// Replaces `${NAME}` and `${NAME:-default}`; the default stands for a name that is not given.
fn expand(value: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let Some((name, default, left)) = reference(after) else {
            expanded.push_str("${");
            rest = after;
            continue;
        };
        expanded.push_str(lookup(name).as_deref().unwrap_or(default));
        rest = left;
    }
    expanded + rest
}

/// What stands after `${`: a name, a default, and the text behind the closing brace.
fn reference(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(['}', ':'])?;
    let (name, rest) = text.split_at(end);
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((name, "", rest));
    }
    let (default, rest) = rest.strip_prefix(":-")?.split_once('}')?;
    Some((name, default, rest))
}

#[cfg(test)]
mod tests;
