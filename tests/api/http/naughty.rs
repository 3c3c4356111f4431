//! Strings that have broken other programs, where they are at hand, in the folder that
//! `TEST_CORPORA` names. Without them a test is skipped and says so.

use std::path::Path;

use serde_json::json;

use testkit::skipped;

use crate::support::{App, PASSWORD, figure, in_workerd, unique_email};

fn strings() -> Option<Vec<String>> {
    let folder = std::env::var_os("TEST_CORPORA").filter(|folder| !folder.is_empty());
    let text = folder.map(|folder| std::fs::read_to_string(Path::new(&folder).join("blns.json")));
    let Some(Ok(text)) = text else {
        skipped("blns.json is not at hand");
        return None;
    };
    let strings: Vec<String> = serde_json::from_str(&text).expect("strings");
    assert!(strings.len() > 500);
    Some(strings)
}

/// Of how many strings one is hashed: a body in JSON is read by the same code in workerd, where each
/// hash takes longer.
fn of_hashes() -> usize {
    if in_workerd() { 5 } else { 1 }
}

#[tokio::test]
async fn naughty_strings_are_kept_exactly_as_names_or_refused() {
    let Some(strings) = strings() else { return };
    let user = App::shared().user().await;
    let mut kept = 0;
    for name in &strings {
        let answer = user.update(&json!({ "name": name })).await;
        if answer.status == 422 {
            continue;
        }
        assert_eq!(answer.expect(200).json()["name"], json!(name));
        let me = user.me().await.expect(200).json();
        assert_eq!(me["name"], json!(name));
        kept += 1;
    }
    assert!(kept > strings.len() / 2, "{kept}");
    figure(&format!("{kept} naughty strings were kept"));
}

#[tokio::test]
async fn naughty_strings_are_no_e_mail_of_anybody_and_break_no_login_or_token() {
    let Some(strings) = strings() else { return };
    let app = App::with().start();
    for (number, text) in strings.into_iter().enumerate() {
        if number % of_hashes() == 0 {
            let answer = app.login(&text, &text).await;
            assert_eq!(answer.status, 401, "{text:?}");
        }
        let header = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if header {
            app.me(&text).await.problem(401, "invalid_token");
        }
    }
}

#[tokio::test]
async fn naughty_strings_are_passwords_like_any_other() {
    let Some(strings) = strings() else { return };
    let naughty = strings
        .into_iter()
        .map(|text| format!("{text}, and K7 {text}"));
    let long = naughty.filter(|text| (8..=256).contains(&text.chars().count()));
    for password in long.step_by(10 * of_hashes()) {
        let email = unique_email();
        App::shared().register(&email, &password).await.expect(201);
        App::shared().login(&email, &password).await.expect(200);
        let other = format!("{password} ");
        App::shared().login(&email, &other).await.expect(401);
        App::shared().login(&email, PASSWORD).await.expect(401);
    }
}
