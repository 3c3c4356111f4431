use super::*;
use xtask_host::process::root;

/// Settings of a file alone.
fn settings(name: &str, text: &str) -> Settings {
    let path = root().join("target/tmp").join(format!("{name}.env"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    Settings::with(&path, |_| None).unwrap()
}

#[test]
fn the_names_of_the_replaced_system_make_a_url() {
    let settings = settings(
        "names",
        "DATABASE_HOST = db.example\nDATABASE_NAME='my app'\nDATABASE_USER=u@home\n\
         DATABASE_PASSWORD=\"a@b:c/d?\u{e9}%#\\\"'\"\n",
    );
    let url = settings.database_url().unwrap().unwrap();
    let options = options(&url).unwrap();
    assert_eq!(url::place(&options), "db.example:3306");
    assert_eq!(options.user(), Some("u@home"));
    assert_eq!(options.pass(), Some("a@b:c/d?\u{e9}%#\"'"));
    assert_eq!(options.db_name(), Some("my app"));
}

#[test]
fn an_ipv6_address_is_a_host() {
    let settings = settings(
        "ipv6",
        "DATABASE_HOST=::1\nDATABASE_PORT=3307\nDATABASE_NAME=d\nDATABASE_USER=u\nDATABASE_PASSWORD=p",
    );
    let options = options(&settings.database_url().unwrap().unwrap()).unwrap();
    assert_eq!(url::place(&options), "[::1]:3307");
}

#[test]
fn no_message_on_a_bad_setting_holds_its_value() {
    let rest = "\nDATABASE_NAME=hunter2\nDATABASE_USER=hunter2\nDATABASE_PASSWORD=hunter2";
    for (text, told) in [
        (
            "DATABASE_URL=hunter2",
            "DATABASE_URL of .env is wrong: it is no URL",
        ),
        (
            "DATABASE_URL=redis://:hunter2@h/1",
            "is wrong: its scheme is not mysql://",
        ),
        (
            "DATABASE_URL='mysql://u:hunter2@h:x/d'",
            "invalid port number",
        ),
        (
            "DATABASE_HOST=h",
            "DATABASE_HOST is set, but DATABASE_USER is not",
        ),
        (
            "DATABASE_HOST=h\nDATABASE_USER=hunter2",
            "but DATABASE_PASSWORD is not",
        ),
        (
            &format!("DATABASE_HOST=h\nDATABASE_PORT=hunter2{rest}"),
            "DATABASE_PORT is no port",
        ),
        (
            &format!("DATABASE_HOST=h\nDATABASE_PORT=99999{rest}"),
            "DATABASE_PORT is no port",
        ),
        (
            &format!("DATABASE_HOST=hunter2/x{rest}"),
            "DATABASE_HOST is no host",
        ),
        (
            &format!("DATABASE_HOST=hunter2@h{rest}"),
            "DATABASE_HOST is no host",
        ),
        (
            &format!("DATABASE_HOST=hunter2:1{rest}"),
            "DATABASE_HOST is no host",
        ),
    ] {
        let error = settings("bad", text).database_url().unwrap_err();
        let error = format!("{error:#} {error:?}");
        assert!(error.contains(told), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{text}: {error}");
    }
    let path = root().join("target/tmp/latin1.env");
    fs::write(&path, b"DATABASE_URL=hunter2\xe9").unwrap();
    let error = Settings::with(&path, |_| None).err().unwrap();
    assert!(format!("{error:#}").ends_with("latin1.env is not UTF-8"));
}

#[test]
fn the_environment_counts_before_the_file_and_an_empty_value_is_none() {
    let path = root().join("target/tmp/order.env");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "ONE=file\nTWO=file\nTHREE=\nFOUR").unwrap();
    let environment = |name: &str| match name {
        "ONE" => Some("environment".to_owned()),
        "TWO" => Some(String::new()),
        _ => None,
    };
    let settings = Settings::with(&path, environment).unwrap();
    assert_eq!(settings.variable("ONE").as_deref(), Some("environment"));
    for name in ["TWO", "THREE", "FOUR", "FIVE"] {
        assert_eq!(settings.variable(name), None, "{name}");
    }
}
