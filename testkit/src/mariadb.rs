//! A MariaDB of a test's own, to be stopped and killed.

use std::path::PathBuf;
use std::time::Duration;

use mysql_async::{Conn, Opts};
use xtask_host::mariadb::{Owner, Program};
use xtask_host::process::{Background, End};

use crate::{database, empty_folder, free_port, wait};

/// A running MariaDB with an empty `user` table, ended when this is dropped.
#[derive(Debug)]
pub struct MariaDb {
    program: Program,
    owner: Owner,
    folder: PathBuf,
    port: u16,
    arguments: &'static [&'static str],
    process: Option<Background>,
}

impl MariaDb {
    /// Starts one with arguments of the server; none where there is no MariaDB.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(name: &str, arguments: &'static [&'static str]) -> Option<Self> {
        let program = Program::find().ok()?;
        let folder = empty_folder(&format!("server-{}-{name}", std::process::id()));
        let owner = program.owner(&folder);
        let init = "CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;\n\
                    CREATE USER IF NOT EXISTS 'app'@'127.0.0.1' IDENTIFIED BY 'app';\n\
                    GRANT ALL PRIVILEGES ON app.* TO 'app'@'127.0.0.1';\n\
                    CREATE USER IF NOT EXISTS 'admin'@'127.0.0.1' IDENTIFIED BY 'admin';\n\
                    GRANT ALL PRIVILEGES ON *.* TO 'admin'@'127.0.0.1';\n";
        std::fs::write(folder.join("init.sql"), init).expect("a file");
        for name in ["tmp", "files"] {
            std::fs::create_dir(folder.join(name)).expect("a folder");
        }
        owner.give(&folder).expect("a folder of the server's own");
        let made = program.initialise(&folder, &owner).await;
        made.expect("a data folder");
        let mut server = Self {
            program,
            owner,
            folder,
            port: free_port(),
            arguments,
            process: None,
        };
        server.run();
        database::migrate(&mut server.conn().await).await;
        Some(server)
    }

    /// Runs it, and returns when it answers.
    ///
    /// # Panics
    /// When it does not start.
    pub fn run(&mut self) {
        let serve = self
            .program
            .serve(&self.folder, self.port, &self.owner, End::Term);
        let mut serve = serve.expect("a log");
        let process = Background::start(serve.args(self.arguments));
        self.process = Some(process.expect("mariadbd"));
        let folder = self.folder.display();
        let why = || format!("the server does not start: {folder}");
        wait::blocking(Duration::from_mins(1), || wait::is_served(self.port), why);
    }

    /// Runs it with other arguments of the server.
    ///
    /// # Panics
    /// When it does not start.
    pub fn run_with(&mut self, arguments: &'static [&'static str]) {
        self.arguments = arguments;
        self.run();
    }

    /// The id of its process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Stops it, which lets it finish what it is doing, and returns when it has gone.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.terminate();
        process.wait();
    }

    /// Kills it, and returns when it has gone.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        self.process.take().expect("it runs").kill();
    }

    /// How to get to its database.
    #[must_use]
    pub fn options(&self) -> Opts {
        database::options(&format!("mysql://app:app@127.0.0.1:{}/app", self.port))
    }

    /// A connection with all privileges.
    ///
    /// # Panics
    /// When there is none.
    pub async fn admin(&self) -> Conn {
        let url = format!("mysql://admin:admin@127.0.0.1:{}/app", self.port);
        database::connect(&url).await
    }

    /// A connection to its database.
    ///
    /// # Panics
    /// When there is none.
    pub async fn conn(&self) -> Conn {
        Conn::new(self.options()).await.expect("a connection")
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
