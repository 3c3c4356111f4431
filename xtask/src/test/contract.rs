//! What `openapi.yaml` promises, and what the tests of the API have seen of it.
//!
//! Each of the two suites writes a file with a line for each promise and for each that it saw kept.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use xtask_host::process::root;

use super::suite::{Runtime, Suite};

fn file(runtime: Runtime) -> PathBuf {
    root().join(format!("target/openapi-seen-{}.txt", runtime.name()))
}

/// Has a suite of the API write its file.
pub(super) fn record(suite: &mut Suite) -> Result<()> {
    let Some(runtime) = suite.runtime() else {
        return Ok(());
    };
    let file = file(runtime);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => suite.set("TEST_OPENAPI_SEEN", &file.display().to_string()),
    }
    Ok(())
}

/// Fails if a promise was never seen.
pub(super) fn compare() -> Result<()> {
    for runtime in [Runtime::Native, Runtime::Workerd] {
        let file = file(runtime);
        let lines = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let unseen = unseen(&lines);
        let name = runtime.name();
        if !unseen.is_empty() {
            let list = unseen.into_iter().collect::<Vec<_>>().join("\n  ");
            bail!("openapi.yaml promises what no test of the API ({name}) has seen:\n  {list}");
        }
    }
    Ok(())
}

fn unseen(lines: &str) -> BTreeSet<&str> {
    let of = |kind: &str| -> BTreeSet<_> {
        let lines = lines.lines();
        lines
            .filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))
            .collect()
    };
    &of("promised") - &of("seen")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_was_not_seen_is_named() {
        let lines = "promised GET / 200\npromised GET /me 401 missing_token\nseen GET / 200\n";
        assert_eq!(Vec::from_iter(unseen(lines)), ["GET /me 401 missing_token"]);
        let all = format!("{lines}seen GET /me 401 missing_token\n");
        assert!(unseen(&all).is_empty());
    }
}
