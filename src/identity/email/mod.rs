//! E-mail addresses: which ones are accepted, and which ones are the same.
//!
//! Two spellings are the same address if they differ only in ASCII case, in ASCII white space
//! around them or in the form of an international domain. Full Unicode case folding is avoided on
//! purpose: it maps U+212A to `k` and so merges addresses of different people (CVE-2019-19844).

mod domain;
mod uts46;

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
        let domain = domain::canonical(domain)
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
            let unicode = domain::unicode(domain);
            let unicode = unicode.as_deref().unwrap_or(domain);
            for local in [local, typed_local] {
                for domain in [domain, unicode, typed_domain] {
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
    match address.and_then(|(local, domain)| Some((local, domain::canonical(domain)?))) {
        Some((local, domain)) => format!("{}@{domain}", local.to_ascii_lowercase()),
        None => text.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests;
