use std::collections::HashSet;
use std::io::Write as _;

use proptest::prelude::*;

use super::pattern::{LINES, is_patterned};
use super::*;

fn is_common(password: &str) -> bool {
    problem(password).is_some()
}

fn has_pattern(password: &str) -> bool {
    is_patterned(&characters(&password.to_lowercase()))
}

/// Pseudo-random numbers, the same in every run: the linear congruential generator of Knuth's MMIX.
fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33).try_into().unwrap()
}

/// Prints a figure directly to stderr, which the test harness does not capture.
fn figure(text: &str) {
    writeln!(std::io::stderr(), "  common passwords: {text}").unwrap();
}

#[test]
fn common_passwords_are_known_in_any_case_and_as_a_whole_only() {
    for password in [
        "password",
        "PassWord1",
        "iloveyou",
        "trustno1",
        "manchesterunited",
        "30secondsToMars",
        "perasperaadastra",
    ] {
        assert!(is_listed(&password.to_lowercase()), "{password}");
        assert!(is_common(password), "{password}");
    }
    for password in ["password is long", " password", "mypassword is", ""] {
        assert!(!is_listed(password), "{password}");
    }
}

#[test]
fn repetitions_runs_and_zigzags_are_refused() {
    for password in [
        "passwordpassword",
        "PASSWORDpassword",
        "abcabcabcabcabc",
        "abcabcabcab",
        "passworddrowssap",
        "123456789012345",
        "543210987654321",
        "111111111111111",
        "aaaaaaab",
        "abcdefghijklmno",
        "ZYXWVUTSRQPONML",
        "qwertyuiop[]\\",
        "asdfghjkl;'",
        "mnbvcxzlkjhgfdsa",
        "1q2w3e4r5t6y7u8i",
        "q1w2e3r4t5y6",
        "a1b2c3d4e5f6",
        "1qaz2wsx3edc",
        "zaq1xsw2cde3",
        "!QAZ@WSX#EDC",
        "!@#$%^&*()",
        "qazwsxedcrfv",
        "qweasdzxc123",
        "741852963741852963",
        "112233445566",
        "122333444455555",
        "йцукенгшщзхъ",
        "azertyuiopqsdfghjklm",
        "12345678x",
        "qweasdzxc123asd",
    ] {
        assert!(has_pattern(password), "{password}");
        assert!(is_common(password), "{password}");
    }
    // The repeated unit follows no pattern, but is a common password.
    for password in ["password1password1", "manchesterunitedmanchesterunited"] {
        assert!(!has_pattern(password), "{password}");
        assert!(is_common(password), "{password}");
    }
}

#[test]
fn each_line_has_a_step_of_its_own_in_each_direction() {
    let mut all = HashSet::new();
    for line in pattern::LINES {
        let forwards: Vec<char> = line.chars().collect();
        let backwards: Vec<char> = line.chars().rev().collect();
        for run in [forwards, backwards] {
            let steps = run
                .windows(2)
                .fold(pattern::Steps::MAX, |all, pair| all & pattern::step(pair));
            assert!(steps.is_power_of_two(), "{run:?}");
            assert!(all.insert(steps), "{run:?}");
        }
    }
}

#[test]
fn passphrases_are_not_refused_for_a_run_or_a_repetition_in_them() {
    for password in [
        "correct horse battery staple",
        "correct horse battery",
        "another password",
        "ha ha ha said the clown",
        "abcdef but only then",
        "defghi, stuv",
        "12345 and 54321",
        "x7Kq!pZ2mX7Kq!pZ2m",
        "3141592653589793",
        "qwertz oder qwerty",
        "tick tock tick",
        "12345678xy",
        "qweasdzxc123asdfgh1234",
    ] {
        assert!(!is_common(password), "{password}");
    }
}

proptest! {
    #[test]
    fn a_unit_of_up_to_eight_is_refused_however_often_it_is_repeated_and_wherever_cut(
        unit in "[ -~é山🚀]{1,8}",
        length in 16_usize..80,
    ) {
        let password: String = unit.chars().cycle().take(length).collect();
        prop_assert!(is_common(&password), "{password}");
        prop_assert!(is_common(&password.to_uppercase()), "{password}");
        let mirrored: String = unit.chars().chain(unit.chars().rev()).collect();
        prop_assert!(is_common(&mirrored), "{mirrored}");
    }

    #[test]
    fn runs_along_any_lines_one_after_the_other_are_refused_and_so_are_two_that_take_turns(
        runs in prop::collection::vec((0..LINES.len(), any::<bool>(), 0_usize..24, 3_usize..9), 2..6),
    ) {
        let runs: Vec<String> = runs
            .into_iter()
            .map(|(line, backwards, from, length)| {
                let mut line: Vec<char> = LINES[line].chars().collect();
                if backwards {
                    line.reverse();
                }
                let from = from.min(line.len() - 3);
                line.into_iter().skip(from).take(length).collect()
            })
            .collect();
        let whole = runs.concat();
        prop_assert!(is_common(&whole), "{whole}");
        let more = format!("é{}", runs[..2].concat());
        prop_assert!(is_common(&more), "{more}");
        let length = runs[0].chars().count().min(runs[1].chars().count());
        let turns: String = runs[0].chars().zip(runs[1].chars()).take(length).flat_map(|(a, b)| [a, b]).collect();
        prop_assert!(is_common(&turns), "{turns}");
    }

    #[test]
    fn no_text_breaks_the_rules(password in any::<String>()) {
        let _ = is_common(&password);
    }
}

#[test]
fn hardly_any_other_password_is_taken_for_one() {
    const TRIED: u32 = 1_000_000;
    let found = (0..TRIED)
        .filter(|number| is_listed(&format!("no password {number}")))
        .count();
    let bytes = FINGERPRINTS.0.len() + DESCRIPTOR.len();
    figure(&format!(
        "{} in a filter of {bytes} bytes; {found} of {TRIED} others are taken for one",
        env!("COMMON_PASSWORDS"),
    ));
    // About 15 false positives are expected.
    assert!(found < 60, "{found}");
    assert!(bytes <= 50_000, "{bytes}");
}

#[test]
fn hardly_any_random_password_follows_a_pattern() {
    const TRIED: usize = 50_000;
    let mut state = 1;
    let mut text = |alphabet: &[u8], length| -> Vec<char> {
        let next = |_| char::from(alphabet[random(&mut state) % alphabet.len()]);
        (0..length).map(next).collect()
    };
    for (what, alphabet, length) in [
        ("8 small letters", "abcdefghijklmnopqrstuvwxyz", 8),
        ("15 digits", "0123456789", 15),
    ] {
        let found = (0..TRIED)
            .filter(|_| is_patterned(&text(alphabet.as_bytes(), length)))
            .count();
        figure(&format!(
            "{found} of {TRIED} random ones of {what} follow a pattern"
        ));
        // Measured with a million passwords of each kind: 14 and 1.
        assert!(found <= 10, "{what}: {found}");
    }
}
