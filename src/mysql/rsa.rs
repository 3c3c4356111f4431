//! RSA encryption, which the platform does: its code would be a tenth of this client's.

use std::io;

use futures_util::future::BoxFuture;

/// RSA-OAEP with SHA-1 and no label (RFC 8017, 7.1), which is how MySQL 8 and 9 take a password
/// over a connection without TLS. It is needed only for a password that the server has not cached;
/// never through Hyperdrive.
pub trait RsaOaep: Send + Sync {
    /// Encrypts a message with a public key, a DER `SubjectPublicKeyInfo` of 2048 to 8192 bits. The
    /// message fits the key. The server chose the key, so a platform that cannot use it returns an
    /// error.
    fn encrypt(&self, spki: Vec<u8>, message: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>>;
}
