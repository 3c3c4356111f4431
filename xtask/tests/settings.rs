//! A wrong database is told before anything is built, in one line without a value of the settings.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use testkit::{database, free_port};

const SECRET: &str = "hunter2";

/// What `cargo xtask` says when it fails with a database's URL.
fn told(arguments: &[&str], url: &str) -> String {
    let started = Instant::now();
    // At run time: the checkout may have moved since it was compiled.
    let xtask = std::env::var_os("CARGO_BIN_EXE_xtask").expect("run by `cargo test`");
    let output = Command::new(xtask)
        .args(arguments)
        .env("DATABASE_URL", url)
        .output()
        .expect("xtask");
    assert!(!output.status.success(), "{url}");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    assert!(!said.contains(SECRET), "{said}");
    assert!(!said.contains("Input/output"), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(started.elapsed() < Duration::from_mins(1), "{said}");
    said
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}

/// The tests' own server: what its URL has before and behind the user's password.
fn server() -> (String, String, String) {
    let url = database::url();
    let (account, place) = url.split_once('@').expect("an account");
    let (place, _) = place.split_once('/').expect("a database");
    let account = account.trim_start_matches("mysql://");
    let (user, password) = account.split_once(':').expect("a password");
    (user.to_owned(), password.to_owned(), place.to_owned())
}

#[test]
fn a_port_that_nothing_listens_on_is_named_by_dev_and_by_migrate() {
    let port = free_port();
    let url = format!("mysql://u:{SECRET}@127.0.0.1:{port}/d");
    for arguments in [
        &["dev", "--port", "0"][..],
        &["migrate"],
        &["migrate", "--dry-run"],
    ] {
        let said = told(arguments, &url);
        let expected = format!(
            "error: cannot reach the database d on 127.0.0.1:{port} as u: nothing listens there; "
        );
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn a_host_that_is_not_known_is_named() {
    let said = told(
        &["dev", "--port", "0"],
        &format!("mysql://u:{SECRET}@db.invalid/d"),
    );
    let expected = "cannot reach the database d on db.invalid:3306 as u: this name is not known; ";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_server_that_is_silent_or_speaks_something_else_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("127.0.0.1:{}", port_of(&silent));
    let said = told(&["migrate"], &format!("mysql://u:{SECRET}@{place}/d"));
    assert!(
        said.contains(&format!("{place} as u: no answer within 10 s; ")),
        "{said}"
    );

    for greeting in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b""] {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let place = format!("127.0.0.1:{}", port_of(&other));
        std::thread::spawn(move || {
            for mut stream in other.incoming().map_while(Result::ok) {
                let _ = stream.write_all(greeting);
            }
        });
        let said = told(&["migrate"], &format!("mysql://u:{SECRET}@{place}/d"));
        assert!(
            said.contains(&place) && said.contains("MySQL server"),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_password_user_or_database_is_told_by_name() {
    let (user, password, place) = server();
    for (account, database) in [
        (format!("{user}:{SECRET}"), "mysql"),
        (format!("nobody:{SECRET}"), "x"),
    ] {
        let said = told(
            &["dev", "--port", "0"],
            &format!("mysql://{account}@{place}/{database}"),
        );
        let name = account.split(':').next().unwrap_or_default();
        let expected =
            format!("the database {database} on {place} as {name}: the password is wrong");
        assert!(said.contains(&expected), "{said}");
    }
    let said = told(
        &["migrate"],
        &format!("mysql://{user}:{password}@{place}/not_there"),
    );
    let expected =
        format!("the database not_there on {place} as {user}: there is no such database; ");
    assert!(said.contains(&expected), "{said}");
    assert!(!said.contains(&password), "{said}");
}

#[test]
fn a_server_without_tls_is_told_where_tls_is_asked_for() {
    let (user, password, place) = server();
    let said = told(
        &["migrate"],
        &format!("mysql://{user}:{password}@{place}/mysql?ssl-mode=verify_identity"),
    );
    assert!(said.contains(&place), "{said}");
    // MariaDB 11.4 makes itself a certificate.
    assert!(
        said.contains(": it has no TLS; ") || said.contains(": no TLS ("),
        "{said}"
    );
    assert!(!said.contains(&password), "{said}");
}

#[test]
fn a_url_that_cannot_be_read_is_told_without_a_part_of_it() {
    for url in [
        SECRET.to_owned(),
        format!("postgres://u:{SECRET}@h/d"),
        format!("mysql://u:{SECRET}#@h/d"),
        format!("mysql://u:{SECRET}@h"),
    ] {
        for command in ["dev", "migrate"] {
            let said = told(&[command], &url);
            assert!(
                said.contains("error: DATABASE_URL of the environment is wrong: "),
                "{said}"
            );
        }
    }
}
