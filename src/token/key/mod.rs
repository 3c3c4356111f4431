//! Keys that sign and verify tokens, each bound to one algorithm (RFC 8725, 3.1).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_compact::{KeyPair, PublicKey, SecretKey, Seed};
use jwt_compact::alg::{Ed25519, Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A signature algorithm. Ed25519 has two variants, because it has two `alg` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// Ed25519 under its name in RFC 8037, `EdDSA`.
    EdDsa,
    /// Ed25519 under its name in RFC 9864, which states the curve.
    Ed25519,
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: [Self; 5] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// The algorithm with this `alg` name, spelled exactly.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// The algorithm's `alg` name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The fewest bytes of a secret: the hash's size (RFC 7518, 3.2). `None` for key pairs.
    #[must_use]
    pub fn min_secret(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            Self::EdDsa | Self::Ed25519 => None,
        }
    }
}

/// A key with its algorithm and its `kid`.
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    id: String,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Hs256(Hs256Key),
    Hs384(Hs384Key),
    Hs512(Hs512Key),
    Ed25519 {
        public: PublicKey,
        secret: Option<SecretKey>,
    },
}

/// A public key as a JSON Web Key (RFC 7517, RFC 8037). It has no field for a private key.
#[derive(Debug, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    kid: String,
    alg: &'static str,
    r#use: &'static str,
}

impl Key {
    /// Creates a key from a shared secret, or returns `None` if the algorithm uses key pairs.
    #[must_use]
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let material = match algorithm {
            Algorithm::Hs256 => Material::Hs256(Hs256Key::new(secret)),
            Algorithm::Hs384 => Material::Hs384(Hs384Key::new(secret)),
            Algorithm::Hs512 => Material::Hs512(Hs512Key::new(secret)),
            Algorithm::EdDsa | Algorithm::Ed25519 => return None,
        };
        let mut key = Self {
            algorithm,
            id: String::new(),
            material,
        };
        // The id is a truncated MAC, which reveals no more about the secret than any token does.
        let tag = key.sign(b"gatehouse key id")?;
        key.id = hex::encode(tag.get(..8)?);
        Some(key)
    }

    /// Creates a key pair from its private key: `d` of RFC 8037, 32 bytes in unpadded base64url.
    #[must_use]
    pub fn from_private(algorithm: Algorithm, d: &str) -> Option<Self> {
        let seed: [u8; 32] = Base64UrlUnpadded::decode_vec(d).ok()?.try_into().ok()?;
        if seed == [0; 32] {
            // `from_seed` panics on an all-zero seed.
            return None;
        }
        let pair = KeyPair::from_seed(Seed::new(seed));
        Self::from_pair(algorithm, pair.pk, Some(pair.sk))
    }

    /// Creates a key that only verifies from a public key: `x` of RFC 8037. Returns `None` if `x`
    /// is not a point of the curve, or is one of small order, for which anybody can sign.
    #[must_use]
    pub fn from_public(algorithm: Algorithm, x: &str) -> Option<Self> {
        let point: [u8; 32] = Base64UrlUnpadded::decode_vec(x).ok()?.try_into().ok()?;
        Self::from_pair(algorithm, PublicKey::new(point), None)
    }

    fn from_pair(
        algorithm: Algorithm,
        public: PublicKey,
        secret: Option<SecretKey>,
    ) -> Option<Self> {
        if algorithm.min_secret().is_some() || public.validate().is_err() {
            return None;
        }
        Some(Self {
            algorithm,
            id: thumbprint(&public),
            material: Material::Ed25519 { public, secret },
        })
    }

    /// The `kid`: the JWK thumbprint of a key pair (RFC 7638), or a truncated MAC for a secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The only algorithm that the key is used with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs a message, or returns `None` if this is only the public half of a pair.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(match &self.material {
            Material::Hs256(key) => Hs256.sign(key, message).as_bytes().into_owned(),
            Material::Hs384(key) => Hs384.sign(key, message).as_bytes().into_owned(),
            Material::Hs512(key) => Hs512.sign(key, message).as_bytes().into_owned(),
            // No noise: the deterministic signature of RFC 8032.
            Material::Ed25519 { secret, .. } => secret.as_ref()?.sign(message, None).to_vec(),
        })
    }

    /// Returns true if the signature is valid for the message. A MAC is compared as a whole and in
    /// constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Hs256(key) => verify(&Hs256, key, message, signature),
            Material::Hs384(key) => verify(&Hs384, key, message, signature),
            Material::Hs512(key) => verify(&Hs512, key, message, signature),
            Material::Ed25519 { public, .. } => verify(&Ed25519, public, message, signature),
        }
    }

    /// The public half of a key pair; `None` for a shared secret.
    #[must_use]
    pub fn jwk(&self) -> Option<Jwk> {
        let Material::Ed25519 { public, .. } = &self.material else {
            return None;
        };
        Some(Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: Base64UrlUnpadded::encode_string(&public[..]),
            kid: self.id.clone(),
            alg: self.algorithm.name(),
            r#use: "sig",
        })
    }

    /// Returns true if both keys have the same bytes, whatever their algorithms.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }

    /// Returns true if this key's bytes are the base64url text of a public key, known to all.
    #[must_use]
    pub fn is_text_of(&self, pair: &Self) -> bool {
        pair.jwk()
            .is_some_and(|jwk| self.bytes().ct_eq(jwk.x.as_bytes()).into())
    }

    fn bytes(&self) -> &[u8] {
        match &self.material {
            Material::Hs256(key) => key.as_ref(),
            Material::Hs384(key) => key.as_ref(),
            Material::Hs512(key) => key.as_ref(),
            Material::Ed25519 { public, .. } => &public[..],
        }
    }
}

fn verify<A: jwt_compact::Algorithm>(
    algorithm: &A,
    key: &A::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    // Check the length first: `try_from_slice` panics on a signature of another length.
    let whole = A::Signature::LENGTH.is_some_and(|length| length.get() == signature.len());
    whole
        && A::Signature::try_from_slice(signature)
            .is_ok_and(|signature| algorithm.verify_signature(&signature, key, message))
}

/// The JWK thumbprint (RFC 7638) of an Ed25519 key, over the members that RFC 8037 requires.
fn thumbprint(public: &PublicKey) -> String {
    let x = Base64UrlUnpadded::encode_string(&public[..]);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    Base64UrlUnpadded::encode_string(&Sha256::digest(jwk))
}

#[cfg(test)]
mod tests;
