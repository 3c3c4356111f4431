//! Names that somebody may have taken for settings.

use super::settings::SETTINGS;

/// Names that begin like a setting and are something else: bindings of `wrangler.toml`, and the
/// variables of the native tools.
const OTHERS: [&str; 8] = [
    "LOGIN_LIMITER",
    "REGISTER_LIMITER",
    "DATABASE_URL",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
];

/// A name that is no setting, but that somebody may have taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray<'a> {
    /// The name.
    pub name: &'a str,
    /// The setting that was probably meant, if one is close enough.
    pub meant: Option<&'static str>,
}

/// Finds the names that look like settings and are none: misspelt ones, and those that begin with
/// the first word of one (`PASSWORD_`, `TOKEN_`, ...).
pub fn strays<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Stray<'a>> {
    names.filter_map(|name| {
        if setting_names().any(|setting| setting == name) || OTHERS.contains(&name) {
            return None;
        }
        let meant = nearest(name);
        let first_word = |setting: &str| setting.split_inclusive('_').next().map(str::to_owned);
        let related = || {
            let mut words = setting_names().filter_map(first_word);
            words.any(|word| name.starts_with(&word))
        };
        (meant.is_some() || related()).then_some(Stray { name, meant })
    })
}

/// The name of each setting.
fn setting_names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|(name, _)| *name)
}

/// The setting that a name differs from in one place and by at most two characters there, case and
/// underscores aside: a slip of the finger, or an abbreviation.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_uppercase();
    let name = plain(name);
    setting_names().find(|setting| differing(name.as_bytes(), plain(setting).as_bytes()) <= 2)
}

/// How long the longer one is without what both begin and end with.
fn differing(one: &[u8], other: &[u8]) -> usize {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (
        one.get(start..).unwrap_or(&[]),
        other.get(start..).unwrap_or(&[]),
    );
    let pairs = one.iter().rev().zip(other.iter().rev());
    one.len().max(other.len()) - pairs.take_while(|(a, b)| a == b).count()
}
