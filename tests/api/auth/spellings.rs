//! Old rows whose e-mail is spelled in another way than new ones have it.

use gatehouse::identity::email::Email;
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit::hash::PASSLIB;

use crate::support::database::Database;
use crate::support::{App, PASSWORD, in_workerd, unique_email};

/// A hash that is quick to verify and to be replaced, of a password.
fn hash(password: &str) -> String {
    let made = bcrypt::hash_with_salt(password, 4, *b"a salt of a test");
    made.expect("a hash").to_string()
}

/// Logs in and returns the id of the user.
async fn log_in(app: &App, email: &str, password: &str) -> serde_json::Value {
    let token = app.login(email, password).await.expect(200).token();
    app.me(&token).await.expect(200).json()["id"].take()
}

/// Databases whose old table has these collations: with and without cases, padded and not. (The
/// comments are read by MariaDB and MySQL alone.) In workerd it is the first of them alone: the
/// others differ in what the database does, which is the same for every runtime.
fn databases(test: &str) -> Vec<Database> {
    [
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_unicode_nopad_ci */ /*!80017 utf8mb4_0900_ai_ci */",
        "CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */",
        "CHARACTER SET latin1",
    ]
    .into_iter()
    .take(if in_workerd() { 1 } else { BINARY.len() })
    .enumerate()
    .map(|(index, options)| Database::start(&format!("{test}_{index}"), options))
    .collect()
}

/// Which of them tell cases apart.
const BINARY: [bool; 6] = [false, false, true, false, true, false];

#[tokio::test]
async fn white_space_around_a_stored_e_mail_does_not_count() {
    for database in databases("spaces") {
        let app = App::on(&database);
        for (before, after) in [
            ("", " "),
            (" ", ""),
            ("", "\t"),
            ("", "\r\n"),
            ("", " \t "),
            ("", "\t\t\n\u{c}\r "),
            ("\t", "\n"),
            ("\r\n \t", "   "),
            ("", &"\t".repeat(200)),
            (&"\t".repeat(100), &" ".repeat(100)),
        ] {
            let email = unique_email();
            let stored = format!("{before}{email}{after}");
            let id = database.insert(Some(&stored), Some(&hash("p"))).await;
            for typed in [&email, &stored, &format!(" {email}\n"), &email] {
                assert_eq!(log_in(&app, typed, "p").await, json!(id), "{stored:?}");
                app.register(typed, PASSWORD)
                    .await
                    .problem(409, "email_taken");
            }
            app.login(&email, "q").await.expect(401);
        }
    }
}

#[tokio::test]
async fn of_rows_that_differ_by_white_space_the_one_as_typed_is_meant() {
    // The key of a collation that pads with spaces takes those at the end for none.
    let database = Database::start("spaces_twice", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let email = unique_email();
    let spellings = [
        format!("\t{email}"),
        format!(" {email}"),
        email.clone(),
        format!("{email}\n"),
    ];
    let mut ids = Vec::new();
    for spelling in &spellings {
        ids.push(database.insert(Some(spelling), Some(&hash("p"))).await);
    }
    for (spelling, id) in spellings.iter().zip(&ids) {
        assert_eq!(log_in(&app, spelling, "p").await, json!(id), "{spelling:?}");
    }
    // Typed as no row is: the one without white space; without that, the eldest.
    let other = format!("  {email}");
    assert_eq!(log_in(&app, &other, "p").await, json!(ids[2]));
    database
        .execute("DELETE FROM `user` WHERE id = ?", ids[2])
        .await;
    assert_eq!(log_in(&app, &other, "p").await, json!(ids[0]));
    assert_eq!(log_in(&app, &email, "p").await, json!(ids[0]));
}

#[tokio::test]
async fn what_only_begins_or_ends_alike_is_another_address() {
    for database in databases("alike") {
        let app = App::on(&database);
        for other in [
            "@x", "@!", "@_x", "@-x", "@\u{a0}", "@ x", "\u{1}@", "\u{b}@", " x@", " @ @", "%",
            " %",
        ] {
            let email = unique_email();
            let stored = other.replace('@', &email);
            let id = database.insert(Some(&stored), Some(&hash("p"))).await;
            app.login(&email, "p").await.expect(401);
            // The key may call it equal to the e-mail.
            database
                .execute("DELETE FROM `user` WHERE id = ?", id)
                .await;
            app.register(&email, PASSWORD).await.expect(201);
        }
        let email = unique_email();
        app.register(&email, PASSWORD).await.expect(201);
        for pattern in ["%", "_%", &format!("{}%", &email[..3])] {
            app.login(pattern, PASSWORD).await.expect(401);
        }
    }
}

#[tokio::test]
async fn an_old_row_with_an_international_domain_is_found_as_browsers_send_it_and_the_reverse() {
    for database in databases("international") {
        let app = App::on(&database);
        let local = unique_email().replace("@example.com", "");
        for (number, (stored, typed)) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "B\u{dc}CHER.example"),
            ("B\u{dc}cher.example", "B\u{dc}cher.example"),
            (
                "stra\u{df}e.b\u{fc}cher.example",
                "xn--strae-oqa.xn--bcher-kva.example",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let local = format!("{local}.{number}");
            let stored = format!("{local}@{stored}\n");
            let id = database.insert(Some(&stored), Some(&hash("p"))).await;
            let typed = format!("{local}@{typed}");
            assert_eq!(log_in(&app, &typed, "p").await, json!(id), "{stored}");
            app.register(&typed, PASSWORD)
                .await
                .problem(409, "email_taken");
        }
    }
}

