//! The program as it is started, and who may use its control port.

use std::process::Command;

use hyperdrive_local::options::Options;
use hyperdrive_local::{Hyperdrive, url};
use reqwest::header::HOST;

#[test]
fn a_wrong_url_is_told_without_a_part_of_it() {
    for url in [
        "hunter2",
        "postgres://u:hunter2@h/d",
        "mysql://u:hunter2#@h/d",
        "mysql://u:hunter2@h",
    ] {
        let program = env!("CARGO_BIN_EXE_hyperdrive-local");
        let mut by_environment = Command::new(program);
        by_environment.env("DATABASE_URL", url);
        let mut by_argument = Command::new(program);
        by_argument.args(["--origin", url]);
        for mut command in [by_environment, by_argument] {
            let output = command.output().expect("the program");
            assert!(!output.status.success(), "{url}");
            let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
            assert!(
                said.starts_with("error: the database's URL is wrong: it"),
                "{said}"
            );
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}

#[tokio::test]
async fn the_control_port_answers_to_names_of_this_machine_only() {
    let origin = url::origin("mysql://u:p@127.0.0.1:1/d").expect("a URL");
    let hyperdrive = Hyperdrive::start(Options::new(origin))
        .await
        .expect("a local Hyperdrive");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let control = hyperdrive.control();
    tokio::spawn(async { axum::serve(listener, control).await });
    let client = reqwest::Client::new();
    for (host, expected) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        ("localhost".to_owned(), 200),
        (format!("evil.example:{port}"), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
        ("127.0.0.1:1@evil.example".to_owned(), 403),
        (String::new(), 403),
    ] {
        for (request, path) in [
            (reqwest::Method::GET, "counters"),
            (reqwest::Method::DELETE, "fault"),
        ] {
            let url = format!("http://127.0.0.1:{port}/{path}");
            let answer = client.request(request, url).header(HOST, &host).send();
            let status = answer.await.expect("an answer").status().as_u16();
            assert_eq!(status, expected, "{host} {path}");
        }
    }
}
