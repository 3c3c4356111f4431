//! schemathesis makes requests out of `openapi.yaml`, good ones and bad ones, and compares what is
//! answered with it.

use std::fs;
use std::process::Command;

use super::OPENAPI_TOOLS;
use crate::support::database::Database;
use crate::support::programs::{folder, output};
use crate::support::{App, figure, in_workerd, python};

#[tokio::test]
async fn schemathesis_finds_nothing() {
    if !in_workerd() {
        return;
    }
    let Some(programs) = python::environment(OPENAPI_TOOLS.0, OPENAPI_TOOLS.1) else {
        return;
    };
    let files = [
        ("openapi.yaml", include_str!("../../../../openapi.yaml")),
        ("schemathesis.toml", include_str!("schemathesis.toml")),
        ("hooks.py", include_str!("hooks.py")),
    ];
    let folder = folder("schemathesis", &files);
    // Its own, since the user of the examples is registered there.
    let app = App::on(&Database::start("schemathesis", "CHARACTER SET utf8mb4"));
    let api = format!("http://127.0.0.1:{}", app.port());
    let mut command = Command::new(programs.join("schemathesis"));
    command.current_dir(&folder).env("API", &api).args([
        "--no-color",
        "run",
        "openapi.yaml",
        "--url",
        &api,
    ]);
    let found = output(&mut command).unwrap_or_else(|found| panic!("{found}"));
    let cases = found.lines().find(|line| line.contains(" generated, "));
    let cases = cases.unwrap_or_else(|| panic!("no count: {found}")).trim();
    figure(&format!("schemathesis: {cases}"));
    let count = cases.split(' ').next().and_then(|count| count.parse().ok());
    assert!(count.is_some_and(|count: u32| count > 400), "{cases}");
    assert!(!app.log().contains("\"status\":5"), "{}", app.log());
    fs::remove_dir_all(folder).expect("the folder");
}
