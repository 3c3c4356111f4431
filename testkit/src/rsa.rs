//! RSA-OAEP with SHA-1 and no label (RFC 8017, 7.1): both sides of it natively, where there is no
//! `WebCrypto`.

use std::io;

use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use num_bigint::BigUint;
use sha1::{Digest as _, Sha1};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode as _;

/// The public key of a pair made for the tests with `openssl genrsa 2048 | openssl rsa -pubout`; it
/// opens nothing.
pub const PUBLIC_KEY: &str = include_str!("../../tests/mysql/key/public.pem");
const MODULUS: &str = include_str!("../../tests/mysql/key/modulus.hex");
const PRIVATE_EXPONENT: &str = include_str!("../../tests/mysql/key/private_exponent.hex");

/// Length of a SHA-1 hash.
const HASH: usize = 20;

/// Encrypts a message with a DER `SubjectPublicKeyInfo`.
///
/// # Errors
/// When the key cannot be read, or the message is too long for it.
pub fn encrypt_oaep(spki: &[u8], message: &[u8]) -> io::Result<Vec<u8>> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(io::Error::other)?;
    let key = info.subject_public_key.as_bytes().unwrap_or_default();
    let key = pkcs1::RsaPublicKeyRef::from_der(key).map_err(io::Error::other)?;
    let number = |number: pkcs1::UintRef<'_>| BigUint::from_bytes_be(number.as_bytes());
    PublicKey::new(number(key.modulus), number(key.public_exponent))
        .encrypt_block(message, Pkcs1OaepPadding::new(GetRandom))
        .map_err(io::Error::other)
}

/// Decrypts a block that was encrypted with [`PUBLIC_KEY`].
///
/// # Panics
/// When it was not.
#[must_use]
pub fn decrypt_oaep(block: &[u8]) -> Vec<u8> {
    let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal");
    let number = BigUint::from_bytes_be(block).modpow(&number(PRIVATE_EXPONENT), &number(MODULUS));
    // A number has no zeros in front; the block of 256 bytes has one at least.
    let digits = number.to_bytes_be();
    let encoded = [vec![0; 255 - digits.len()], digits].concat();
    let (seed, data) = encoded.split_at(HASH);
    let seed = xor(seed, &mgf1(data, HASH));
    let data = xor(data, &mgf1(&seed, data.len()));
    let (label, rest) = data.split_at(HASH);
    assert_eq!(label, Sha1::digest([]).as_slice(), "the hash of no label");
    let end = rest.iter().position(|&byte| byte == 1).expect("padding");
    let (_, message) = rest.split_at(end + 1);
    message.to_vec()
}

fn mgf1(seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|count| {
        Sha1::new()
            .chain_update(seed)
            .chain_update(count.to_be_bytes())
            .finalize()
            .to_vec()
    });
    blocks.flatten().take(length).collect()
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    let pairs = left.iter().zip(right);
    pairs.map(|(left, right)| left ^ right).collect()
}
