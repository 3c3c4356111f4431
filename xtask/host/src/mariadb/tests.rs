//! Private servers of the tests' own, in folders of their own. They need a MariaDB or MySQL on the
//! machine, which `cargo xtask test` installs.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;

use mysql_async::params;

use super::*;
use crate::process::root;

/// A folder of a test, which goes with it: a server's has over 100 MB. A failed test's is kept.
struct Folder(PathBuf);

/// A new one. Those that root's servers are to enter are where everybody may.
fn folder(name: &str) -> Folder {
    let folder = root().join("target/tmp/private").join(name);
    fs::remove_dir_all(&folder).ok();
    Folder(folder)
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

async fn conn(url: &str) -> Conn {
    let options = Opts::from_url(url).unwrap();
    let options = OptsBuilder::from_opts(options).prefer_socket(false);
    Conn::new(options).await.unwrap()
}

/// Who gets in over TCP without a password.
async fn open_accounts(server: &Server) -> Vec<String> {
    let mut admin = conn(&server.test_url()).await;
    let users: Vec<String> = admin
        .query("SELECT DISTINCT `User` FROM `mysql`.`user`")
        .await
        .unwrap();
    let mut open = Vec::new();
    let usual = ["root", "", "mysql", "nobody", "nobodys"].map(str::to_owned);
    for user in users.into_iter().chain(usual).collect::<BTreeSet<_>>() {
        let options = OptsBuilder::from_opts(Opts::default())
            .ip_or_hostname("127.0.0.1")
            .prefer_socket(false)
            .tcp_port(server.port)
            .user(Some(&user));
        if Conn::new(options).await.is_ok() {
            open.push(user);
        }
    }
    open
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn no_account_of_a_private_server_is_without_a_password() {
    let folder = folder("accounts");
    let server = ensure_in(&folder).await.unwrap();
    assert_eq!(open_accounts(&server).await, Vec::<String>::new());
    let mut admin = conn(&server.test_url()).await;
    let users: Vec<(String, String)> = admin
        .query("SELECT `User`, `Host` FROM `mysql`.`user` WHERE `User` NOT LIKE 'm%.%'")
        .await
        .unwrap();
    let ours = ["gatehouse", "gatehouse_test"];
    let ours = ours.map(|user| (user.to_owned(), "127.0.0.1".to_owned()));
    assert_eq!(users, ours);
}

#[tokio::test]
async fn a_folder_of_an_earlier_version_loses_its_open_accounts_and_its_permissions() {
    let folder = folder("earlier");
    let server = ensure_in(&folder).await.unwrap();
    let mut admin = conn(&server.test_url()).await;
    // As MariaDB's script made them before, with the machine's name at that time, and more.
    for account in [
        "'root'@'localhost'",
        "'root'@'127.0.0.1'",
        "'root'@'::1'",
        "'root'@'an-old-name.example'",
        "''@'localhost'",
        "'it''s'@'127.0.0.1'",
    ] {
        admin
            .query_drop(format!("CREATE USER {account} IDENTIFIED BY ''"))
            .await
            .unwrap();
    }
    admin
        .query_drop("CREATE USER 'kept'@'127.0.0.1' IDENTIFIED BY 'Password-1'")
        .await
        .unwrap();
    assert!(!open_accounts(&server).await.is_empty());
    drop(admin);
    drop(server);
    for name in ["data", "data/mysql", "data/ibdata1", "init.sql", "password"] {
        let loose = if folder.join(name).is_dir() {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(loose)).unwrap();
        if is_root() {
            std::os::unix::fs::lchown(folder.join(name), Some(0), Some(0)).unwrap();
        }
    }

    let server = ensure_in(&folder).await.unwrap();
    assert_eq!(open_accounts(&server).await, Vec::<String>::new());
    let mut admin = conn(&server.test_url()).await;
    let kept: Option<u8> = admin
        .query_first("SELECT 1 FROM `mysql`.`user` WHERE `User` = 'kept'")
        .await
        .unwrap();
    assert_eq!(kept, Some(1));
    nothing_is_readable_for_others(&folder);
}

/// The group of a folder that root keeps is the server's own.
fn nothing_is_readable_for_others(path: &Path) {
    let metadata = fs::symlink_metadata(path).unwrap();
    // The server's socket is for everybody who can enter its folder.
    if metadata.file_type().is_socket() {
        return;
    }
    let mode = metadata.mode() & 0o777;
    let allowed = if metadata.is_dir() { 0o710 } else { 0o600 };
    assert_eq!(mode & !allowed, 0, "{mode:o} {}", path.display());
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            nothing_is_readable_for_others(&entry.unwrap().path());
        }
    }
}

#[tokio::test]
async fn a_private_server_reads_and_writes_files_in_its_folder_only() {
    let folder = folder("files");
    let server = ensure_in(&folder).await.unwrap();
    let mut admin = conn(&server.test_url()).await;
    admin
        .query_drop("CREATE TABLE gatehouse_test.t (name VARCHAR(99))")
        .await
        .unwrap();
    admin
        .query_drop("INSERT INTO gatehouse_test.t VALUES ('\u{1f680}')")
        .await
        .unwrap();
    nothing_is_readable_for_others(&folder);

    let password: Option<Option<String>> = admin
        .exec_first(
            "SELECT LOAD_FILE(:file)",
            params! { "file" => folder.join("password").to_str() },
        )
        .await
        .unwrap();
    assert_eq!(password, Some(None));
    let passwd: Option<Option<String>> = admin
        .query_first("SELECT LOAD_FILE('/etc/passwd')")
        .await
        .unwrap();
    assert_eq!(passwd, Some(None));
    let outside = root().join("target/tmp/private/outfile");
    let write = |path: &Path| format!("SELECT 'x' INTO OUTFILE '{}'", path.display());
    let error = admin.query_drop(write(&outside)).await.unwrap_err();
    assert!(error.to_string().contains("secure"), "{error}");
    let inside = folder.join("files/outfile");
    admin.query_drop(write(&inside)).await.unwrap();
    assert_eq!(fs::read_to_string(inside).unwrap(), "x\n");
}

