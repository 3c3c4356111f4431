//! The programs of docs/clients.md, which call the API.

use serde_json::{Value, json};

use crate::support::client::registered;
use crate::support::lossy::{Loss, Lossy};
use crate::support::programs::{javascript, program, python, shell};
use crate::support::{App, PASSWORD, unique_email};

const PAGE: &str = include_str!("../../../docs/clients.md");

/// Appended to a program in JavaScript: prints what each call got, an e-mail or the code of a problem.
const JAVASCRIPT: &str = r#"
const [email, password] = process.argv.slice(2);
const said = [];
async function say(call) {
  const code = (error) => error.response?.data?.code ?? error.code;
  said.push(await call.then((user) => user?.email ?? "done", code));
}
await say(register(email, password, "Ada"));
await say(register(email, password, "Ada"));
await say(login(email, "wrong"));
await say(login(email, password));
await say(me());
tokens.access_token += "x";
for (const user of await Promise.allSettled([me(), me()])) {
  await say(user.value ? Promise.resolve(user.value) : Promise.reject(user.reason));
}
tokens = { access_token: "x", refresh_token: "x" };
await say(me());
console.log(JSON.stringify(said));
"#;

/// The same for one of Python.
const PYTHON: &str = r#"
import json, sys
import service
email, password = sys.argv[1:]
said = []
def say(call, *arguments):
    try:
        user = call(*arguments)
        said.append(user["email"] if user else "done")
    except service.httpx.HTTPStatusError as error:
        said.append(error.response.json()["code"])
say(service.register, email, password, "Ada")
say(service.register, email, password, "Ada")
say(service.login, email, "wrong")
say(service.login, email, password)
say(service.me)
service.tokens["access_token"] += "x"
say(service.me)
say(service.me)
service.tokens = {"access_token": "x", "refresh_token": "x"}
say(service.me)
print(json.dumps(said))
"#;

/// The same for one of sh.
const SHELL: &str = r#"
ACCOUNT="\"email\": \"$1\", \"password\": \"$2\""
RIGHT=$ACCOUNT
say() { sed 's/.*"\(email\|code\)":"\([^"]*\)".*/"\2",/'; }
tell() { "$@" >out 2>err; say <out; echo; }
echo '['
tell register
tell register
ACCOUNT="\"email\": \"$1\", \"password\": \"wrong\""
tell login
say <err; echo
ACCOUNT=$RIGHT
login
echo '"done",'
tell me
TOKENS=$(echo "$TOKENS" | sed 's/"access_token":"/&x/')
tell me
tell me
TOKENS='{"access_token":"x","refresh_token":"x"}'
tell me
say <err | tr -d ,
echo ']'
"#;

/// Runs a client on good ways and bad ones. `run` is given the port of the API and an e-mail, and
/// returns what the client was told.
async fn tried(run: impl Fn(u16, &str) -> Option<Value> + Clone + Send + 'static) {
    let app = App::with().start();
    for losses in [&[][..], &[Loss::Answer], &[Loss::Unavailable]] {
        let way = Lossy::before(&app, losses).await;
        let (run, port, email) = (run.clone(), way.port(), unique_email());
        let name = email.clone();
        // A thread, since the way is served by this one.
        let said = tokio::task::spawn_blocking(move || run(port, &name)).await;
        let Some(said) = said.expect("an end") else {
            return;
        };
        let expected = [
            &email,
            "email_taken",
            "invalid_credentials",
            "done",
            &email,
            &email,
            &email,
            "invalid_session",
        ];
        assert_eq!(said, json!(expected), "{losses:?}");
        // Once, or once more with the same token; and the one that is none.
        let sent = way.refreshes();
        assert_eq!(sent.len(), losses.len() + 2, "{losses:?}: {sent:?}");
        assert_eq!(sent[0], sent[losses.len()], "{losses:?}");
        assert_eq!(sent[0].len(), 94, "{losses:?}: {sent:?}");
        assert_eq!(sent.last().map(String::as_str), Some("x"));
    }
}

#[tokio::test]
async fn curls_functions_refresh_after_a_401_and_repeat_a_refresh_without_a_good_answer() {
    tried(|port, email| {
        let program = program(PAGE, "curl", "sh", port) + SHELL;
        Some(shell("curl", &program, &[email, PASSWORD]))
    })
    .await;
}

#[tokio::test]
async fn fetchs_program_refreshes_after_a_401_and_repeats_a_refresh_without_a_good_answer() {
    tried(|port, email| {
        let program = program(PAGE, "fetch", "js", port) + JAVASCRIPT;
        let files = [("main.mjs", &*program)];
        Some(javascript("fetch", &files, &[email, PASSWORD]))
    })
    .await;
}

#[tokio::test]
async fn axioss_program_refreshes_after_a_401_and_repeats_a_refresh_without_a_good_answer() {
    tried(|port, email| {
        let program = program(PAGE, "axios", "js", port) + JAVASCRIPT;
        let files = [("main.mjs", &*program)];
        Some(javascript("axios", &files, &[email, PASSWORD]))
    })
    .await;
}

#[tokio::test]
async fn httpxs_program_refreshes_after_a_401_and_repeats_a_refresh_without_a_good_answer() {
    tried(|port, email| {
        let program = program(PAGE, "httpx", "python", port);
        let files = [("main.py", PYTHON), ("service.py", &*program)];
        python("httpx", &files, &[email, PASSWORD])
    })
    .await;
}

/// Uses the program of an OAuth 2.0 library: prints the errors that it got, and the e-mail.
const OAUTH: &str = r#"
import json, sys
import service
email, password = sys.argv[1:]
said = []
for attempt in ["wrong", password]:
    try:
        service.login(email, attempt)
    except service.OAuthError as error:
        said += [error.error, error.description]
said.append(service.me()["email"])
first = dict(service.api.token)
service.api.token["expires_at"] = 0
said.append(service.me()["email"])
said.append(service.api.token["refresh_token"] != first["refresh_token"])
service.api.token.update(expires_at=0, refresh_token="x")
try:
    service.me()
except service.OAuthError as error:
    said += [error.error, error.description]
print(json.dumps(said))
"#;

#[tokio::test]
async fn an_oauth_library_logs_in_refreshes_by_itself_and_reads_why_it_may_not() {
    let app = App::shared();
    let (port, email) = (app.port(), registered(app).await);
    let name = email.clone();
    let run = move || {
        let program = program(PAGE, "OAuth 2.0 libraries", "python", port);
        let files = [("main.py", OAUTH), ("service.py", &*program)];
        python("oauth", &files, &[&name, PASSWORD])
    };
    // A thread, since the app may be served by this one.
    let Some(said) = tokio::task::spawn_blocking(run).await.expect("an end") else {
        return;
    };
    let expected = json!([
        "invalid_grant",
        "The e-mail or the password is wrong.",
        email,
        email,
        true,
        "invalid_grant",
        "The session is over; log in again.",
    ]);
    assert_eq!(said, expected);
}
