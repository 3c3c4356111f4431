//! Clients that generators make from `openapi.yaml`, used as docs/clients.md says.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::OPENAPI_TOOLS;
use crate::support::programs::{block, folder, link_modules, output, path_with, program};
use crate::support::{App, PASSWORD, in_workerd, python, unique_email};

const PAGE: &str = include_str!("../../../docs/clients.md");
const DOCUMENT: &str = include_str!("../../../openapi.yaml");

const TYPESCRIPT: &str = "openapi-typescript";
const PYTHON: &str = "openapi-python-client";

/// Uses the program in TypeScript: says what its calls get, an e-mail or a message.
const TRY_TYPESCRIPT: &str = r#"
import { login, me, register } from "./main.mjs";
const [email, password] = process.argv.slice(2);
const said = [];
const say = async (call) => said.push(await call.then((user) => user.email, (error) => error.message));
await say(register(email, password, "Ada"));
await say(register(email, password, "Ada"));
await say(login(email, "wrong"));
await say(login(email, password).then(me));
await say(me("x"));
console.log(JSON.stringify(said));
"#;

/// The same in Python.
const TRY_PYTHON: &str = r#"
import json, sys
from main import API, AuthenticatedClient, me, sign_in, sign_up
email, password = sys.argv[1:]
said = []
def say(call):
    try:
        said.append(call().email)
    except (PermissionError, RuntimeError) as error:
        said.append(str(error))
say(lambda: sign_up(email, password, "Ada"))
say(lambda: sign_up(email, password, "Ada"))
say(lambda: sign_in(email, "wrong"))
say(lambda: me(sign_in(email, password)))
say(lambda: me(AuthenticatedClient(base_url=API, token="x")))
print(json.dumps(said))
"#;

/// Changes to the program in TypeScript, each with the error of the compiler.
const MISTAKES: [(&str, &str, &str); 5] = [
    ("\"/me\"", "\"/mee\"", "TS2345"),
    ("password, name }", "passwort: password, name }", "TS2561"),
    ("body: { email, password } ", "body: { email } ", "TS2322"),
    (
        "\"invalid_credentials\"",
        "\"invalid_credential\"",
        "TS2678",
    ),
    ("data.access_token", "data.refresh_token", "TS2322"),
];

/// Programs with one mistake each, in files of their own.
fn mistaken(program: &str) -> Vec<(String, String)> {
    let mistakes = MISTAKES.iter().enumerate();
    mistakes
        .map(|(at, (right, wrong, _))| {
            assert!(program.contains(right), "{right}");
            let text = program.replacen(right, wrong, 1);
            (format!("wrong{at}.mts"), text)
        })
        .collect()
}

/// Runs the commands under a heading of the page; returns what they print.
fn generate(heading: &str, folder: &Path, path: OsString) -> String {
    let commands = format!("set -e; exec 2>&1; {}", block(PAGE, heading, "sh"));
    let mut shell = Command::new("sh");
    shell.current_dir(folder).env("PATH", path);
    run(shell.args(["-c", &commands]))
}

fn run(command: &mut Command) -> String {
    output(command).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a program that calls an API, and checks what its calls get.
fn try_out(program: &str, file: &str, folder: &Path) {
    let email = unique_email();
    let mut command = Command::new(program);
    command.current_dir(folder).args([file, &email, PASSWORD]);
    let said: Value = serde_json::from_str(&run(&mut command)).expect("JSON");
    let expected = [
        &*email,
        "A user with this e-mail exists already.",
        "Wrong e-mail or password.",
        &*email,
        "The access token is not valid; refresh it or log in again.",
    ];
    assert_eq!(said, json!(expected));
}

#[tokio::test]
async fn types_of_openapi_typescript_fit_the_answers_and_no_misspelt_request() {
    if !in_workerd() {
        return;
    }
    let app = App::with().start();
    let program = program(PAGE, TYPESCRIPT, "ts", app.port());
    let mut files = vec![
        ("openapi.yaml", DOCUMENT),
        ("main.mts", &*program),
        ("try.mjs", TRY_TYPESCRIPT),
    ];
    let wrong = mistaken(&program);
    files.extend(wrong.iter().map(|(name, text)| (&**name, &**text)));
    let folder = folder(TYPESCRIPT, &files);
    link_modules(
        &folder,
        &["openapi-fetch", "openapi-typescript", "typescript"],
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    let printed = generate(TYPESCRIPT, &folder, path);
    // A warning would be a line more.
    assert_eq!(printed.lines().count(), 2, "{printed}");
    try_out("node", "try.mjs", &folder);

    let mut compile = Command::new("node_modules/.bin/tsc");
    compile
        .current_dir(&folder)
        .args([
            "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext",
        ])
        .args(wrong.iter().map(|(name, _)| name));
    let errors = output(&mut compile).expect_err("errors of types");
    for ((_, mistake, code), (name, _)) in MISTAKES.iter().zip(&wrong) {
        let is_it = |line: &str| line.starts_with(&**name) && line.contains(code);
        assert!(errors.lines().any(is_it), "{mistake}: {errors}");
    }
    fs::remove_dir_all(folder).expect("the folder");
}

#[tokio::test]
async fn the_package_of_openapi_python_client_reads_the_answers() {
    if !in_workerd() {
        return;
    }
    let Some(programs) = python::environment(OPENAPI_TOOLS.0, OPENAPI_TOOLS.1) else {
        return;
    };
    let app = App::with().start();
    let program = program(PAGE, PYTHON, "python", app.port());
    let files = [
        ("openapi.yaml", DOCUMENT),
        ("main.py", &*program),
        ("try.py", TRY_PYTHON),
    ];
    let folder = folder(PYTHON, &files);
    // It ends with an error if there is a warning.
    generate(PYTHON, &folder, path_with(&programs));
    let python = programs.join("python").display().to_string();
    try_out(&python, "try.py", &folder);
    fs::remove_dir_all(folder).expect("the folder");
}
