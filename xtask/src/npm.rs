//! The JavaScript tools, as `package-lock.json` pins them: installed when they are not there.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use xtask_host::process::{command, root, step};

/// What npm is to install, and its own list of what it has installed.
const LOCK: &str = "package-lock.json";
const INSTALLED: &str = "node_modules/.package-lock.json";

/// `npm ci`, unless what it would install is there.
pub(crate) async fn ensure() -> Result<()> {
    if is_installed(&root())? {
        return Ok(());
    }
    // Nothing here needs an install script; the binaries come inside the packages.
    let mut install = command("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    step(
        "installing wrangler, workerd and their Node.js",
        &mut install,
    )
    .await
}

/// Whether all that the lock file names is installed and nothing else, but for what is optional:
/// most of that is for other platforms. Times do not tell, since git sets that of an old file to
/// now; and when the user has run npm, it is not run again, under a wrangler that is just building.
fn is_installed(root: &Path) -> Result<bool> {
    let wanted = packages(&root.join(LOCK))?;
    let Ok(installed) = packages(&root.join(INSTALLED)) else {
        return Ok(false);
    };
    let is_there = |(path, package): (&String, &Value)| match installed.get(path) {
        Some(there) => there.get("integrity") == package.get("integrity"),
        None => package.get("optional") == Some(&Value::Bool(true)),
    };
    // The one without a path is the project itself.
    let all = wanted
        .iter()
        .filter(|(path, _)| !path.is_empty())
        .all(is_there);
    Ok(all && installed.keys().all(|path| wanted.contains_key(path)))
}

/// The packages of a lock file by their paths.
fn packages(lock: &Path) -> Result<Map<String, Value>> {
    let unreadable = || format!("cannot read {}", lock.display());
    let text = std::fs::read(lock).with_context(unreadable)?;
    let mut lock: Value = serde_json::from_slice(&text).with_context(unreadable)?;
    match lock.get_mut("packages").map(Value::take) {
        Some(Value::Object(packages)) => Ok(packages),
        _ => bail!("no packages in the lock file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_anew_whenever_the_lock_file_names_others() {
        let root = std::env::temp_dir().join(format!("gatehouse-npm-{}", std::process::id()));
        std::fs::create_dir_all(root.join("node_modules")).unwrap();
        let write = |file: &str, packages: &str| {
            std::fs::write(root.join(file), format!("{{\"packages\":{{{packages}}}}}")).unwrap();
        };
        let (a, b) = (r#""a":{"integrity":"1"}"#, r#""b":{"integrity":"1"}"#);
        let other = r#""c":{"integrity":"1","optional":true}"#;
        write(LOCK, &format!(r#""":{{}},{a},{other}"#));
        assert!(!is_installed(&root).unwrap());
        // The list is always the newer file here.
        for (installed, right) in [
            (a.to_owned(), true),
            (format!("{a},{other}"), true),
            (a.replace('1', "2"), false),
            (other.to_owned(), false),
            (format!("{a},{b}"), false),
        ] {
            write(INSTALLED, &installed);
            assert_eq!(is_installed(&root).unwrap(), right, "{installed}");
        }
        std::fs::remove_dir_all(root).unwrap();
    }
}
