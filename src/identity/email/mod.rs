//! E-mail addresses: which ones are accepted, and which ones are the same.
//!
//! Two spellings are the same address if they differ only in ASCII case, in ASCII white space
//! around them or in the form of an international domain. Full Unicode case folding is avoided on
//! purpose: it maps U+212A to `k` and so merges addresses of different people (CVE-2019-19844).

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::validation::Violation;

/// The most bytes of an address (RFC 5321, 4.5.3.1: 256 for a path, less its angle brackets).
const MAX_LENGTH: usize = 254;
/// The most bytes of a local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A valid address in its canonical form, in which new rows hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Parses an address as typed. ASCII white space around it is dropped.
    ///
    /// # Errors
    /// The rule that the address breaks.
    pub fn parse(typed: &str) -> Result<Self, Violation> {
        let invalid = |message| Violation::new("invalid_email", message);
        let typed = typed.trim_ascii();
        if typed.len() > MAX_LENGTH {
            return Err(invalid("An e-mail has at most 254 characters."));
        }
        let (local, domain) = typed
            .split_once('@')
            .ok_or_else(|| invalid("An e-mail has the form name@domain."))?;
        if local.len() > MAX_LOCAL {
            return Err(invalid("The part before the @ has at most 64 characters."));
        }
        if !is_dot_atom(local) {
            return Err(invalid(
                "The part before the @ has unquoted ASCII letters, digits and !#$%&'*+-/=?^_`{|}~, \
                 with single dots between them.",
            ));
        }
        let domain = canonical_domain(domain)
            .ok_or_else(|| invalid("The part after the @ is a domain name such as example.com."))?;
        let canonical = format!("{}@{domain}", local.to_ascii_lowercase());
        // An international domain may be longer as A-labels than as typed.
        if canonical.len() > MAX_LENGTH {
            return Err(invalid("An e-mail has at most 254 characters."));
        }
        Ok(Self(canonical))
    }

    /// Returns the canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True for a `dot-atom` of RFC 5322, 3.2.3: atoms of printable ASCII, separated by single dots.
fn is_dot_atom(text: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// Returns the domain as A-labels in lower case; `None` if it is not a valid domain name with a
/// top-level domain.
fn canonical_domain(domain: &str) -> Option<String> {
    if domain.chars().any(is_invisible) {
        return None;
    }
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let (_, top) = ascii.rsplit_once('.')?;
    // Top-level domains begin with a letter. A last label such as `7` or `0x7f` would make it an
    // IPv4 address.
    top.starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| ascii.into_owned())
}

/// True for a character that UTS #46 silently removes from a domain, so that an address would not
/// be the one that was typed. (For the joiners U+200C and U+200D it has rules of its own.)
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// An address by which to look up an account. It may be any text, because the replaced system
/// stored e-mails without checking them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    canonical: String,
    typed: String,
}

impl Lookup {
    /// Creates a lookup of an address as typed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self {
            canonical: canonical(typed),
            typed: typed.to_owned(),
        }
    }

    /// Returns the canonical form, which new rows hold.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the spellings that rows may hold, without white space around them: the local part in
    /// lower case and as typed (a collation may be case-sensitive), the domain as A-labels, as
    /// U-labels and as typed. The canonical form comes first.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let typed = self.typed.trim_ascii();
        let mut spellings = vec![self.canonical.clone()];
        let mut add = |spelling: String| {
            if !spellings.contains(&spelling) && self.is(&spelling) {
                spellings.push(spelling);
            }
        };
        if typed.len() > MAX_TEXT {
            add(typed.to_owned());
        } else if let (Some((local, domain)), Some((typed_local, typed_domain))) =
            (self.canonical.rsplit_once('@'), typed.rsplit_once('@'))
        {
            let (unicode, _) =
                Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
            for local in [local, typed_local] {
                for domain in [domain, &unicode, typed_domain] {
                    add(format!("{local}@{domain}"));
                }
            }
        } else {
            add(typed.to_owned());
        }
        spellings
    }

    /// Returns whether a stored address is the same as this one. The database may have found
    /// others, such as `josé` for `jose` under some collations.
    #[must_use]
    pub fn is(&self, stored: &str) -> bool {
        canonical(stored) == self.canonical
    }

    /// Returns how far a stored spelling of this address is from the typed one: 0 if equal, 1 if
    /// equal after trimming the typed one, 2 if canonical, 3 for any other.
    #[must_use]
    pub fn distance(&self, stored: &str) -> u8 {
        match stored {
            stored if stored == self.typed => 0,
            stored if stored == self.typed.trim_ascii() => 1,
            stored if stored == self.canonical => 2,
            _ => 3,
        }
    }
}

/// The most bytes of a text that may be an address. A longer text has no spellings but its own and
/// its lower case, which keeps the statement short.
const MAX_TEXT: usize = 1024;

/// Returns the canonical form of an address. Other texts are trimmed and put in ASCII lower case.
fn canonical(text: &str) -> String {
    let text = text.trim_ascii();
    let address = text.rsplit_once('@').filter(|_| text.len() <= MAX_TEXT);
    match address.and_then(|(local, domain)| Some((local, canonical_domain(domain)?))) {
        Some((local, domain)) => format!("{}@{domain}", local.to_ascii_lowercase()),
        None => text.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests;
