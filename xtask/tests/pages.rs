//! What must hold of the pages: every link leads somewhere, and every path is there.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages of the repository, by their paths in it.
fn pages() -> BTreeMap<PathBuf, String> {
    // The current folder is the package's, wherever it was compiled.
    let mut git = Command::new("git");
    let listed = git.current_dir("..").args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "*.md",
    ]);
    let listed = String::from_utf8(listed.output().expect("git").stdout).expect("paths");
    let read = |path: &str| {
        // One that is deleted but not yet committed is listed as well.
        let text = std::fs::read_to_string(Path::new("..").join(path)).ok()?;
        Some((PathBuf::from(path), text))
    };
    listed.lines().filter_map(read).collect()
}

/// A page without its blocks of code.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The targets of the links in a page.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let rest = prose.split("](").skip(1);
    rest.filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

fn anchors(page: &str) -> Vec<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.map(anchor).collect()
}

/// A path without `.` and `..`; none if it leads out of the repository.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path {
        match part.to_str() {
            Some("..") => {
                if !normal.pop() {
                    return None;
                }
            }
            Some(".") => {}
            _ => normal.push(part),
        }
    }
    Some(normal)
}

/// Why a link of a page leads nowhere.
fn dead(pages: &BTreeMap<PathBuf, String>, from: &Path, target: &str) -> Option<&'static str> {
    if target.starts_with("https://") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = from.parent().unwrap_or(Path::new(""));
    let to = if path.is_empty() {
        Some(from.to_owned())
    } else {
        normal(&folder.join(path))
    };
    let Some(to) = to.filter(|to| Path::new("..").join(to).exists()) else {
        return Some("no such file");
    };
    if anchor.is_empty() {
        return None;
    }
    let there = pages
        .get(&to)
        .is_some_and(|page| anchors(page).iter().any(|known| known == anchor));
    (!there).then_some("no such heading")
}

#[test]
fn every_link_of_the_pages_leads_to_a_file_and_a_heading_that_are_there() {
    let pages = pages();
    let mut count = 0;
    for (path, page) in &pages {
        for target in links(page) {
            let dead = dead(&pages, path, &target);
            assert_eq!(dead, None, "{target} in {}", path.display());
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
    for page in pages.keys().filter(|path| path.starts_with("docs")) {
        let readme = &pages[Path::new("README.md")];
        let linked = readme.contains(&format!("]({})", page.display()));
        assert!(linked, "README.md does not lead to {}", page.display());
    }
}

#[test]
fn a_link_that_leads_nowhere_is_seen() {
    let pages = pages();
    let from = Path::new("docs/api.md");
    for good in [
        "../README.md",
        "../README.md#the-api",
        "#errors",
        "deploy.md#changing-the-keys",
        "../migrations/0001_create_user.sql",
    ] {
        assert_eq!(dead(&pages, from, good), None, "{good}");
    }
    for bad in [
        "README.md",
        "#nothing",
        "deploy.md#nothing",
        "../docs",
        "../../README.md",
        "../migrations/0001_create_user.sql#anchor",
    ] {
        let is_folder = bad == "../docs";
        assert_eq!(dead(&pages, from, bad).is_none(), is_folder, "{bad}");
    }
    assert_eq!(
        links("[a](b.md#c), ![d](e.png)\n```\n[f](g)\n```\n[h](i)"),
        ["b.md#c", "e.png", "i"]
    );
}

#[test]
fn a_heading_has_the_anchor_that_github_gives_it() {
    for (heading, expected) in [
        ("## The API", "the-api"),
        ("## Changing `TOKEN_TYPE`", "changing-token_type"),
        ("### jose (Node.js, Deno)", "jose-nodejs-deno"),
        ("## A, b & c: d", "a-b--c-d"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
}

/// The words of a page that are set as code and begin like a path of the repository.
fn paths(page: &str) -> Vec<String> {
    const FOLDERS: [&str; 10] = [
        "src/",
        "tests/",
        "docs/",
        "migrations/",
        "xtask/",
        "hyperdrive-local/",
        "bench/",
        "testkit/",
        "fuzz/",
        ".ci/",
    ];
    let prose = prose(page);
    let words = prose.split('`').skip(1).step_by(2);
    words
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        // Not a command, and not a name that is to be filled in.
        .filter(|word| !word.contains([' ', '*', '<']) && !word.contains("NNNN"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let mut count = 0;
    for (page, text) in pages() {
        for path in paths(&text) {
            let there = Path::new("..").join(&path).exists();
            assert!(there, "{path} in {}", page.display());
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}
