//! The program `wasm-bindgen`, as worker-build runs it: xtask under that name. Its own package
//! builds a web server and OpenSSL for what nobody here asks of it; the work is done by the same
//! library.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser as _;
use wasm_bindgen_cli_support::Bindgen;

/// The name that this is run under.
pub(crate) const NAME: &str = "wasm-bindgen";

/// The arguments that worker-build gives; another one is an error.
#[derive(clap::Parser)]
struct Arguments {
    /// The compiled Worker.
    input: PathBuf,
    #[arg(long)]
    out_dir: PathBuf,
    #[arg(long, value_parser = ["module"])]
    target: String,
    #[arg(long)]
    out_name: Option<String>,
    #[arg(long)]
    no_typescript: bool,
    #[arg(long)]
    experimental_reset_state_function: bool,
    #[arg(long)]
    force_enable_abort_handler: bool,
}

/// Writes the JavaScript that a Worker needs around its wasm.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let mut bindgen = Bindgen::new();
    bindgen
        .module(arguments.target == "module")?
        .input_path(arguments.input)
        .typescript(!arguments.no_typescript)
        .reset_state_function(arguments.experimental_reset_state_function)
        .force_enable_abort_handler(arguments.force_enable_abort_handler);
    if let Some(name) = &arguments.out_name {
        bindgen.out_name(name);
    }
    bindgen.generate(arguments.out_dir)
}