/// The account of the server's process.
fn uid_of(server: &Server) -> u32 {
    let pid: u32 = server.place.read("data/pid").unwrap();
    let output = Command::new("ps")
        .args(["-o", "uid=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn roots_private_server_runs_as_an_account_without_privileges() {
    let folder = folder("account");
    let server = ensure_in(&folder).await.unwrap();
    let us = rustix::process::geteuid().as_raw();
    assert_eq!(uid_of(&server) == us, us != 0, "{}", uid_of(&server));
}

#[test]
fn root_follows_no_link_that_the_servers_account_has_made() {
    const NOBODY: u32 = 65_534;
    if !is_root() {
        return;
    }
    let folder = folder("given");
    fs::create_dir_all(folder.join("its")).unwrap();
    for file in ["ours", "other", "its/own"] {
        fs::write(folder.join(file), "").unwrap();
        let loose = fs::Permissions::from_mode(0o644);
        fs::set_permissions(folder.join(file), loose).unwrap();
    }
    std::os::unix::fs::symlink(folder.join("other"), folder.join("its/link")).unwrap();
    for path in ["its/own", "its/link", "its"] {
        std::os::unix::fs::lchown(folder.join(path), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let owner = Owner::Other {
        uid: NOBODY,
        gid: NOBODY,
    };
    let of = |path: &str| {
        let metadata = fs::symlink_metadata(folder.join(path)).unwrap();
        (metadata.uid(), metadata.mode() & 0o777)
    };
    owner.give(&folder.join("its")).unwrap();
    assert_eq!(of("its"), (NOBODY, 0o700));
    assert_eq!(of("its/own"), (NOBODY, 0o600));
    assert_eq!(of("other"), (0, 0o644));
    owner.give(&folder).unwrap();
    assert_eq!(of("ours"), (NOBODY, 0o600));
    assert_eq!(of(""), (NOBODY, 0o700));
}

#[tokio::test]
async fn in_a_folder_that_only_root_can_enter_the_server_runs_as_root_and_all_else_holds() {
    let shut = folder("shut");
    fs::create_dir_all(&*shut).unwrap();
    fs::set_permissions(&*shut, fs::Permissions::from_mode(0o700)).unwrap();
    let server = ensure_in(&shut.join("with a space/mysql")).await.unwrap();
    assert_eq!(uid_of(&server), rustix::process::geteuid().as_raw());
    assert_eq!(open_accounts(&server).await, Vec::<String>::new());
    nothing_is_readable_for_others(&server.place.folder);
}

#[tokio::test]
async fn a_path_may_have_spaces_accents_quotes_and_many_letters() {
    let long = "long".repeat(25);
    for name in ["a  space", "\u{e9}t\u{e9}", "it's", "-dash; $HOME &", &long] {
        let folder = folder(name);
        let folder = folder.join("mysql");
        let server = ensure_in(&folder)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        conn(&server.dev_url())
            .await
            .query_drop("SELECT 1")
            .await
            .unwrap();
        drop(server);
        ensure_in(&folder)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
}

#[tokio::test]
async fn a_new_database_is_utf8mb4_whatever_the_servers_default() {
    let folder = folder("charset");
    let server = ensure_in(&folder).await.unwrap();
    let mut conn = conn(&server.dev_url()).await;
    let set: Option<String> = conn
        .query_first("SELECT @@character_set_database")
        .await
        .unwrap();
    assert_eq!(set.as_deref(), Some("utf8mb4"));
}

#[tokio::test]
async fn the_server_outlives_the_run_that_started_it_and_ends_with_the_last_that_uses_it() {
    let folder = folder("shared");
    let first = ensure_in(&folder).await.unwrap();
    let second = ensure_in(&folder).await.unwrap();
    assert_eq!(first.port, second.port);
    let port = first.port;
    let url = second.dev_url();
    let mut busy = conn(&url).await;
    drop(first);
    busy.query_drop("SELECT 1").await.unwrap();
    let third = ensure_in(&folder).await.unwrap();
    assert_eq!(third.port, port);
    drop(second);
    busy.query_drop("SELECT 1").await.unwrap();
    drop(third);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!answers(&url).await);

    // The next one starts it again.
    let next = ensure_in(&folder).await.unwrap();
    assert!(answers(&next.dev_url()).await);
}

#[tokio::test]
async fn of_two_runs_at_once_one_starts_the_server() {
    let folder = folder("at_once");
    let (one, other) = tokio::join!(
        tokio::task::spawn_blocking({
            let folder = folder.to_path_buf();
            move || block_on(&folder)
        }),
        tokio::task::spawn_blocking({
            let folder = folder.to_path_buf();
            move || block_on(&folder)
        }),
    );
    assert_eq!(one.unwrap().port, other.unwrap().port);
}

fn block_on(folder: &Path) -> Server {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(ensure_in(folder)).unwrap()
}
