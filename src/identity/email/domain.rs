//! Domain names: which ones are accepted, and their forms in A-labels and in U-labels.
//!
//! International ones are mapped by [`uts46::to_ascii`], which the platform does in the Worker. What
//! it leaves open is decided here: the characters, lengths and hyphens of ASCII names, A-labels that
//! stand for no label, and scripts of two directions in one name.

use idna::punycode;

use super::uts46;

/// The most bytes of a name (RFC 1035, 2.3.4, less what is not written).
const MAX_NAME: usize = 253;
/// The most bytes of a label.
const MAX_LABEL: usize = 63;
/// What an A-label begins with.
const A_LABEL: &str = "xn--";

/// Returns the domain as A-labels in lower case; `None` if it is not a valid domain name with a
/// top-level domain.
pub(super) fn canonical(domain: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || !c.is_ascii();
    if !domain.chars().all(is_name) || domain.chars().any(is_invisible) {
        return None;
    }
    let mut ascii = domain.to_ascii_lowercase();
    if !ascii.is_ascii() || ascii.split('.').any(|label| label.starts_with(A_LABEL)) {
        ascii = uts46::to_ascii(&ascii)?;
        let unicode = unicode(&ascii)?;
        // A URL parser takes an A-label as it is, so it is made again from what it stands for.
        if uts46::to_ascii(&unicode)? != ascii || !is_sound(&unicode) {
            return None;
        }
    }
    is_valid(&ascii).then_some(ascii)
}

/// Returns the labels of a name as U-labels; `None` if one of them is an A-label that stands for
/// none.
pub(super) fn unicode(ascii: &str) -> Option<String> {
    let labels = ascii.split('.').map(|label| {
        let Some(encoded) = label.strip_prefix(A_LABEL) else {
            return Some(label.to_owned());
        };
        punycode::decode_to_string(encoded).filter(|label| !label.is_ascii())
    });
    Some(labels.collect::<Option<Vec<_>>>()?.join("."))
}

/// True for an ASCII name of two labels at least, whose last one begins with a letter, as all
/// top-level domains do: a label such as `7` or `0x7f` would make it an IPv4 address.
fn is_valid(ascii: &str) -> bool {
    let is_label = |label: &str| {
        let is_ldh = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_ldh) && has_no_hyphens(label)
    };
    let top = ascii.rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.starts_with(|c: char| c.is_ascii_lowercase()))
        && ascii.len() <= MAX_NAME
        && ascii.split('.').all(is_label)
}

/// True if a name in U-labels has only such as can be registered: without hyphens at their ends,
/// none that looks like an A-label, and in a name with letters from right to left, no label that
/// begins with a digit or mixes the directions, and no international one from left to right.
///
/// That is stricter than RFC 5893, which needs to know the direction of every character.
fn is_sound(unicode: &str) -> bool {
    let is_two_way = unicode.contains(is_right_to_left);
    unicode.split('.').all(|label| {
        let is_one_way = if label.contains(is_right_to_left) {
            !label.contains(|c: char| c.is_ascii_lowercase())
        } else {
            label.is_ascii()
        };
        has_no_hyphens(label)
            && !label.starts_with(A_LABEL)
            && (!is_two_way || is_one_way && label.starts_with(char::is_alphabetic))
    })
}

fn has_no_hyphens(label: &str) -> bool {
    !label.starts_with('-') && !label.ends_with('-')
}

/// True for a character of a block that is written from right to left, digits and marks included.
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefe}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
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
