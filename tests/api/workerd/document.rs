//! `openapi.yaml` by the rules of OpenAPI.

use std::process::Command;

use super::OPENAPI_TOOLS;
use crate::support::programs::output;
use crate::support::{in_workerd, python};

#[test]
fn the_document_is_valid_openapi() {
    if !in_workerd() {
        return;
    }
    let Some(programs) = python::environment(OPENAPI_TOOLS.0, OPENAPI_TOOLS.1) else {
        return;
    };
    let mut command = Command::new(programs.join("openapi-spec-validator"));
    let found = output(command.args(["--schema", "3.1", "openapi.yaml"]));
    found.unwrap_or_else(|found| panic!("{found}"));
}
