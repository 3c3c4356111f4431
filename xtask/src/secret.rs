//! `cargo xtask secret`: random keys.

use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_compact::{KeyPair, Seed};
use xtask_host::private::random_hex;
use xtask_host::process::root;

use crate::settings;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write it into .dev.vars, unless there is one there.
    #[arg(long)]
    dev: bool,
    /// A key pair for `ALGORITHM = "EdDSA"`: prints the private key, and says the public one.
    #[arg(long, conflicts_with = "dev")]
    ed25519: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.dev {
        return ensure_dev_secret();
    }
    if options.ed25519 {
        return print_key_pair();
    }
    println!("{}", random_hex(32)?);
    Ok(())
}

/// Prints the private key alone on standard output, so that it can be piped.
fn print_key_pair() -> Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system has no randomness")?;
    let pair = KeyPair::from_seed(Seed::new(seed));
    println!("{}", Base64UrlUnpadded::encode_string(&seed));
    let public = Base64UrlUnpadded::encode_string(&pair.pk[..]);
    eprintln!("its public half, for VERIFICATION_KEYS: EdDSA:{public}");
    Ok(())
}

/// Puts a random `SECRET_KEY` into `.dev.vars`, where `wrangler dev` reads it, if none is there.
pub(crate) fn ensure_dev_secret() -> Result<()> {
    ensure_secret_in(&root().join(".dev.vars"))
}

fn ensure_secret_in(path: &Path) -> Result<()> {
    let present = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        present => present.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let variables = settings::parse(&present, |_| None).values;
    let secret = variables.get("SECRET_KEY").cloned().flatten();
    if secret.is_some_and(|secret| !secret.is_empty()) {
        return Ok(());
    }
    // The last one counts, so an empty one may stay where it is.
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    // It may be a copy of the example, which everybody can read.
    file.set_permissions(Permissions::from_mode(0o600))?;
    if !present.is_empty() && !present.ends_with('\n') {
        writeln!(file)?;
    }
    writeln!(file, "SECRET_KEY=\"{}\"", random_hex(32)?)?;
    eprintln!("  wrote a random SECRET_KEY into .dev.vars");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_for_dev_is_made_once_and_for_nobody_else_to_read() {
        let path = root().join("target/tmp/dev.vars");
        std::fs::create_dir_all(root().join("target/tmp")).unwrap();
        let text = || std::fs::read_to_string(&path).unwrap();
        for present in [None, Some("# from the example\nSECRET_KEY=\"\"")] {
            std::fs::remove_file(&path).ok();
            if let Some(example) = present {
                std::fs::write(&path, example).unwrap();
                std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            }
            ensure_secret_in(&path).unwrap();
            let written = text();
            let last = written.lines().last().unwrap();
            assert!(last.starts_with("SECRET_KEY=\"") && last.len() > 64);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            ensure_secret_in(&path).unwrap();
            assert_eq!(text(), written);
        }
    }
}
