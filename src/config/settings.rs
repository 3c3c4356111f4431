//! The table of settings: the name and the kind of each, and the default and the range of numbers.
//!
//! docs/configuration.md explains each; a test compares the two.

use std::ops::RangeInclusive;

/// A setting that is text, with its own validation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text(pub(super) &'static str);

/// A setting that is `true` or `false`; false by default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag(pub(super) &'static str);

/// A setting that is an integer.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) default: u32,
    pub(super) range: RangeInclusive<u32>,
}

/// The kind of a setting, for tests and documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text with its own validation.
    Text,
    /// `true` or `false`.
    Flag,
    /// An integer.
    Number {
        /// The default.
        default: u32,
        /// The accepted values.
        range: RangeInclusive<u32>,
    },
}

macro_rules! settings {
    (@value $name:ident Text) => { Text(stringify!($name)) };
    (@value $name:ident Flag) => { Flag(stringify!($name)) };
    (@value $name:ident Number $default:literal $range:expr) => {
        Number { name: stringify!($name), default: $default, range: $range }
    };
    (@kind Text) => { Kind::Text };
    (@kind Flag) => { Kind::Flag };
    (@kind Number $default:literal $range:expr) => {
        Kind::Number { default: $default, range: $range }
    };
    ($($name:ident: $kind:ident $(($default:literal, $range:expr))?;)*) => {
        $(pub(super) const $name: $kind = settings!(@value $name $kind $($default $range)?);)*

        /// The name and the kind of every setting.
        pub const SETTINGS: &[(&str, Kind)] = &[
            $((stringify!($name), settings!(@kind $kind $($default $range)?)),)*
        ];
    };
}

settings! {
    SECRET_KEY: Text;
    ALGORITHM: Text;
    ED25519_PRIVATE_KEY: Text;
    VERIFICATION_KEYS: Text;
    ACCESS_TOKEN_EXPIRE_MINUTES: Number(30, 1..=1440);
    TOKEN_ISSUER: Text;
    TOKEN_AUDIENCE: Text;
    TOKEN_TYPE: Text;
    LEGACY_TOKENS_UNTIL: Text;
    PASSWORD_MIN_LENGTH: Number(8, 8..=64);
    PASSWORD_FORBIDDEN_WORDS: Text;
    PASSWORD_BREACH_URL: Text;
    PASSWORD_BREACH_TIMEOUT_MILLISECONDS: Number(1000, 100..=5000);
    LOGIN_GUESSES_PER_NETWORK: Number(30, 4..=33);
    LOGIN_GUESSES_PER_ACCOUNT: Number(100, 12..=100);
    LOGIN_FAILURE_MILLISECONDS: Number(500, 0..=5000);
    SESSION_IDLE_DAYS: Number(14, 1..=365);
    SESSION_DAYS: Number(30, 1..=365);
    SESSION_REFRESH_GRACE_SECONDS: Number(10, 0..=60);
    ARGON2_MEMORY_KIB: Number(19_456, 19_456..=65_536);
    ARGON2_ITERATIONS: Number(2, 2..=16);
    HASH_MAX_MEMORY_KIB: Number(65_536, 65_536..=102_400);
    CORS_ORIGINS: Text;
    CORS_HEADERS: Text;
    HSTS_INCLUDE_SUBDOMAINS: Flag;
    PROBLEM_BASE_URL: Text;
    DATABASE_CONNECT_TIMEOUT_SECONDS: Number(5, 1..=15);
    DATABASE_STATEMENT_TIMEOUT_SECONDS: Number(10, 1..=60);
}