#[tokio::test]
async fn a_row_is_found_whose_column_cannot_hold_the_other_form_of_its_domain() {
    let database = Database::start("unheld", "CHARACTER SET latin1");
    let app = App::on(&database);
    for local in ["ada", "jos\u{e9}"] {
        let stored = format!("{local}@xn--mxa8a.example ");
        let id = database.insert(Some(&stored), Some(&hash("p"))).await;
        for domain in ["xn--mxa8a.example", "\u{3b1}\u{3c2}.example"] {
            let typed = format!("{local}@{domain}");
            assert_eq!(log_in(&app, &typed, "p").await, json!(id), "{typed}");
        }
    }
    app.login("\u{5e9}@xn--mxa8a.example", "p")
        .await
        .expect(401);
}

const SIXTY_TABS: &str = "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";
/// Parts that e-mails are put together of.
const SPACES: [&str; 9] = [
    "", "", " ", "\t", "\r\n", "\u{c} ", "\u{b}", "\u{a0}", SIXTY_TABS,
];
const LOCALS: [&str; 10] = [
    "ada",
    "Ada",
    "a.da",
    "ad a",
    "jos\u{e9}",
    "jose",
    "JOS\u{c9}",
    "_ada",
    "!ada",
    "ada%",
];
const DOMAINS: [&str; 10] = [
    "b\u{fc}cher.example",
    "B\u{dc}CHER.example",
    "xn--bcher-kva.example",
    "XN--Bcher-kva.example",
    "bucher.example",
    "Example.com",
    "stra\u{df}e.example",
    "strasse.example",
    "\u{3b1}\u{3c2}.example",
    "nowhere",
];

#[tokio::test]
async fn old_rows_in_any_spelling_can_log_in_and_nobody_else_gets_their_address() {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).expect("31 bits") % below
    };
    for (database, tells_cases_apart) in databases("any_spelling").into_iter().zip(BINARY) {
        let app = App::on(&database);
        let mut conn = database.conn().await;
        let mut rows = Vec::new();
        for number in 0..40 {
            let mut stored = String::new();
            for list in [&SPACES[..], &LOCALS, &["@"], &DOMAINS, &SPACES] {
                stored += list[random(list.len())];
            }
            if tells_cases_apart {
                // What docs/migrating.md says of capitals there.
                stored = stored.to_lowercase();
            }
            let password = format!("p{number}");
            let insert = "INSERT INTO `user` (email, password) VALUES (?, ?)";
            // The key refuses some.
            if conn
                .exec_drop(insert, (&stored, hash(&password)))
                .await
                .is_ok()
            {
                rows.push((stored, password, conn.last_insert_id()));
            }
        }
        assert!(rows.len() > 20, "{}", rows.len());
        for (stored, password, id) in &rows {
            assert_eq!(
                log_in(&app, stored, password).await,
                json!(id),
                "{stored:?}"
            );
            if let Ok(email) = Email::parse(stored) {
                let answer = app.register(email.as_str(), PASSWORD).await;
                answer.problem(409, "email_taken");
            }
        }
    }
}

#[tokio::test]
async fn however_its_e_mail_is_typed_an_old_row_has_one_budget_of_failed_logins() {
    let database = Database::start("spellings_budget", "CHARACTER SET utf8mb4");
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "4")
        .on(&database)
        .start();
    let local = unique_email().replace("@example.com", "");
    let spellings = [
        "xn--bcher-kva.example",
        "b\u{fc}cher.example",
        "B\u{dc}CHER.example",
    ]
    .map(|domain| {
        [
            format!("{local}@{domain}"),
            format!("\t {local}@{domain}\r\n"),
        ]
    })
    .concat();
    let stored = format!(" {local}@b\u{fc}cher.example\n");
    database.insert(Some(&stored), Some(&hash("p"))).await;
    for typed in &spellings[..3] {
        app.login(typed, "q").await.expect(401);
    }
    for typed in spellings.iter().chain([&stored]) {
        let answer = app.login(typed, "p").await;
        answer.problem(429, "too_many_attempts");
    }
    let count = "SELECT COUNT(*) FROM gatehouse_login_throttle";
    let mut conn = database.conn().await;
    let budgets: Option<i64> = conn.query_first(count).await.expect("a count");
    assert_eq!(budgets, Some(1));
}

#[tokio::test]
async fn twenty_registrations_of_an_old_rows_e_mail_at_once_have_no_winner() {
    let email = unique_email();
    let stored = format!("\t{email} ");
    Database::shared()
        .insert(Some(&stored), Some(PASSLIB))
        .await;
    let tries = (0..20).map(|_| App::shared().register(&email, PASSWORD));
    for answer in futures_util::future::join_all(tries).await {
        answer.problem(409, "email_taken");
    }
    assert!(Database::shared().column("id", &email).await.is_empty());
}
