//! The settings of response headers and of problem details.

use axum::http::HeaderValue;

use super::cors;
use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{CORS_HEADERS, CORS_ORIGINS, HSTS_INCLUDE_SUBDOMAINS, PROBLEM_BASE_URL};
use super::url;

/// The settings of CORS, HSTS and problem details.
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
    /// `PROBLEM_BASE_URL`: what stands before the code in the `type` of a problem detail; if it is
    /// not set, `type` is `about:blank`.
    pub problem_base_url: Option<String>,
}

impl Default for HttpConfig {
    /// Allows no cross-origin requests, for answers without a valid configuration.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            cors_headers: HeaderValue::from_static(""),
            hsts_include_subdomains: false,
            problem_base_url: None,
        }
    }
}

pub(super) fn read(settings: &Reader<'_>) -> Result<HttpConfig, ConfigError> {
    Ok(HttpConfig {
        cors_origins: cors::origins(&settings.text(CORS_ORIGINS)?.unwrap_or_default())?,
        cors_headers: cors::headers(&settings.text(CORS_HEADERS)?.unwrap_or_default())?,
        hsts_include_subdomains: settings.flag(HSTS_INCLUDE_SUBDOMAINS)?,
        problem_base_url: problem_base_url(settings.text(PROBLEM_BASE_URL)?)?,
    })
}

/// Parses `PROBLEM_BASE_URL`. What a code is appended to has to end in a delimiter, so that neither
/// a path nor a fragment runs into the code.
fn problem_base_url(value: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let base = value.trim();
    // `Uri` drops a fragment unread.
    let is_written_well = base
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]!$&'()*+,;=%".contains(&b))
        && base.matches('#').count() <= 1
        && base.ends_with(['#', '/', '=']);
    if is_written_well && url::parse(base).is_some() {
        return Ok(Some(base.to_owned()));
    }
    let problem = "must be a URL that ends in #, / or =, such as \
        https://example.com/docs/errors# (in .dev.vars, a value with # needs quotes)";
    Err(ConfigError::new(PROBLEM_BASE_URL.0, problem))
}
