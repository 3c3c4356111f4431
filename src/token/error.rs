//! Errors of verifying and issuing tokens.

/// The reason for refusing a token. For the log only: the client gets the same response for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token is too long, is not three parts of canonical base64url, or does not hold JSON
    /// objects with unique member names.
    #[error("malformed")]
    Malformed,
    /// The header has an unacceptable algorithm or type, or a parameter that is refused.
    #[error("unacceptable header")]
    Header,
    /// No key of the keyring has this `kid`.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not match.
    #[error("bad signature")]
    Signature,
    /// A claim is missing or has the wrong type or value.
    #[error("unacceptable claims")]
    Claims,
    /// `exp` is in the past.
    #[error("expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("from the future")]
    Early,
    /// The token's user does not exist, or its session has ended.
    #[error("no such user, or no such session")]
    UnknownUser,
}

/// An error of issuing a token. None of them is expected to occur.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The signing key is only the public half of a pair.
    #[error("the signing key cannot sign")]
    NoPrivateKey,
    /// The header or the claims cannot be serialised.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The system's random number generator failed, so there is no `jti`.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}
