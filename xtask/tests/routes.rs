//! The routes beside a Pages project, as docs/deploy.md gives them, in the eyes of Cloudflare's own
//! matcher (miniflare's, which wrangler brings).

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::process::Command;

const PAGE: &str = include_str!("../../docs/deploy.md");
const HOST: &str = "app.example.com";

/// The patterns of the first list of routes.
fn patterns() -> Vec<&'static str> {
    let (_, list) = PAGE.split_once("\nroutes = [\n").expect("routes");
    let (list, _) = list.split_once("\n]\n").expect("their end");
    let pattern = |line: &'static str| line.split('"').nth(1);
    list.lines().filter_map(pattern).collect()
}

/// The paths of openapi.yaml, which are those of the router.
fn paths() -> Vec<&'static str> {
    let lines = include_str!("../../openapi.yaml").lines();
    let keys = lines.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    keys.filter(|key| key.starts_with('/')).collect()
}

/// Which of these paths and queries the patterns take.
fn taken(patterns: &[&str], paths: &[String]) -> Vec<bool> {
    const SCRIPT: &str = "
        const { parseRoutes, matchRoutes } = require('miniflare');
        const [, patterns, urls] = process.argv;
        const routes = parseRoutes(new Map([['api', patterns.split('\\n')]]));
        for (const url of urls.split('\\n')) console.log(matchRoutes(routes, new URL(url)) === 'api');
    ";
    let urls: Vec<String> = paths
        .iter()
        .map(|path| format!("https://{HOST}{path}"))
        .collect();
    let output = Command::new("node")
        // The current folder is the package's, wherever it was compiled.
        .current_dir("..")
        .args(["-e", SCRIPT, &patterns.join("\n"), &urls.join("\n")])
        .output();
    let output = output.expect("node");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no miniflare? npm ci --ignore-scripts: {errors}"
    );
    let answers = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<bool> = answers.lines().map(|answer| answer == "true").collect();
    assert_eq!(answers.len(), paths.len());
    answers
}

#[test]
fn the_routes_take_the_whole_api_with_and_without_a_query_but_for_the_root() {
    let paths = paths();
    assert!(paths.contains(&"/") && paths.contains(&"/me"), "{paths:?}");
    let wanted: Vec<&str> = paths.into_iter().filter(|path| *path != "/").collect();
    let urls: Vec<String> = wanted
        .iter()
        .flat_map(|path| [(*path).to_owned(), format!("{path}?x=1")])
        .collect();
    for (url, taken) in urls.iter().zip(taken(&patterns(), &urls)) {
        assert!(taken, "{url} goes to Pages");
    }
    // No pattern is to spare, and no path is taken by two.
    let takers = |pattern: &str| {
        taken(&[pattern], &urls)
            .iter()
            .filter(|taken| **taken)
            .count()
    };
    let each: Vec<usize> = patterns().into_iter().map(takers).collect();
    assert!(!each.contains(&0), "{each:?}");
    assert_eq!(each.iter().sum::<usize>(), urls.len());
}

#[test]
fn the_routes_leave_to_pages_what_the_page_says_and_take_what_it_says() {
    let pages = [
        "/",
        "/?x=1",
        "/login",
        "/sign-up",
        "/account",
        "/auth",
        "/auth/reset",
        "/user/profile",
        "/index.html",
    ];
    let pages: Vec<String> = pages.map(str::to_owned).into();
    assert_eq!(taken(&patterns(), &pages), [false; 9]);
    let also = [
        "/menu",
        "/media/logo.svg",
        "/me/settings",
        "/auth/login-help",
    ];
    let also: Vec<String> = also.map(str::to_owned).into();
    assert_eq!(taken(&patterns(), &also), [true; 4]);
    for path in [
        "/menu",
        "/media/logo.svg",
        "/me/settings",
        "/login",
        "/sign-up",
        "/account",
    ] {
        assert!(PAGE.contains(&format!("`{path}`")), "{path}");
    }
}

#[test]
fn two_more_routes_take_the_page_and_its_files() {
    let (_, section) = PAGE
        .split_once("\n## The page `/docs`\n")
        .expect("a section");
    let (section, _) = section.split_once("\n## ").expect("the next one");
    let lines = section.lines().filter(|line| line.contains("{ pattern = "));
    let more: Vec<_> = lines.filter_map(|line| line.split('"').nth(1)).collect();
    let urls = ["/docs", "/docs?x=1", "/docs/start.js", "/openapi.json"].map(str::to_owned);
    assert_eq!(taken(&more, &urls), [true; 4]);
    assert_eq!(taken(&patterns(), &urls), [false; 4]);
}

#[test]
fn no_pattern_without_its_star_would_do() {
    for pattern in patterns() {
        let bare = pattern.strip_suffix('*').expect("a star at its end");
        let path = bare.strip_prefix(HOST).expect("the host");
        let urls = [path.to_owned(), format!("{path}?x=1")];
        assert_eq!(taken(&[bare], &urls), [true, false], "{bare}");
    }
}
