//! The classification and the display of the server's errors.

use super::*;

fn server(code: u16, message: &str) -> Error {
    Error::Server(ServerError {
        code,
        state: Some("23000".into()),
        message: message.into(),
    })
}

#[test]
fn a_duplicate_is_known_by_its_number_whatever_the_words() {
    assert!(server(1062, "Duplicate entry 'a' for key 'email'").is_duplicate());
    assert!(
        server(
            1062,
            "Duplicate entry 'a' for key 'user.email' (errno 1062) (CallerID: x)"
        )
        .is_duplicate()
    );
    assert!(server(1062, "Doppelter Eintrag").is_duplicate());
    assert!(!server(1452, "Duplicate entry").is_duplicate());
    assert!(!Error::Broken.is_duplicate());
}

#[test]
fn the_column_of_an_unstorable_character_is_named_as_mariadb_and_as_mysql_name_it() {
    for message in [
        r"Incorrect string value: '\xF0\x9F\x91\xA9' for column `app`.`user`.`name` at row 1",
        r"Incorrect string value: '\xF0\x9F\x91\xA9' for column 'name' at row 1",
    ] {
        let error = server(1366, message);
        assert!(error.is_unfit());
        assert_eq!(error.unstorable_column(), Some("name"), "{message}");
    }
}

#[test]
fn only_the_servers_own_errors_leave_the_connection_intact() {
    assert!(!server(1064, "").is_fatal());
    assert!(Error::Protocol("x").is_fatal());
    assert!(Error::Broken.is_fatal());
}

#[test]
fn an_err_packet_is_read_with_and_without_a_sqlstate() {
    let with = ServerError::parse(b"\xff\x15\x04#28000Access denied").unwrap();
    assert_eq!((with.code, with.state.as_deref()), (1045, Some("28000")));
    let without = ServerError::parse(b"\xff\x10\x04Too many connections").unwrap();
    assert_eq!((without.code, without.state), (1040, None));
    assert_eq!(without.message, "Too many connections");
    assert!(ServerError::parse(b"\xff\x10").is_err());
}

#[test]
fn what_is_shown_of_an_error_never_quotes_a_value() {
    let error = ServerError {
        code: 1064,
        state: Some("42000".into()),
        message: "near '_utf8mb4 X'736563726574''".into(),
    };
    assert_eq!(error.to_string(), "error 1064 (42000)");
    let error = server(
        1062,
        "Duplicate entry 'Hyperdrive does not' for key 'PRIMARY'",
    );
    assert_eq!(
        error.to_string(),
        "server: error 1062 (23000)".replace("server", "MySQL server")
    );
    let error = ServerError {
        code: 1105,
        state: Some("58000".into()),
        message:
            "target: app.0.primary: vttablet: failed (CallerID: x): Sql: \"select 1 from `user` \
                  where email = :v1\", BindVars: {v1: \"ada@example.com\"}"
                .into(),
    };
    assert!(error.to_string().ends_with("(CallerID: x): "), "{error}");
    let error = server(
        1146,
        "Table 'app.user' doesn't exist in INSERT _utf8mb4 X'736563726574'",
    );
    assert!(
        error.to_string().ends_with("doesn\\'t exist in INSERT "),
        "{error}"
    );
}
