//! More users and more clients: what stays flat, and who is served out of turn.

use anyhow::Result;

use crate::page::Section;

pub(crate) async fn run(_quick: bool) -> Result<Section> {
    anyhow::bail!("not yet")
}
