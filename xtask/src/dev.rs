//! `cargo xtask dev`: the Worker in workerd, on a database, until Ctrl-C.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hyperdrive_local::Hyperdrive;

use crate::build::{self, Variant};
use crate::process::{Background, dev_folder, guarded, root};
use crate::tools::Tools;
use crate::{database, migrate, secret, settings};

/// How long wrangler may take to start.
const START: Duration = Duration::from_mins(2);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    if TcpListener::bind(("127.0.0.1", options.port)).is_err() {
        bail!("port {} is taken; choose another with --port", options.port);
    }
    // Before minutes of compiling: here are the slips that can be made.
    secret::ensure_dev_secret()?;
    let (url, _server) = if let Some(url) = settings::database_url()? {
        (url, None)
    } else {
        let server = database::ensure().await?;
        (server.dev_url(), Some(server))
    };
    migrate::apply(&url, false).await?;
    let tools = Tools::ensure().await?;
    build::build(&tools, Variant::Release).await?;

    // The Worker gets to the database as it does in production, with all that is refused there.
    let origin = hyperdrive_local::options::Options::new(settings::options(&url)?);
    let hyperdrive = Hyperdrive::start(origin).await?;
    let connection = hyperdrive.connection_string();
    let mut wrangler = Background::start(&mut wrangler(&tools, options.port, &connection)?)?;
    pass_on_log(wrangler.take_output());
    let deadline = Instant::now() + START;
    let mut ready = false;
    loop {
        if let Some(status) = wrangler.ended()? {
            bail!("wrangler ended with {status}");
        }
        if !ready {
            match status(options.port).await {
                Some(200) => {
                    ready = true;
                    println!("Ready on http://127.0.0.1:{}", options.port);
                }
                Some(status) => bail!("the Worker answers {status}; its log above says why"),
                None => {}
            }
        }
        if !ready && Instant::now() > deadline {
            bail!(
                "wrangler does not answer on port {} after {} s",
                options.port,
                START.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn wrangler(tools: &Tools, port: u16, connection: &str) -> Result<std::process::Command> {
    let home = dev_folder().join("wrangler");
    std::fs::create_dir_all(&home)?;
    let mut wrangler = guarded("node");
    wrangler
        .arg(tools.wrangler())
        .args([
            "dev",
            "--ip",
            "127.0.0.1",
            "--inspector-port",
            "0",
            "--show-interactive-dev-session=false",
        ])
        .args(["--port", &port.to_string()])
        .env(
            "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE",
            connection,
        )
        // It is a local server: nothing to report, ask or fetch.
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("XDG_CONFIG_HOME", &home)
        .env("WRANGLER_LOG_PATH", &home)
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    Ok(wrangler)
}

/// Passes on what the Worker logs, without wrangler's own word on each request.
fn pass_on_log(output: Option<ChildStdout>) {
    let Some(output) = output else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if !line.starts_with("[wrangler:info]") {
                println!("{line}");
            }
        }
    });
}

/// The status of the root, if it answers.
async fn status(port: u16) -> Option<u16> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .ok()?;
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        std::str::from_utf8(&answer)
            .ok()?
            .strip_prefix("HTTP/1.1 ")?
            .parse()
            .ok()
    };
    tokio::time::timeout(Duration::from_secs(5), ask)
        .await
        .ok()
        .flatten()
}
