//! Writes a result into its page, between the markers of its section.

use std::fs;

use anyhow::{Context as _, Result};
use testkit::root;

use crate::hash::{self, OURS, PASSLIB};
use crate::rounds::{Memory, Row};
use crate::servers::python;
use crate::{chart, machine, table};

/// The page of what a request costs a server.
pub(crate) const PERFORMANCE: &str = "docs/performance.md";
const CHART: &str = "docs/performance.svg";

/// A result.
pub(crate) struct Section {
    /// The page that it is in.
    pub(crate) page: &'static str,
    /// The word in its markers.
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) chart: Option<String>,
}

/// The result of a run over all endpoints.
pub(crate) async fn result(
    quick: bool,
    rows: &[Row],
    memory: &[Memory],
    first: String,
) -> Result<Section> {
    let python = python().await?;
    let hashes = table::Hashes {
        native: hash::native(OURS)?,
        python: hash::python(&python, OURS)?,
        passlib: hash::python(&python, PASSLIB)?,
    };
    let quick = if quick { " --quick" } else { "" };
    let command = format!("cargo xtask bench{quick} --write");
    let parts = [
        machine::describe(&command).await?,
        table::requests(rows),
        table::hashes(rows, &hashes),
        table::memory(memory),
        first,
    ];
    Ok(Section {
        page: PERFORMANCE,
        name: "requests",
        text: parts.join("\n"),
        chart: Some(chart::svg(rows)),
    })
}

/// Replaces a section of the page, and the chart.
pub(crate) fn write(section: &Section) -> Result<()> {
    let name = section.page;
    let path = root().join(name);
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
    let page = replaced(&page, section.name, &section.text);
    fs::write(
        &path,
        page.with_context(|| format!("{name} has no markers"))?,
    )?;
    if let Some(chart) = &section.chart {
        fs::write(root().join(CHART), chart)?;
    }
    Ok(())
}

/// The page with another text between two markers.
fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- begin {name}: by cargo xtask bench -->"),
        format!("<!-- end {name} -->"),
    );
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    let text = text.trim_end();
    Some(format!("{before}{begin}\n\n{text}\n\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rerun_replaces_its_own_section_and_nothing_else() {
        let page = "# A\n\n<!-- begin x: by cargo xtask bench -->\nold\n<!-- end x -->\nb\n\
                    <!-- begin y: by cargo xtask bench -->\nkept\n<!-- end y -->\n";
        let once = replaced(page, "x", "new\n").unwrap();
        assert_eq!(once, page.replace("\nold\n", "\n\nnew\n\n"));
        assert_eq!(replaced(&once, "x", "new").unwrap(), once);
        assert_eq!(replaced(page, "z", "new"), None);
    }
}
