//! The static assets of the Worker: the page `/docs` with Swagger UI, and `/openapi.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use xtask_host::process::root;

/// Our own part of them.
const OWN: &str = "assets";
/// Where npm installs Swagger UI.
const SWAGGER_UI: &str = "node_modules/swagger-ui-dist";
/// What the page loads of it, with its licences.
const LOADED: [&str; 6] = [
    "LICENSE",
    "NOTICE",
    "favicon-32x32.png",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
];

/// The folder that `--assets` and `wrangler.toml` name.
pub(crate) fn folder() -> PathBuf {
    root().join("build/assets")
}

/// Makes the folder, unless it is as it would be made: a wrangler may be serving it.
pub(crate) fn build() -> Result<()> {
    let folder = folder();
    let mut wanted = files(&root().join(OWN))?;
    for name in LOADED {
        let path = root().join(SWAGGER_UI).join(name);
        wanted.insert(Path::new("docs").join(name), read(&path)?);
    }
    wanted.insert("openapi.json".into(), openapi()?);
    if folder.is_dir() && files(&folder)? == wanted {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for (name, bytes) in wanted {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// `openapi.yaml` as JSON. Its only server is the one that it comes from, so that the page calls the
/// API that it belongs to. Swagger UI takes the identifier of a licence for one word, and links to it.
fn openapi() -> Result<Vec<u8>> {
    let path = root().join("openapi.yaml");
    let text = String::from_utf8(read(&path)?)?;
    let mut document: Value = serde_saphyr::from_str(&text).context("openapi.yaml")?;
    let members = document.as_object_mut().context("openapi.yaml")?;
    members.insert("servers".to_owned(), json!([{ "url": "/" }]));
    if let Some(Value::Object(license)) = document.pointer_mut("/info/license") {
        license.remove("identifier");
    }
    Ok(serde_json::to_vec(&document)?)
}

/// The files in a folder and below, by their paths in it.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.path().is_dir() {
            let below = files(&entry.path())?.into_iter();
            found.extend(below.map(|(path, bytes)| (name.join(path), bytes)));
        } else {
            found.insert(name, read(&entry.path())?);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
