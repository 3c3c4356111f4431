//! Vectors: those of the standards, and verdicts of other projects where they are at hand, in the
//! folder that `TEST_CORPORA` names. Without them a test is skipped and says so.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod json;
mod passwords;
mod standards;
mod stored_hashes;
mod tokens;

use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

/// Prints a figure, which a passing test's output would not show.
fn figure(text: &str) {
    // Past the capture of the test harness.
    writeln!(std::io::stderr(), "  {text}").expect("standard error");
}

/// Says why a test ends without having tested anything. `cargo xtask test` counts these lines.
fn skipped(why: &str) {
    // Past the capture of the test harness, on a line of its own.
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nskipped: {why}").expect("standard output");
}

fn corpus(name: &str) -> Option<Value> {
    let folder = std::env::var_os("TEST_CORPORA").filter(|folder| !folder.is_empty());
    let text = folder.map(|folder| std::fs::read_to_string(Path::new(&folder).join(name)));
    let Some(Ok(text)) = text else {
        skipped(&format!("{name} is not at hand"));
        return None;
    };
    Some(serde_json::from_str(&text).expect("JSON"))
}
