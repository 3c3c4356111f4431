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
fn full_authentication_asks_for_the_key_and_answers_with_one_block() {
    let mut run = sha2(b"secret");
    assert_eq!(run.more(&[4]).unwrap(), Answer::Send(vec![2]));
    let Answer::Send(block) = run.more(KEY.as_bytes()).unwrap() else {
        panic!("no answer")
    };
    assert_eq!(block.len(), 256);
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
            encrypt(b"secret", [1; NONCE], &KEY.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
}

proptest! {
    #[test]
    fn no_altered_key_makes_it_panic(place in 0..KEY.len(), byte in any::<u8>()) {
        let mut key = KEY.as_bytes().to_vec();
        key[place] = byte;
        let _ = encrypt(b"secret", [1; NONCE], &key);
    }
}
