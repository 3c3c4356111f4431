//! How many tests passed, failed and were skipped, read from what the suites print.

use anyhow::{Context as _, Result, bail};

/// What became of the tests.
#[derive(Default)]
pub(super) struct Count {
    /// Those too that lacked what they test with.
    passed: u32,
    failed: u32,
    ignored: u32,
    /// They lacked what they test with, and said so.
    lacking: u32,
}

impl Count {
    /// Prints the line that counts, and fails if any test has.
    pub(super) fn report(&self) -> Result<()> {
        println!("{}", self.line().context("no test ran")?);
        if self.failed > 0 {
            bail!("{} tests failed", self.failed);
        }
        Ok(())
    }

    /// Whether tests ran, and none failed.
    pub(super) fn is_good(&self) -> bool {
        self.passed > 0 && self.failed == 0
    }

    /// The line that counts, after one with what was skipped; none if no test ran.
    fn line(&self) -> Option<String> {
        let passed = self.passed.saturating_sub(self.lacking);
        let failed = self.failed;
        let skipped = match self.ignored + self.lacking {
            0 => String::new(),
            skipped => format!("{skipped} skipped\n"),
        };
        (passed + failed > 0).then(|| format!("{skipped}{passed} passed, {failed} failed"))
    }

    /// Adds a line such as `test result: ok. 7 passed; 0 failed; 1 ignored; ...`, or one of a test
    /// that was skipped for want of something.
    pub(super) fn add(&mut self, line: &str) {
        self.lacking += u32::from(line.starts_with("skipped: "));
        let Some(results) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in results.split(['.', ';']) {
            let mut words = part.split_whitespace();
            if let (Some(Ok(number)), Some(what)) =
                (words.next().map(str::parse::<u32>), words.next())
            {
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_counted_and_has_not_passed() {
        let mut count = Count::default();
        for line in [
            "test a_test ... ok",
            "skipped: vectors.json is not at hand",
            "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            count.add(line);
        }
        assert_eq!(
            count.line().as_deref(),
            Some("2 skipped\n11 passed, 0 failed")
        );
    }

    #[test]
    fn nothing_is_counted_where_no_test_ran() {
        let mut count = Count::default();
        assert_eq!(count.line(), None);
        count.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured");
        assert_eq!(count.line().as_deref(), Some("2 passed, 1 failed"));
        let skipped = Count {
            passed: 1,
            lacking: 1,
            ..Count::default()
        };
        assert_eq!(skipped.line(), None);
    }
}
