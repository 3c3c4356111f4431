//! What must hold of the repository itself.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    // The current folder is the package's, wherever it was compiled.
    PathBuf::from("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("a file")
}

/// The files under a folder whose names end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found
}

fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let paths = folders
        .iter()
        .flat_map(|folder| files(&root().join(folder), ".rs"));
    paths
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source");
            (path, text)
        })
        .collect()
}

/// The part of a source that is not its tests.
fn without_tests(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn every_requirement_of_the_security_page_names_a_test_that_is_there() {
    let mut tests = BTreeSet::new();
    for (_, source) in sources(&[
        "src",
        "tests",
        "hyperdrive-local",
        "migrator",
        "testkit",
        "xtask",
    ]) {
        let mut is_test = false;
        for line in source.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, rest)) = line.split_once("fn ")
                && (is_test || line.starts_with("fn "))
            {
                let name = rest.split('(').next().unwrap_or_default();
                tests.insert(name.to_owned());
                is_test = false;
            }
        }
    }
    let page = read("docs/security.md");
    let mut rows = 0;
    for row in page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('-'))
    {
        let cell = row.rsplit('|').nth(1).unwrap_or_default();
        for name in cell.split('`').skip(1).step_by(2) {
            let known = tests.contains(name) || name == "cargo xtask check";
            assert!(known, "{name} of {row}");
            rows += 1;
        }
    }
    assert!(rows > 150, "{rows}");
}

/// Names of values that whoever guesses must not learn from the time of a comparison.
const GUESSED: [&str; 7] = [
    "signature",
    "digest",
    "mac",
    "output",
    "secret",
    "tag",
    "password",
];

/// The first `==` or `!=` one side of which ends with such a name, with what is beside it.
fn plain_comparison(code: &str) -> Option<&str> {
    let is_path = |c: char| c.is_alphanumeric() || "_.:".contains(c);
    let is_guessed = |path: &str| {
        let last = path.rsplit(['.', ':']).next().unwrap_or_default();
        GUESSED.contains(&last)
    };
    code.lines().find(|line| {
        let mut operators = line.match_indices("==").chain(line.match_indices("!="));
        operators.any(|(place, operator)| {
            let left = line[..place].trim_end().trim_end_matches("[..]");
            let left = left.rsplit(|c| !is_path(c)).next().unwrap_or_default();
            let right = line[place + operator.len()..].trim_start();
            let right = right.trim_start_matches(['&', '*', '(']);
            let right = right.split(|c| !is_path(c)).next().unwrap_or_default();
            is_guessed(left) || is_guessed(right)
        })
    })
}

#[test]
fn a_comparison_whose_time_tells_something_is_seen_however_it_is_written() {
    for line in [
        "if signature == other {",
        "if self.digest == x {",
        "(x == secret)",
        "x != &self.output",
        "*stored.output == x",
        "tag[..] == x[..]",
        "x == *crate::key::secret;",
    ] {
        assert!(plain_comparison(line).is_some(), "{line}");
    }
    for line in [
        "length == signature.len()",
        "signature.len() == length",
        "x.secret_length != 3",
        "let secret = x == y;",
    ] {
        assert_eq!(plain_comparison(line), None);
    }
}

#[test]
fn secrets_are_compared_in_constant_time() {
    // Hashes and keys by `subtle`; MACs by `hmac`'s own comparison; bcrypt's crate compares so too.
    assert!(read("src/password/argon2.rs").contains("computed.ct_eq(&self.output)"));
    assert!(read("src/token/key/mod.rs").contains("self.bytes().ct_eq(other.bytes())"));
    for (path, source) in sources(&["src"]) {
        let found = plain_comparison(without_tests(&source));
        assert_eq!(found, None, "{}", path.display());
    }
    // What holds a secret cannot be compared by `==` as a whole either.
    for (path, name) in [
        ("src/password/mod.rs", "struct Password("),
        ("src/password/argon2.rs", "struct Argon2Hash "),
        ("src/password/bcrypt.rs", "struct BcryptHash "),
        ("src/token/key/mod.rs", "struct Key "),
        ("src/token/key/mod.rs", "enum Material "),
    ] {
        let source = read(path);
        let (before, _) = source.split_once(name).expect("a type");
        let attributes = before.rsplit("\n\n").next().unwrap_or_default();
        assert!(!attributes.contains("PartialEq"), "{name}of {path}");
        let by_hand = format!(
            "PartialEq for {}",
            name.split([' ', '(']).nth(1).unwrap_or_default()
        );
        assert!(!source.contains(&by_hand), "{by_hand} in {path}");
    }
}

#[test]
fn all_randomness_is_the_platforms() {
    for (path, source) in sources(&["src"]) {
        for other in ["rand::", "thread_rng", "Math::random", "SystemTime"] {
            assert!(
                !without_tests(&source).contains(other),
                "{other} in {}",
                path.display()
            );
        }
    }
    assert!(
        read("Cargo.toml").contains("getrandom = { version = \"0.4\", features = [\"wasm_js\"] }")
    );
}

/// A word of a text that looks like a key: 32 characters and more that are hexadecimal, or small
/// and capital letters and digits without an order, or the head of a private key.
fn key_in(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/_-".contains(c));
    let looks_random = |word: &&str| {
        let has = |kind: fn(&u8) -> bool| word.bytes().any(|byte| kind(&byte));
        let distinct = word.bytes().collect::<BTreeSet<_>>().len();
        let small_and_digits = has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
        let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        // An alphabet is no key.
        let mixed =
            has(u8::is_ascii_uppercase) && distinct >= 16 && !word.contains("abcdefghijklm");
        word.len() >= 32 && small_and_digits && (mixed || (hexadecimal && distinct >= 8))
    };
    let head = text.contains("PRIVATE KEY-----").then_some("PRIVATE KEY");
    words.into_iter().find(looks_random).or(head)
}

