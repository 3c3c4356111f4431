//! Stored hashes in every spelling, and what passlib says of them.

use std::process::Command;

use gatehouse::password::{Cost, Hasher, Password, Verdict};

use crate::{figure, skipped};

/// Lines of `["<hash>", "<password>", <verdict>]`; the verdict is null where passlib raises an error.
const FIXED: &str = include_str!("stored_hashes.jsonl");

/// Checks each line, and returns how many there are and how many of the hashes match.
fn check(lines: &str) -> (usize, usize) {
    let cost = Cost {
        memory_kib: 19_456,
        iterations: 2,
    };
    let hasher = Hasher::new(cost, 65_536).expect("a hasher");
    let (mut all, mut matching) = (0, 0);
    for line in lines.lines() {
        let case: (String, String, Option<bool>) = serde_json::from_str(line).expect("a case");
        let (stored, password, passlib) = case;
        let verdict = hasher.verify(&Password::new(password), Some(&stored));
        let ours = verdict.map(Verdict::is_match);
        assert_eq!(ours, Ok(passlib == Some(true)), "passlib says: {line}");
        all += 1;
        matching += usize::from(passlib == Some(true));
    }
    (all, matching)
}

fn script() -> Command {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    // The current folder is the package's, wherever it was compiled.
    command.arg("tests/vectors/stored_hashes.py");
    command
}

/// What the script prints; none where there is no Python or it lacks the packages.
fn run(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.code() != Some(77))?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn every_spelling_of_a_hash_gets_passlibs_verdict() {
    let (all, matching) = check(FIXED);
    assert!(all > 700 && matching > 130, "{matching} of {all}");
}

#[test]
fn spellings_at_random_get_the_verdict_of_the_passlib_at_hand() {
    let Some(fixed) = run(&mut script()) else {
        skipped("no Python with passlib, argon2-cffi and bcrypt (TEST_PYTHON names one)");
        return;
    };
    assert_eq!(fixed, FIXED, "passlib has changed its mind");
    let random = run(script().arg("300")).expect("it ran before");
    let (all, matching) = check(&random);
    figure(&format!(
        "{all} hashes at random get passlib's verdict; it takes {matching}"
    ));
    assert!(matching > 40, "{matching} of {all}");
}
