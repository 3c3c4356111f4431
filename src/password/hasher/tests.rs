//! Hashes that are made, verified and refused.

use std::time::Instant as Clock;

use super::*;

fn hasher() -> Hasher {
    Hasher::new(
        Cost {
            memory_kib: 19_456,
            iterations: 2,
        },
        65_536,
    )
    .unwrap()
}

fn verify(text: &str, stored: Option<&str>) -> Verdict {
    hasher().verify(&password(text), stored).unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text.into())
}

#[test]
fn a_new_hash_is_argon2id_at_the_configured_cost_with_its_own_salt() {
    let (first, second) = (
        hasher().hash(&password("x")).unwrap(),
        hasher().hash(&password("x")).unwrap(),
    );
    assert!(
        first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{first}"
    );
    assert_ne!(first, second);
    let parts: Vec<_> = first.split('$').collect();
    assert_eq!(
        (parts[4].len(), parts[5].len()),
        (22, 43),
        "16 bytes of salt, 32 of hash"
    );
}

#[test]
fn only_the_very_same_password_matches() {
    let stored = hasher().hash(&password(" pässword\0")).unwrap();
    assert_eq!(verify(" pässword\0", Some(&stored)), Verdict::Match);
    for other in [
        "pässword\0",
        " pässword",
        " Pässword\0",
        " pa\u{308}ssword\0",
        "",
    ] {
        assert_eq!(verify(other, Some(&stored)), Verdict::Mismatch, "{other:?}");
    }
}

#[test]
fn hashes_of_passlib_are_verified_within_the_bounds_and_to_be_replaced() {
    // passlib's default memory, 64 MiB, is the second recommended option of RFC 9106.
    let default = "$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA$VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI";
    let right = "correct horse battery staple";
    assert_eq!(verify(right, Some(default)), Verdict::Outdated);
    assert_eq!(verify("correct horse", Some(default)), Verdict::Mismatch);
}

#[test]
fn a_hash_does_not_depend_on_what_the_memory_holds_from_the_last_one() {
    let hasher = hasher();
    let large = "$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA$VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI";
    let small = Hasher::new(
        Cost {
            memory_kib: 64,
            iterations: 1,
        },
        65_536,
    );
    let small = small.unwrap().hash(&password("small")).unwrap();
    let right = password("correct horse battery staple");
    let own = hasher.hash(&right).unwrap();
    for _ in 0..2 {
        let verify = |text: &Password, stored: &str| hasher.verify(text, Some(stored)).unwrap();
        assert_eq!(verify(&right, &own), Verdict::Match);
        assert_eq!(verify(&password("small"), &small), Verdict::Outdated);
        assert_eq!(verify(&right, large), Verdict::Outdated);
        assert_eq!(verify(&password("small"), large), Verdict::Mismatch);
    }
    // At the same time, on the memory that another thread does not use.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(hasher.verify(&right, Some(&own)), Ok(Verdict::Match)));
        }
    });
}

#[test]
fn a_hash_of_any_other_cost_is_to_be_replaced() {
    for (memory_kib, iterations) in [(19_457, 2), (19_456, 3), (32_768, 2)] {
        let other = Hasher::new(
            Cost {
                memory_kib,
                iterations,
            },
            65_536,
        );
        let stored = other.unwrap().hash(&password("x")).unwrap();
        assert_eq!(verify("x", Some(&stored)), Verdict::Outdated);
        assert_eq!(verify("y", Some(&stored)), Verdict::Mismatch);
    }
}

#[test]
fn what_cannot_be_read_or_paid_for_matches_nothing() {
    let good = hasher().hash(&password("x")).unwrap();
    for stored in [
        String::new(),
        "x".into(),
        "$argon2id$".into(),
        "$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=102400,t=2,p=8$41yrlZLyfs95z3nvHYNQSg$gHoUN5aHfKp9HiGQtYO/Jw".into(),
        "$2b$12$abcdefghijklmnopqrstuu".into(),
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=19456,t=2,p=1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA".into(),
        "$argon2id$v=19$m=19456,t=2,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=19456,t=17,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=19456,t=2,p=17$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=19456,t=2,p=1,data=AAAA$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "$argon2id$v=19$m=7,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        format!("{good} "),
        good.replace("m=19456,t=2", "t=2,m=19456"),
        good.replace("argon2id", "argon2x"),
    ] {
        assert_eq!(verify("x", Some(&stored)), Verdict::Unreadable, "{stored}");
    }
    assert_eq!(verify("x", None), Verdict::Mismatch);
}

#[test]
fn an_unknown_user_costs_a_hash_too() {
    let stored = hasher().hash(&password("x")).unwrap();
    let time = |stored: Option<&str>| {
        #[expect(clippy::disallowed_methods, reason = "tests run natively")]
        let started = Clock::now();
        assert_eq!(verify("y", stored), Verdict::Mismatch);
        started.elapsed()
    };
    // The minimum of several runs, with a margin that is exceeded only if one of the two does not
    // hash at all.
    let best = |stored: Option<&str>| (0..5).map(|_| time(stored)).min().unwrap();
    let (known, unknown) = (best(Some(&stored)), best(None));
    assert!(unknown * 4 > known, "{unknown:?} and {known:?}");
}
