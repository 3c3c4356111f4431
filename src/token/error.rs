//! Why a token is refused.

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
