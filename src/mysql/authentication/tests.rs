//! Authentication plugins with valid and invalid keys and challenges.

use super::*;
use proptest::prelude::*;

/// A 2048-bit key made for the tests with `openssl genrsa 2048 | openssl rsa -pubout`.
const KEY: &str = include_str!("../../../tests/mysql/key/public.pem");
const CHALLENGE: &[u8] = b"abcdefghijklmnopqrst\0";

fn sha2(password: &[u8]) -> Authentication<'_> {
    Authentication::new(Plugin::CachingSha2, CHALLENGE, password).unwrap()
}

#[test]
fn a_challenge_is_taken_with_and_without_its_nul_and_in_no_other_length() {
    let with = Authentication::new(Plugin::Native, CHALLENGE, b"secret").unwrap();
    let without = Authentication::new(Plugin::Native, &CHALLENGE[..20], b"secret").unwrap();
    assert_eq!(with.scramble(), without.scramble());
    for length in [0, 8, 19] {
        assert!(Authentication::new(Plugin::Native, &CHALLENGE[..length], b"x").is_err());
    }
    assert!(Authentication::new(Plugin::Native, &[b'x'; 21], b"x").is_err());
}

#[test]
fn an_empty_password_gives_an_empty_answer() {
    assert!(sha2(b"").scramble().is_empty());
    assert!(
        Authentication::new(Plugin::Native, CHALLENGE, b"")
            .unwrap()
            .scramble()
            .is_empty()
    );
}

#[test]
fn a_cached_password_needs_no_further_packet() {
    assert_eq!(sha2(b"secret").more(&[3]).unwrap(), Answer::Wait);
}

#[test]
fn full_authentication_asks_for_the_key_and_encrypts_the_masked_password_with_it() {
    let mut run = sha2(b"secret");
    assert_eq!(run.more(&[4]).unwrap(), Answer::Send(vec![2]));
    let Answer::Encrypt { message, .. } = run.more(KEY.as_bytes()).unwrap() else {
        panic!("no answer")
    };
    assert_eq!(message, [0x12, 0x07, 0x00, 0x16, 0x00, 0x12, b'g']);
    assert!(run.more(&[3]).is_err(), "nothing more is expected");
}

#[test]
fn the_longest_password_that_fits_is_encrypted_and_longer_ones_are_an_error() {
    for (length, fits) in [
        (213, true),
        (214, false),
        (215, false),
        (255, false),
        (4096, false),
    ] {
        let password = vec![b'x'; length];
        let mut run = sha2(&password);
        run.more(&[4]).unwrap();
        assert_eq!(run.more(KEY.as_bytes()).is_ok(), fits, "{length} bytes");
    }
}

#[test]
fn a_cut_or_altered_key_is_an_error() {
    for end in 0..KEY.len() - 2 {
        assert!(
            encrypted(b"secret", [1; NONCE], &KEY.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
}

proptest! {
    #[test]
    fn no_altered_key_makes_it_panic(place in 0..KEY.len(), byte in any::<u8>()) {
        let mut key = KEY.as_bytes().to_vec();
        key[place] = byte;
        let _ = encrypted(b"secret", [1; NONCE], &key);
    }
}

/// A DER element with a length in the shortest form.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, content.to_vec()].concat()
}

const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// A PEM key of an algorithm, with two integers.
fn pem(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> String {
    use base64ct::{Base64, Encoding as _};
    let numbers = [element(2, modulus), element(2, exponent)].concat();
    let key = [vec![0], element(0x30, &numbers)].concat();
    let info = [element(0x30, algorithm), element(3, &key)].concat();
    let body = Base64::encode_string(&element(0x30, &info));
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

/// An odd modulus, positive, of this many bytes.
fn modulus(length: usize) -> Vec<u8> {
    [vec![0], vec![0xff; length]].concat()
}

#[test]
fn a_key_is_an_odd_modulus_of_2048_to_8192_bits_and_an_odd_exponent_of_32_bits() {
    let other: Vec<u8> = RSA
        .iter()
        .map(|byte| byte ^ u8::from(*byte == 0x0d))
        .collect();
    let even = [modulus(255), vec![0xfe]].concat();
    for (algorithm, modulus, exponent, fits) in [
        (RSA, &modulus(256), &b"\x01\x00\x01"[..], true),
        (RSA, &modulus(1024), b"\x7f\xff\xff\xff", true),
        (RSA, &modulus(255), b"\x01\x00\x01", false),
        (RSA, &modulus(1025), b"\x01\x00\x01", false),
        (RSA, &even, b"\x01\x00\x01", false),
        (RSA, &modulus(256), b"\x01\x00\x00", false),
        (RSA, &modulus(256), b"\x01\x00\x00\x00\x01", false),
        (RSA, &modulus(256), b"\x00\x01", false),
        (RSA, &modulus(256), b"\x00", false),
        (RSA, &modulus(256), b"", false),
        // Negative.
        (RSA, &vec![0xff; 256], b"\x01\x00\x01", false),
        (RSA, &modulus(256), b"\x81\x00\x01", false),
        (&other, &modulus(256), b"\x01\x00\x01", false),
        (b"", &modulus(256), b"\x01\x00\x01", false),
    ] {
        let key = pem(algorithm, modulus, exponent);
        let read = encrypted(b"secret", [1; NONCE], key.as_bytes());
        assert_eq!(read.is_ok(), fits, "{key}");
    }
}

#[test]
fn nothing_may_follow_a_key_or_one_of_its_parts() {
    let numbers = [element(2, &modulus(256)), element(2, &[3])].concat();
    let build = |places: [&[u8]; 4]| {
        use base64ct::{Base64, Encoding as _};
        let [in_numbers, in_key, in_info, after] = places;
        let numbers = element(0x30, &[&numbers, in_numbers].concat());
        let key = element(3, &[&[0], &*numbers, in_key].concat());
        let info = [element(0x30, RSA), key, in_info.to_vec()].concat();
        let body = Base64::encode_string(&[&element(0x30, &info), after].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----{body}-----END PUBLIC KEY-----");
        encrypted(b"secret", [1; NONCE], pem.as_bytes()).is_ok()
    };
    assert!(build([b""; 4]));
    for place in 0..4 {
        let mut places = [&b""[..]; 4];
        places[place] = b"\x05\x00";
        assert!(!build(places), "{place}");
    }
}
