//! `cargo xtask secret`, and whether Gatehouse takes what it prints.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::process::Command;

use gatehouse::config::Config;
use gatehouse::token::Tokens;

fn secret(arguments: &[&str]) -> (String, String) {
    let xtask = std::env::var_os("CARGO_BIN_EXE_xtask").expect("run by `cargo test`");
    let mut command = Command::new(xtask);
    let output = command.arg("secret").args(arguments).output();
    let output = output.expect("xtask");
    assert!(output.status.success());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").trim().to_owned();
    (text(output.stdout), text(output.stderr))
}

fn config(variables: &[(&str, &str)]) -> Config {
    let config = Config::read(|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    config.expect("a configuration")
}

#[test]
fn a_secret_signs_with_every_algorithm_and_is_another_each_time() {
    let (first, second) = (secret(&[]).0, secret(&[]).0);
    assert_ne!(first, second);
    for algorithm in ["HS256", "HS384", "HS512"] {
        config(&[("SECRET_KEY", &first), ("ALGORITHM", algorithm)]);
    }
}

#[test]
fn a_key_pair_signs_and_its_public_half_verifies() {
    let (private, said) = secret(&["--ed25519"]);
    let public = said.rsplit_once(' ').expect("a public key").1;
    let secret = ("SECRET_KEY", &*secret(&[]).0);
    let key = ("ED25519_PRIVATE_KEY", &*private);
    let signing = Tokens::new(config(&[secret, key, ("ALGORITHM", "EdDSA")]).token);
    let verifying = Tokens::new(config(&[secret, ("VERIFICATION_KEYS", public)]).token);
    let token = signing
        .issue(7_i64.into(), [7; 16].into(), 1_800_000_000)
        .expect("a token")
        .token;
    assert!(verifying.verify(&token, 1_800_000_000).is_ok());
    assert!(!said.contains(&private));
}
