//! The steps from the Worker's source to the two files that are deployed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::bindgen;
use crate::tools::{NIGHTLY, TARGET, Tools};
use xtask_host::process::{command, root, step};

/// The module whose default export is the Worker, and what it imports beside the wasm.
const ENTRY: [&str; 2] = ["entry.js", "tasks.js"];
/// What a closure checks before it calls into wasm: whether its instance is the present one.
const IS_STALE: &str = "state.instance !== __wbg_instance_id";
/// After an abort the old instance is replaced by the next call into wasm, which may be a closure's.
const IS_STALE_OR_ABORTED: &str = "state.instance !== __wbg_instance_id || __wbg_reinit_scheduled";
/// The features of WebAssembly that wasm-opt may use.
const WASM_FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

/// The size up to which wasm-opt inlines a function that is called at one place only. By default it
/// inlines them all, which makes functions of 60 KB: a gzipped wasm that is 19 KB larger, and a first
/// answer that takes 3 ms more, since V8 compiles a function when it is first called.
const INLINED_INTO_ONE: &str = "--one-caller-inline-max-function-size=20";

/// Whether the names of functions are kept, a tenth of the size. The message of a panic says file
/// and line without them; a profile does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Stripped,
    Kept,
}

/// Compiles the Worker into `index.js` and `index_bg.wasm` in a folder.
pub(crate) async fn bundle(
    tools: &Tools,
    folder: &Path,
    features: &[&str],
    names: Names,
) -> Result<()> {
    let wasm = compile(features).await?;
    let staging = root().join("target/worker").join(
        folder
            .file_name()
            .context("the folder of a build has a name")?,
    );
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(&staging)?;
    let generated = staging.clone();
    // On a thread of its own, so that Ctrl-C is heard meanwhile.
    tokio::task::spawn_blocking(move || bindgen::generate(&wasm, &generated))
        .await?
        .context("wasm-bindgen")?;
    fs::create_dir_all(folder)?;
    join(tools, &staging, folder, names).await?;
    optimise(tools, &staging, folder, names).await
}

/// Returns the compiled wasm. `panic=unwind` makes a panic an error of its own request only; the
/// standard library has to be rebuilt for it, which also lets it take its smaller algorithms.
async fn compile(features: &[&str]) -> Result<PathBuf> {
    // Never one that checkouts share: cargo takes the newest Worker for everybody's.
    let target = root().join("target");
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    flags.push_str(" -Cpanic=unwind");
    let mut cargo = command("cargo");
    cargo
        .arg(format!("+{NIGHTLY}"))
        .args(["build", "--lib", "--release", "--package", "gatehouse"])
        .args(["--target", TARGET, "-Zbuild-std=std,panic_unwind"])
        .arg("-Zbuild-std-features=panic-unwind,optimize_for_size")
        // The message of a panic names its file. This machine's folders are nobody's business, and would
        // make the wasm differ from machine to machine.
        .args([
            "-Ztrim-paths",
            "--config",
            "profile.release.trim-paths='all'",
        ])
        .args(["--features", &features.join(",")])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", flags)
        // wasm-bindgen's macro then uses the futures of js-sys, as the `worker` crate does.
        .env("WASM_BINDGEN_USE_JS_SYS", "1")
        .current_dir(root());
    step("compiling the Worker", &mut cargo).await?;
    Ok(target.join(TARGET).join("release/gatehouse.wasm"))
}

/// Joins the JavaScript into one file.
async fn join(tools: &Tools, staging: &Path, folder: &Path, names: Names) -> Result<()> {
    let generated = staging.join("index.js");
    let text = fs::read_to_string(&generated)?;
    // A static import is a `WebAssembly.Module` in Workers; the proposal's form is not known there.
    let text = text.replace("import source ", "import ");
    ensure!(
        text.contains(IS_STALE),
        "wasm-bindgen writes other closures"
    );
    // Without it, the closure would run in the new instance with pointers of the old one.
    fs::write(&generated, text.replace(IS_STALE, IS_STALE_OR_ABORTED))?;
    for module in ENTRY {
        fs::copy(root().join("src/worker").join(module), staging.join(module))?;
    }
    let mut esbuild = tools.npm_program("esbuild");
    esbuild
        .args(["entry.js", "--bundle", "--format=esm"])
        .args((names == Names::Stripped).then_some("--minify"))
        .args(["--external:./index_bg.wasm", "--external:cloudflare:*"])
        .arg(format!("--outfile={}", folder.join("index.js").display()))
        .current_dir(staging);
    step("joining its JavaScript", &mut esbuild).await
}

/// Makes the wasm smaller.
async fn optimise(tools: &Tools, staging: &Path, folder: &Path, names: Names) -> Result<()> {
    let mut wasm_opt = tools.npm_program("wasm-opt");
    wasm_opt.args(["-Os", INLINED_INTO_ONE]).arg(match names {
        Names::Stripped => "--strip-debug",
        Names::Kept => "--debuginfo",
    });
    wasm_opt.args(WASM_FEATURES.map(|feature| format!("--enable-{feature}")));
    wasm_opt
        .arg(staging.join("index_bg.wasm"))
        .arg("-o")
        .arg(folder.join("index_bg.wasm"));
    step("making its wasm smaller", &mut wasm_opt).await
}
