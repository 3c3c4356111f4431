//! What is tested in workerd alone. The native run passes over this folder.

mod bridge;
mod document;
mod domains;
mod generated;
mod isolation;
mod malformed;
mod schemathesis;
mod size;
mod soak;
mod timing;

/// The environment of Python with what reads `openapi.yaml`: its name, and the list of its packages.
const OPENAPI_TOOLS: (&str, &str) = ("python-openapi", "tests/api/workerd/requirements.txt");
