//! The JavaScript around the wasm, by the library of `wasm-bindgen`: its command line would have to
//! be installed in the same version.

use std::path::Path;

use anyhow::Result;
use wasm_bindgen_cli_support::Bindgen;

/// Writes `index.js`, `index_bg.wasm` and the snippets of JavaScript into a folder.
pub(crate) fn generate(wasm: &Path, folder: &Path) -> Result<()> {
    Bindgen::new()
        .module(true)?
        .input_path(wasm)
        .out_name("index")
        .typescript(false)
        // After an abort, which wasm cannot unwind, the next request gets a new instance.
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)
}
