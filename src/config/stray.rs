//! Detection of misspelt settings among the names of variables.

use super::settings::SETTINGS;
use crate::platform::Limiter;

/// Variables of the native tools, whose names begin like a setting.
const OTHERS: [&str; 6] = [
    "DATABASE_URL",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
];

/// Returns whether a name is known but no setting.
fn is_other(name: &str) -> bool {
    let mut bindings = Limiter::ALL.into_iter().map(Limiter::binding);
    OTHERS.contains(&name) || bindings.any(|binding| binding == name)
}

/// A variable whose name looks like a setting but is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray<'a> {
    /// The variable's name.
    pub name: &'a str,
    /// The setting that was probably meant, if the name is close to one.
    pub meant: Option<&'static str>,
}

/// Returns the names that look like a setting but are not one: misspelt settings, and names that
/// begin with the first word of a setting (`PASSWORD_`, `TOKEN_`, ...).
pub fn strays<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Stray<'a>> {
    names.filter_map(|name| {
        if setting_names().any(|setting| setting == name) || is_other(name) {
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

/// Returns the names of all settings.
fn setting_names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|(name, _)| *name)
}

/// Returns the setting that a name probably misspells: the two differ in one place, by at most two
/// characters. Case, underscores and hyphens do not count.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_uppercase();
    let name = plain(name);
    setting_names().find(|setting| differing(name.as_bytes(), plain(setting).as_bytes()) <= 2)
}

/// Returns the length of the longer text without the prefix and the suffix that both share.
fn differing(one: &[u8], other: &[u8]) -> usize {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (
        one.get(start..).unwrap_or(&[]),
        other.get(start..).unwrap_or(&[]),
    );
    let pairs = one.iter().rev().zip(other.iter().rev());
    one.len().max(other.len()) - pairs.take_while(|(a, b)| a == b).count()
}
