//! What is in the wasm that is deployed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use testkit::{root, variable};

use crate::support::in_workerd;

/// What it may weigh when it is gzipped, in bytes: what it weighs, and a little.
const MAX_GZIPPED: usize = 478_000;

fn wasm() -> Vec<u8> {
    let wasm = Path::new(&variable("TEST_WORKER")).join("index_bg.wasm");
    fs::read(wasm).expect("the built Worker")
}

#[test]
fn the_gzipped_wasm_is_within_its_limit() {
    if !in_workerd() {
        return;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&wasm()).expect("memory");
    let gzipped = gzip.finish().expect("memory").len();
    assert!(gzipped <= MAX_GZIPPED, "{gzipped} bytes");
}

#[test]
fn the_wasm_names_no_folder_of_the_machine_that_built_it() {
    if !in_workerd() {
        return;
    }
    let wasm = wasm();
    let has = |name: &str| wasm.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(has("src/"), "the messages of panics name their files");
    let set = ["CARGO_HOME", "RUSTUP_HOME"].map(std::env::var_os);
    let set = set.into_iter().flatten().map(PathBuf::from);
    let folders = [Some(root()), std::env::home_dir()].into_iter().flatten();
    for folder in folders.chain(set).filter(|it| it.parent().is_some()) {
        let folder = folder.to_str().expect("a path in UTF-8");
        assert!(!has(&format!("{folder}/")), "{folder}");
    }
}
