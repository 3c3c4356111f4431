//! Who gets in, and how long.

use gatehouse::mysql::{Credentials, Error, Statement};
use mysql_async::prelude::Queryable as _;

use super::{one, servers};

#[tokio::test]
async fn wrong_credentials_are_told_by_number() {
    for server in servers() {
        let right = server.credentials();
        let refused = async |credentials: Credentials| {
            let connected = server.try_connect(&credentials).await;
            connected.err().expect("a refusal")
        };
        let wrong_password = |password: &str| Credentials {
            password: password.into(),
            ..right.clone()
        };
        for password in ["wrong", ""] {
            let error = refused(wrong_password(password)).await;
            assert!(
                matches!(&error, Error::Server(refusal) if refusal.code == 1045),
                "{error:?}"
            );
        }
        let no_database = Credentials {
            database: "no_such_database".into(),
            ..right.clone()
        };
        let error = refused(no_database).await;
        assert!(
            matches!(&error, Error::Server(refusal) if refusal.code == 1049),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_user_is_refused() {
    for server in servers() {
        let credentials = Credentials {
            user: "nobody_at_all".into(),
            ..server.credentials()
        };
        let error = server
            .try_connect(&credentials)
            .await
            .err()
            .expect("a refusal");
        // MySQL hides who exists: it asks strangers for a plugin at random, which may be one that
        // this client lacks.
        let refused = matches!(&error, Error::Server(refusal) if refusal.code == 1045);
        assert!(
            refused || matches!(error, Error::Unsupported(_)),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn every_account_that_hyperdrive_could_use_can_connect() {
    for server in servers() {
        let (long, odd) = ("p".repeat(200), "pä ss'w\"ör\\d%");
        let mut accounts = vec![("live_empty", String::new(), String::new())];
        let escaped = odd.replace('\\', "\\\\").replace('\'', "''");
        if server.is_mariadb().await {
            for (name, password, sql) in [
                ("live_native", odd, escaped.as_str()),
                ("live_long", &long, &long),
            ] {
                let identified =
                    format!("IDENTIFIED VIA mysql_native_password USING PASSWORD('{sql}')");
                accounts.push((name, password.to_owned(), identified));
            }
        } else {
            for (name, password, sql) in [
                ("live_sha2", odd, escaped.as_str()),
                ("live_long", &long, &long),
            ] {
                let identified = format!("IDENTIFIED WITH caching_sha2_password BY '{sql}'");
                accounts.push((name, password.to_owned(), identified));
            }
        }
        for (name, password, identified) in accounts {
            server.account(name, &identified).await;
            let credentials = Credentials {
                user: name.into(),
                password,
                ..server.credentials()
            };
            // At MySQL the first time takes the full authentication, the second its fast path.
            for _ in 0..2 {
                let mut connection = server
                    .try_connect(&credentials)
                    .await
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let user = one(
                    &mut connection,
                    Statement::new("testing", "SELECT CURRENT_USER()"),
                )
                .await;
                let user = user.cells().next().unwrap().text().unwrap();
                assert!(user.starts_with(&format!("{name}@")), "{user}");
                connection.close().await.unwrap();
            }
            let wrong = Credentials {
                password: "wrong".into(),
                ..credentials
            };
            assert!(
                matches!(server.try_connect(&wrong).await, Err(Error::Server(_))),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_killed_by_the_server_is_an_error_and_then_broken() {
    for server in servers() {
        let mut connection = server.connect().await;
        let id = one(
            &mut connection,
            Statement::new("testing", "SELECT CONNECTION_ID()"),
        )
        .await
        .cells()
        .next()
        .unwrap()
        .int()
        .unwrap()
        .unwrap();
        server
            .admin()
            .await
            .query_drop(format!("KILL {id}"))
            .await
            .expect("kill");
        let select = Statement::new("testing", "SELECT 1");
        assert!(
            connection
                .query(&select)
                .await
                .is_err_and(|error| error.is_fatal())
        );
        assert!(matches!(
            connection.query(&select).await,
            Err(Error::Broken)
        ));
    }
}