#[test]
fn what_looks_like_a_key_is_seen() {
    for key in [
        "SECRET_KEY=\"hUf3m2Lk0QzY7wXv9RtB1cN5aS8dE4gJ6iKpOoTqWxM\"",
        "key = 'VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI='",
        "token: 84b30f80d9fe5aee84b30f80d9fe5aee84b30f80d9fe5aee84b30f80d9fe5aee",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
    ] {
        assert!(key_in(key).is_some(), "{key}");
    }
    for word in [
        "ACCESS_TOKEN_EXPIRE_MINUTES_AND_SOME_MORE_WORDS_1",
        "a_test_whose_name_is_a_sentence_about_rfc_8037_and_more",
        "AnalyticsEngineDataPointBuilderAndMore",
        "00000000000000000000000000000000",
        "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    ] {
        assert_eq!(key_in(word), None);
    }
}

/// No keys: the thumbprint of the key of RFC 8037, an answer in docs/api.md, the checksums of
/// migrations, and of openapi.yaml a public key with its thumbprint, the id of a session and its token.
const KNOWN: [&str; 10] = [
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "f7036c4ffbe6eb074eafaa9b414296ab",
    "133382743498f560273f176f1f48bd527bc382672c1f6303abd23a3f6870aa77",
    "c7c61b0c66ec593d8a6ae69d21c618e8c095127718a585049520c5edc5f25a9b",
    "c0b8ce406a7e411c40954c8cb7e8172587ab7570d7bfba086357ced4ec3b70d6",
    "3a9ee9177a943151253155ad5b0bd32ec3faa25e48b8bf671ff3ed94e566e351",
    "W6xSZcxVWuKNgycNpg8WtL1DwZzWPdWEu8VjR78qXCE",
    "oeOeYK_chHpr4FRRQyJ2F1a1LaVbjuim1NjINpSZAO4",
    "03dd04cfddf4e33a7015c38de75534db",
    "AQPdBM_d9OM6cBXDjedVNNsAAAAAAAAAAAEAAAAAAAAAAGsvk9mKPTATWG9CrsE3uaVu0WKuH6nvunnGNOWniwl68KT0Qw",
];

#[test]
fn no_secret_is_in_the_repository() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(root())
            .args(arguments)
            .output();
        output.expect("git")
    };
    let tracked = String::from_utf8(git(&["ls-files"]).stdout).expect("paths");
    let mut read = 0;
    for path in tracked.lines() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let secret = name.starts_with(".env") || name.starts_with(".dev.vars");
        assert!(!secret || path == ".dev.vars.example", "{path} is tracked");
        let is_test = path.contains("tests/")
            || path.starts_with("testkit/")
            || name == "tests.rs"
            || name.ends_with("lock.json");
        // Deleted but not yet committed, or no text.
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        if is_test || name == "Cargo.lock" {
            continue;
        }
        for line in without_tests(&text).lines() {
            // The hash of a commit pins an action; pages and the contract show tokens that have expired.
            let shown = line.replace("\": \"", "\":\"");
            if line.contains("uses: ") || shown.contains("\"access_token\":\"eyJ") {
                continue;
            }
            let found = key_in(line).filter(|word| !KNOWN.contains(word));
            assert_eq!(found, None, "{path}: {line}");
        }
        read += 1;
    }
    assert!(read > 60, "{read}");
    for (file, expected) in [
        (".dev.vars", true),
        (".dev.vars.production", true),
        ("hyperdrive-local/example/.dev.vars", true),
        (".env", true),
        (".env.secrets", true),
        // What earlier versions of the README had people write.
        ("keys.json", true),
        (".dev.vars.example", false),
        ("package.json", false),
    ] {
        let ignored = git(&["check-ignore", "--quiet", "--no-index", file]);
        assert_eq!(ignored.status.success(), expected, "{file}");
    }
    let vars = self::read("wrangler.toml");
    for name in [
        "SECRET_KEY =",
        "ED25519_PRIVATE_KEY =",
        "VERIFICATION_KEYS =",
        "password =",
    ] {
        assert!(!vars.contains(name), "{name}");
    }
}

#[test]
fn no_command_of_the_pages_writes_a_secret_into_a_file_that_others_can_read() {
    let mut commands = 0;
    for page in files(&root(), ".md") {
        let text = std::fs::read_to_string(&page).expect("a page");
        let page = page.display();
        for block in text.split("```sh\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            for line in block.lines() {
                let writes = line.contains(" > ") || line.contains(" >> ");
                assert!(!writes || line.contains("umask 077"), "{page}: {line}");
                for argument in ["--origin mysql:", "--secrets-file ."] {
                    assert!(!line.contains(argument), "{page}: {line}");
                }
                commands += 1;
            }
        }
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn the_actions_of_ci_are_named_by_commit_and_advisories_are_checked_there() {
    let workflow = read(".github/workflows/ci.yml");
    let mut actions = 0;
    for line in workflow.lines() {
        let Some((_, action)) = line.split_once("uses: ") else {
            continue;
        };
        let commit = action.split([' ', '@']).nth(1).unwrap_or_default();
        let is_hex = commit.bytes().all(|c| c.is_ascii_hexdigit());
        assert!(commit.len() == 40 && is_hex, "{line}");
        actions += 1;
    }
    assert!(actions >= 3, "{actions}");
    assert!(workflow.contains("- run: cargo deny check advisories\n"));
}

#[test]
fn unsafe_code_is_forbidden_and_overflow_is_checked() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    assert!(manifest.contains("[profile.release.package.gatehouse]\noverflow-checks = true"));
}
