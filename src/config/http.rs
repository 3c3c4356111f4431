//! The settings of all answers.

use axum::http::HeaderValue;

use super::cors;
use super::error::ConfigError;
use super::setting::{Reader, Setting};
use super::settings::{CORS_HEADERS, CORS_ORIGINS, HSTS_INCLUDE_SUBDOMAINS};

/// What browsers are told.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `CORS_ORIGINS`: origins that may call from a browser, separated by commas.
    pub cors_origins: Vec<HeaderValue>,
    /// `CORS_HEADERS`: further request headers that a preflight allows, separated by commas. Here
    /// with those that are always allowed.
    pub cors_headers: HeaderValue,
    /// `HSTS_INCLUDE_SUBDOMAINS`: whether browsers are told to use HTTPS on all subdomains of the
    /// API's host too.
    pub hsts_include_subdomains: bool,
}

impl Default for HttpConfig {
    /// Without a configuration no origin is let in.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            cors_headers: HeaderValue::from_static(""),
            hsts_include_subdomains: false,
        }
    }
}

pub(super) fn read<S: Into<Setting>>(
    settings: &Reader<impl Fn(&str) -> S>,
) -> Result<HttpConfig, ConfigError> {
    Ok(HttpConfig {
        cors_origins: cors::origins(&settings.text(CORS_ORIGINS)?.unwrap_or_default())?,
        cors_headers: cors::headers(&settings.text(CORS_HEADERS)?.unwrap_or_default())?,
        hsts_include_subdomains: settings.flag(HSTS_INCLUDE_SUBDOMAINS)?,
    })
}
