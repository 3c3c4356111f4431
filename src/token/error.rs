//! Why a token is refused, or cannot be issued.

/// Why a token is refused. For the log: the client gets the same answer for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of canonical base64url, or over the size limit, or not JSON.
    #[error("malformed")]
    Malformed,
    /// Another algorithm, type or critical extension than ours.
    #[error("unacceptable header")]
    Header,
    /// No key of ours has this `kid`.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not match.
    #[error("bad signature")]
    Signature,
    /// A claim is missing or has the wrong type or value.
    #[error("unacceptable claims")]
    Claims,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("from the future")]
    Early,
    /// Its user is gone.
    #[error("no such user")]
    UnknownUser,
}

/// Why a token cannot be issued, which does not happen.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The key that signs is the public half of a pair.
    #[error("the signing key cannot sign")]
    NoPrivateKey,
    /// The claims cannot be written.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// There is no randomness for the `jti`.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}
