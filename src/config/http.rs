//! The settings of response headers.

use axum::http::HeaderValue;

use super::cors;
use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{CORS_HEADERS, CORS_ORIGINS, HSTS_INCLUDE_SUBDOMAINS};

/// The settings of CORS and HSTS.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `CORS_ORIGINS`: the origins whose scripts may call the API from a browser.
    pub cors_origins: Vec<HeaderValue>,
    /// The value of `Access-Control-Allow-Headers`: the headers that are always allowed, and those
    /// of `CORS_HEADERS`.
    pub cors_headers: HeaderValue,
    /// `HSTS_INCLUDE_SUBDOMAINS`: true if `Strict-Transport-Security` includes the subdomains of
    /// the API's host.
    pub hsts_include_subdomains: bool,
}

impl Default for HttpConfig {
    /// Allows no cross-origin requests, for answers without a valid configuration.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            cors_headers: HeaderValue::from_static(""),
            hsts_include_subdomains: false,
        }
    }
}

pub(super) fn read(settings: &Reader<'_>) -> Result<HttpConfig, ConfigError> {
    Ok(HttpConfig {
        cors_origins: cors::origins(&settings.text(CORS_ORIGINS)?.unwrap_or_default())?,
        cors_headers: cors::headers(&settings.text(CORS_HEADERS)?.unwrap_or_default())?,
        hsts_include_subdomains: settings.flag(HSTS_INCLUDE_SUBDOMAINS)?,
    })
}
