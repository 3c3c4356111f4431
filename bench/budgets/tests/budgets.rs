//! Budgets that do not depend on the machine.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::process::Command;

use gatehouse_budgets::PARTS;
use xtask_host::process::root;

/// For each part, the most allocations, and the most instructions in a release build: a tenth more
/// than was counted.
const BUDGETS: [(u64, u64); 4] = [(49, 123_000), (7, 17_700), (43, 33_800), (168, 296_000)];

#[test]
fn no_part_of_a_request_allocates_more_often_than_its_budget() {
    for ((name, part), (budget, _)) in PARTS.into_iter().zip(BUDGETS) {
        let mut work = part();
        // What is made once.
        work();
        let allocations = allocation_counter::measure(&mut work).count_total;
        eprintln!("  {name}: {allocations} allocations");
        assert!(allocations <= budget, "{name}: {allocations} of {budget}");
    }
}

#[test]
fn no_part_of_a_request_takes_more_instructions_than_its_budget() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI has valgrind");
        eprintln!("  no valgrind: skipped");
        return;
    }
    let program = release();
    for (number, ((name, _), (_, budget))) in PARTS.into_iter().zip(BUDGETS).enumerate() {
        let count = |times| instructions(&program, number, times);
        let taken = (count(300) - count(100)) / 200;
        eprintln!("  {name}: {taken} instructions");
        assert!(taken <= budget, "{name}: {taken} of {budget}");
    }
}

/// Builds the program as the Worker is built, but natively.
fn release() -> String {
    let target = root().join("target");
    let built = Command::new("cargo")
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "gatehouse-budgets",
        ])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(root())
        .status();
    assert!(built.expect("cargo").success());
    target
        .join("release/gatehouse-budgets")
        .display()
        .to_string()
}

/// The instructions of a run, as callgrind counts them.
fn instructions(program: &str, number: usize, times: u32) -> u64 {
    let run = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            program,
        ])
        .args([number.to_string(), times.to_string()])
        .output()
        .expect("valgrind");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.expect("a count");
    count.trim().parse().expect("a number")
}
