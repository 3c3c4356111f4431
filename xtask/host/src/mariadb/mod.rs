//! A private MariaDB or MySQL under `.dev/`, on loopback, for one checkout.

mod owner;
mod place;
mod program;
mod users;

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};

use crate::private::{self, random_hex};
use crate::process::{Background, End, dev_folder};

pub use owner::Owner;
use place::{Place, kept};
pub use program::Program;
use users::User;

/// How long a server may take to start, at its very first start too.
const START: Duration = Duration::from_mins(2);
/// How long one may take to end, and whoever starts one to be done.
const END: Duration = Duration::from_secs(15);

/// A running private server. It ends with the last run of this checkout that uses it, whichever
/// has started it.
pub struct Server {
    port: u16,
    password: String,
    place: Place,
    user: Option<User>,
    process: Option<Background>,
}

impl Server {
    /// The database of `cargo xtask dev`, for the account that owns it and nothing else.
    #[must_use]
    pub fn dev_url(&self) -> String {
        url("gatehouse", &self.password, self.port)
    }

    /// An account of the tests, which make databases and accounts of their own.
    #[must_use]
    pub fn test_url(&self) -> String {
        url("gatehouse_test", &self.password, self.port)
    }

    fn is_served(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody borrows it now: either somebody has it already, or it is about to end.
        let deadline = Instant::now() + END;
        let starting = self.place.open("lock");
        while starting.as_ref().is_ok_and(|lock| lock.try_lock().is_err())
            && Instant::now() < deadline
        {
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.user.take());
        let process = self.process.take();
        if !users::none(&self.place.folder) {
            // Its watcher ends it; this process is no longer needed for that.
            std::mem::forget(process);
            return;
        }
        drop(process);
        while self.is_served() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn url(name: &str, password: &str, port: u16) -> String {
    format!("mysql://{name}:{password}@127.0.0.1:{port}/{name}")
}

/// Starts the private server, or borrows the one that another run of this checkout has started.
///
/// # Errors
/// When there is no server's program or it does not start.
pub async fn ensure() -> Result<Server> {
    ensure_in(&dev_folder().join("mysql")).await
}

async fn ensure_in(folder: &Path) -> Result<Server> {
    let place = Place::new(folder)?;
    // Held until the server answers: of two runs at once, one starts it.
    let lock = place.open("lock")?;
    lock.lock()
        .with_context(|| format!("cannot lock {}", place.folder.display()))?;

    let password = kept(&place.file("password"), || random_hex(16))?;
    if let Some(user) = User::join(&place.folder)?
        && let Some(port) = place.read("port")
        && answers(&url("gatehouse", &password, port)).await
    {
        return Ok(Server {
            port,
            password,
            place,
            user: Some(user),
            process: None,
        });
    }
    start(place, password).await
}

async fn start(place: Place, password: String) -> Result<Server> {
    let program = Program::find()?;
    let owner = program.owner(&place.folder);
    place.prepare(&password, &owner)?;
    program.initialise(&place.folder, &owner).await?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    private::file(&place.file("port"))?.write_all(port.to_string().as_bytes())?;

    let name = program.name();
    eprintln!("  starting a private {name} on 127.0.0.1:{port}");
    let (user, last) = User::first(&place.folder)?;
    // A server makes it once it has its port. Before, another program could have taken the port, and
    // would be told the password.
    let socket = place.file("data/mysql.sock");
    if fs::exists(&socket)? {
        fs::remove_file(&socket)?;
    }
    let mut serve = program.serve(&place.folder, port, &owner, End::Term)?;
    let mut process = Background::start(serve.stdin(Stdio::from(last)))?;
    let deadline = Instant::now() + START;
    let log = place.file("server.log");
    let advice = format!(
        "see {}, or remove {}",
        log.display(),
        place.folder.display()
    );
    while !(socket.exists() && answers(&url("gatehouse", &password, port)).await) {
        if let Some(status) = process.ended()? {
            bail!("the private {name} ended with {status}; {advice}");
        }
        if Instant::now() > deadline {
            bail!(
                "the private {name} is not ready after {} s; {advice}",
                START.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(Server {
        port,
        password,
        place,
        user: Some(user),
        process: Some(process),
    })
}

async fn answers(url: &str) -> bool {
    let Ok(options) = Opts::from_url(url) else {
        return false;
    };
    let options = OptsBuilder::from_opts(options).prefer_socket(false);
    let connect = async {
        let mut conn = Conn::new(options).await?;
        conn.query_drop("SELECT 1").await
    };
    let answer = tokio::time::timeout(Duration::from_secs(3), connect).await;
    matches!(answer, Ok(Ok(())))
}

#[cfg(test)]
mod tests;
