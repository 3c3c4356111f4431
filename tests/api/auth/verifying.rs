//! The programs of docs/verifying.md, which verify Gatehouse's tokens in another service.

use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use gatehouse::config::Config;
use gatehouse::identity::user_id::UserId;
use gatehouse::token::Tokens;
use serde_json::{Value, json};

use testkit::{scratch_folder, skipped};

use crate::support::{App, Builder, SECRET_KEY};

const PAGE: &str = include_str!("../../../docs/verifying.md");

/// One that signs nothing else.
const PRIVATE: &str = "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY";

const PYJWT: &str = "pyjwt[crypto]==2.15.1";

/// Reads a program's `check` and a list of tokens, and prints what it says of each.
const NODE: &str = r#"
import { check } from "./service.mjs";
const tokens = JSON.parse(process.argv[2]);
const said = await Promise.all(tokens.map((token) => check(token).catch(() => null)));
console.log(JSON.stringify(said));
"#;

const PYTHON: &str = r"
import json, sys
import jwt
from service import user_id
def check(token):
    try:
        return user_id(token)
    except jwt.InvalidTokenError:
        return None
print(json.dumps([check(token) for token in json.loads(sys.argv[1])]))
";

fn app(variables: &[(&'static str, &str)]) -> App {
    let setup = App::with()
        .variable("ALGORITHM", "EdDSA")
        .variable("ED25519_PRIVATE_KEY", PRIVATE);
    let add = |setup: Builder, (name, value): &(&'static str, &str)| setup.variable(name, value);
    variables.iter().fold(setup, add).start()
}

/// The program under a heading of the page, with the app in its host's place.
fn program(heading: &str, language: &str, app: &App) -> String {
    let (_, section) = PAGE
        .split_once(&format!("\n## {heading}"))
        .expect("a section");
    let (_, block) = section
        .split_once(&format!("\n```{language}\n"))
        .expect("a program");
    let (program, _) = block.split_once("\n```\n").expect("its end");
    let host = format!("http://127.0.0.1:{}", app.port());
    let local = program.replace("https://app.example.com", &host);
    assert_ne!(local, program, "{heading} asks another host");
    local
}

fn folder(name: &str) -> PathBuf {
    let folder = scratch_folder().join(format!("verifying-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// What a program says, as JSON.
fn run(command: &mut Command) -> Value {
    let output = command.output().expect("a program");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Runs a program of JavaScript that exports `check`.
fn javascript(name: &str, program: &str, tokens: &[String]) -> Value {
    let folder = folder(name);
    let modules = std::path::absolute("node_modules").expect("the current folder");
    assert!(
        modules.join("jose").is_dir(),
        "no jose: run `cargo xtask test`, or npm ci --ignore-scripts"
    );
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("a link");
    std::fs::write(folder.join("service.mjs"), program).expect("a file");
    std::fs::write(folder.join("main.mjs"), NODE).expect("a file");
    let mut node = Command::new("node");
    node.current_dir(&folder)
        .arg("main.mjs")
        .arg(json!(tokens).to_string());
    let said = run(&mut node);
    std::fs::remove_dir_all(&folder).expect("the folder");
    said
}

/// A token with one character of its signature changed.
fn spoilt(token: &str) -> String {
    let (rest, signature) = token.rsplit_once('.').expect("a signature");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    format!("{rest}.{other}{}", &signature[1..])
}

/// A good token but for its time: it has expired half an hour ago.
fn expired(user: i64, typ: &str) -> String {
    let variables = [
        ("SECRET_KEY", SECRET_KEY),
        ("ALGORITHM", "EdDSA"),
        ("ED25519_PRIVATE_KEY", PRIVATE),
        ("TOKEN_TYPE", typ),
    ];
    let config = Config::read(|name| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let an_hour_ago = now.expect("a time").as_secs() - 3600;
    let tokens = Tokens::new(config.expect("a configuration").token);
    tokens
        .issue(UserId::from(user), [7; 16].into(), an_hour_ago)
        .expect("a token")
        .token
}

/// A token of a type that is good, and those that are not: spoilt, expired, of another issuer, for
/// another audience, of the other type.
async fn tokens(good: &App, typ: &'static str, other_type: &'static str) -> (i64, Vec<String>) {
    let user = good.user().await;
    let mut tokens = vec![
        user.token.clone(),
        spoilt(&user.token),
        expired(user.id, typ),
    ];
    for variables in [
        [("TOKEN_TYPE", typ), ("TOKEN_ISSUER", "other")],
        [("TOKEN_TYPE", typ), ("TOKEN_AUDIENCE", "other")],
        [("TOKEN_TYPE", other_type), ("TOKEN_ISSUER", "gatehouse")],
    ] {
        tokens.push(app(&variables).user().await.token);
    }
    (user.id, tokens)
}

#[tokio::test]
async fn joses_program_takes_our_tokens_and_no_others() {
    let app = app(&[]);
    let (id, tokens) = tokens(&app, "at+jwt", "JWT").await;
    let program = program("jose", "js", &app) + "\nexport { userId as check };\n";
    let said = javascript("jose", &program, &tokens);
    assert_eq!(said, json!([id.to_string(), null, null, null, null, null]));
}

#[tokio::test]
async fn honos_program_takes_tokens_of_its_type_and_of_ours_when_it_is_told() {
    const CHECK: &str = r#"
export async function check(token) {
  const answer = await app.request("/orders", { headers: { authorization: `Bearer ${token}` } });
  if (answer.status === 401) return null;
  return (await answer.json()).user;
}
"#;
    for (typ, other_type, told) in [("JWT", "at+jwt", false), ("at+jwt", "JWT", true)] {
        let app = app(&[("TOKEN_TYPE", typ)]);
        let (id, tokens) = tokens(&app, typ, other_type).await;
        let mut program = program("Hono", "js", &app) + CHECK;
        if told {
            let verification =
                "verification: { typ: \"at+jwt\", iss: \"gatehouse\", aud: \"gatehouse\" }";
            assert!(PAGE.contains(&format!("`{verification}`")));
            program = program.replace(&verification.replace("typ: \"at+jwt\", ", ""), verification);
            assert!(program.contains(verification));
        }
        let said = javascript("hono", &program, &tokens);
        assert_eq!(
            said,
            json!([id.to_string(), null, null, null, null, null]),
            "{typ}"
        );
    }
}

#[tokio::test]
async fn pyjwts_program_takes_our_tokens_and_no_others() {
    let Some(python) = python_with_pyjwt() else {
        skipped("no python3 that can install PyJWT, so its program is not run");
        return;
    };
    let app = app(&[]);
    let (id, tokens) = tokens(&app, "at+jwt", "JWT").await;
    let folder = folder("pyjwt");
    let program = program("PyJWT", "python", &app);
    std::fs::write(folder.join("service.py"), program).expect("a file");
    std::fs::write(folder.join("main.py"), PYTHON).expect("a file");
    let mut command = Command::new(python);
    command
        .current_dir(&folder)
        .arg("main.py")
        .arg(json!(tokens).to_string());
    let said = run(&mut command);
    std::fs::remove_dir_all(&folder).expect("the folder");
    assert_eq!(said, json!([id.to_string(), null, null, null, null, null]));
}

/// A Python with `PyJWT`, in an environment that is made once; none where that cannot be done.
fn python_with_pyjwt() -> Option<PathBuf> {
    let folder = scratch_folder().join(PYJWT.replace("==", "-"));
    let python = folder.join("bin/python");
    let works = |command: &mut Command| {
        let output = command.output();
        output.is_ok_and(|output| output.status.success())
    };
    let version = || works(Command::new(&python).args(["-c", "import jwt, cryptography"]));
    let made = version()
        || (works(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && works(Command::new(&python).args(["-m", "pip", "install", "--quiet", PYJWT]))
            && version());
    made.then_some(python)
}
