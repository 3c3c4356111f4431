//! The server's RSA key, read without a big number or an ASN.1 crate: only its size and parity
//! matter here, since the platform encrypts.

use base64ct::{Base64, Encoding as _};

const HEADER: &str = "-----BEGIN PUBLIC KEY-----";
const FOOTER: &str = "-----END PUBLIC KEY-----";

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// The content of the `AlgorithmIdentifier` of RSA keys: the OID `rsaEncryption`, and NULL.
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// Accepted sizes of a modulus, in bytes (2048 to 8192 bits).
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// Accepted sizes of an exponent, in bytes. A longer one would only cost time.
const EXPONENT: std::ops::RangeInclusive<usize> = 1..=4;
/// Bytes of the modulus that OAEP with SHA-1 takes (RFC 8017, 7.1.1: twice the hash, and two).
const OAEP_OVERHEAD: usize = 42;

/// An RSA public key that is fit for encryption.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    spki: Vec<u8>,
    modulus_length: usize,
}

impl PublicKey {
    /// Reads a PEM public key, or returns `None` if it is malformed or not fit for encryption.
    pub(super) fn from_pem(pem: &[u8]) -> Option<Self> {
        let pem = std::str::from_utf8(pem).ok()?.trim_ascii();
        let body = pem.strip_prefix(HEADER)?.strip_suffix(FOOTER)?;
        let lines: String = body.split(['\r', '\n']).collect();
        let spki = Base64::decode_vec(&lines).ok()?;
        let (modulus, exponent) = numbers(&spki)?;
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        let is_sound = MODULUS.contains(&modulus.len())
            && EXPONENT.contains(&exponent.len())
            && is_odd(modulus)
            && is_odd(exponent);
        let modulus_length = modulus.len();
        is_sound.then_some(Self {
            spki,
            modulus_length,
        })
    }

    /// The length of the longest message that can be encrypted with this key, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.modulus_length - OAEP_OVERHEAD
    }

    /// The key as a DER `SubjectPublicKeyInfo`.
    pub(super) fn into_spki(self) -> Vec<u8> {
        self.spki
    }
}

/// Reads the modulus and the exponent of a DER `SubjectPublicKeyInfo`.
fn numbers(mut der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = element(SEQUENCE, &mut der)?;
    let algorithm = element(SEQUENCE, &mut info)?;
    // The first byte is the number of unused bits.
    let mut key = element(BIT_STRING, &mut info)?.strip_prefix(&[0])?;
    let mut numbers = element(SEQUENCE, &mut key)?;
    let modulus = positive(&mut numbers)?;
    let exponent = positive(&mut numbers)?;
    let is_whole = [der, info, key, numbers].iter().all(|rest| rest.is_empty());
    (is_whole && algorithm == RSA_ENCRYPTION).then_some((modulus, exponent))
}

/// Splits a positive integer off the front of `input` and returns its bytes without leading zeros.
fn positive<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    match element(INTEGER, input)? {
        [0, bytes @ ..] if bytes.first()? & 0x80 != 0 => Some(bytes),
        bytes @ [1..=0x7f, ..] => Some(bytes),
        _ => None,
    }
}

/// Splits an element with a tag off the front of `input` and returns its content. Its length must
/// be in DER's shortest form, and under 64 KiB.
fn element<'a>(tag: u8, input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = match input.strip_prefix(&[tag])? {
        [length @ ..=0x7f, rest @ ..] | [0x81, length @ 0x80..=0xff, rest @ ..] => {
            (usize::from(*length), rest)
        }
        [0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some(content)
}
