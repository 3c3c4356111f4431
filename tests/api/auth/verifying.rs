//! The programs of docs/verifying.md, which verify Gatehouse's tokens in another service.

use std::time::SystemTime;

use gatehouse::config::Config;
use gatehouse::identity::user_id::UserId;
use gatehouse::token::Tokens;
use serde_json::{Value, json};

use crate::support::{App, Builder, SECRET_KEY, programs};

const PAGE: &str = include_str!("../../../docs/verifying.md");

/// One that signs nothing else.
const PRIVATE: &str = "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY";

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
    programs::program(PAGE, heading, language, app.port())
}

/// Runs a program of JavaScript that exports `check`.
fn javascript(name: &str, program: &str, tokens: &[String]) -> Value {
    let files = [("main.mjs", NODE), ("service.mjs", program)];
    programs::javascript(name, &files, &[&json!(tokens).to_string()])
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
    let app = app(&[]);
    let (id, tokens) = tokens(&app, "at+jwt", "JWT").await;
    let program = program("PyJWT", "python", &app);
    let files = [("main.py", PYTHON), ("service.py", &*program)];
    if let Some(said) = programs::python("pyjwt", &files, &[&json!(tokens).to_string()]) {
        assert_eq!(said, json!([id.to_string(), null, null, null, null, null]));
    }
}
