//! Stored hashes.

use base64ct::{Base64, Encoding as _};
use gatehouse::password::{Cost, Hasher, Password, Policy, Verdict};
use serde_json::Value;

use crate::{corpus, figure};

fn hasher() -> Hasher {
    let cost = Cost {
        memory_kib: 19_456,
        iterations: 2,
    };
    Hasher::new(cost, 65_536).expect("a hasher")
}

/// Whether it asks for more memory than a hash may.
fn is_over_the_cap(hash: &str) -> bool {
    let memory = hash
        .split(['$', ','])
        .find_map(|part| part.strip_prefix("m="));
    memory
        .and_then(|memory| memory.parse().ok())
        .is_some_and(|memory: u64| memory > 65_536)
}

#[test]
fn hashes_of_passlib_get_passlibs_verdict() {
    let Some(corpus) = corpus("passlib_hashes.json") else {
        return;
    };
    let mut checked = 0;
    for case in corpus["cases"].as_array().expect("cases") {
        let hash = case["hash"].as_str().expect("a hash");
        let bytes =
            Base64::decode_vec(case["password_b64"].as_str().expect("a password")).expect("base64");
        // A JSON body cannot hold any other.
        let Ok(password) = String::from_utf8(bytes) else {
            continue;
        };
        let expected = case["verify"].as_bool().unwrap_or(false) && !is_over_the_cap(hash);
        let verdict = hasher().verify(&Password::new(password), Some(hash));
        let verdict = verdict.map(Verdict::is_match);
        assert_eq!(verdict, Ok(expected), "{}", case["id"]);
        checked += 1;
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn malformed_hashes_match_what_they_match_in_passlib() {
    let Some(corpus) = corpus("passlib_hashes.json") else {
        return;
    };
    let cases = corpus["malformed"].as_array().expect("cases");
    for case in cases {
        let hash = case["hash"].as_str().expect("a hash");
        let password = case["password"].as_str().expect("a password");
        let verdict = hasher().verify(&Password::new(password.to_owned()), Some(hash));
        let verdict = verdict.map(Verdict::is_match);
        // Other spellings of the same hash.
        let passlib = [&case["seed_context"], &case["bcrypt_handler"]];
        let expected = passlib
            .into_iter()
            .any(|verdict| *verdict == Value::Bool(true));
        assert_eq!(verdict, Ok(expected), "{}: {hash}", case["id"]);
    }
    assert!(cases.len() > 30, "{}", cases.len());
}

#[test]
fn bcrypt_hashes_get_the_verdict_of_another_library() {
    let Some(corpus) = corpus("bcrypt_vectors.json") else {
        return;
    };
    let mut matching = 0;
    let mut checked = 0;
    for case in corpus["vectors"].as_array().expect("vectors") {
        let hash = case["hash"].as_str().expect("a hash");
        let bytes =
            Base64::decode_vec(case["password_b64"].as_str().expect("a password")).expect("base64");
        let known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix));
        let Ok(password) = String::from_utf8(bytes) else {
            continue;
        };
        let expected =
            case["verify"].as_bool().expect("a verdict") && known && !password.contains('\0');
        let verdict = hasher().verify(&Password::new(password), Some(hash));
        let verdict = verdict.map(Verdict::is_match);
        assert_eq!(verdict, Ok(expected), "{hash}");
        checked += 1;
        matching += u32::from(expected);
    }
    assert!(checked > 20 && matching > 10, "{matching} of {checked}");
}

fn refuses(password: &str) -> bool {
    let policy = Policy {
        min_length: 8,
        ..Policy::default()
    };
    let password = Password::new(password.to_owned());
    password.check(&policy, None).is_err()
}

#[test]
fn the_common_passwords_of_zxcvbn_and_the_long_ones_are_refused_and_many_of_djangos() {
    for (name, list, least) in [
        ("common_passwords_zxcvbn.json", "passwords", 11_611),
        ("common_passwords_long.json", "min15", 9_747),
        ("common_passwords_long.json", "len12to14_top5000", 800),
        ("common_passwords_django.json", "passwords", 3_600),
    ] {
        let Some(corpus) = corpus(name) else {
            return;
        };
        let list = corpus[list].as_array().expect("a list");
        let list = list.iter().filter_map(Value::as_str);
        let long: Vec<_> = list.filter(|text| text.chars().count() >= 8).collect();
        let refused = long.iter().filter(|text| refuses(text)).count();
        figure(&format!("{name}: {refused} of {} are refused", long.len()));
        assert!(refused >= least, "{name}: {refused}");
    }
}

/// Pieces that people make passwords of, some of which the rules refuse by themselves.
const PIECES: [&str; 24] = [
    "correct", "horse", "battery", "staple", "password", "qwerty", "asdf", "1234", "2019", "abc",
    "xyz", "aaa", "1q2w", " ", "-", "!", "Größe", "山", "tree", "monkey", "K7#", "vQ", "zx9", "0",
];

#[test]
fn hardly_any_password_that_zxcvbn_calls_strong_is_refused() {
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let mut strong = 0;
    let mut tried = 0;
    while strong < 1_500 {
        let pieces = 3 + random(4);
        let password: String = (0..pieces).map(|_| PIECES[random(PIECES.len())]).collect();
        tried += 1;
        if zxcvbn::zxcvbn(&password, &[]).score() < zxcvbn::Score::Four
            || password.chars().count() < 8
        {
            continue;
        }
        strong += 1;
        assert!(!refuses(&password), "{password}");
    }
    figure(&format!(
        "none of {strong} strong ones is refused ({tried} tried)"
    ));
}
