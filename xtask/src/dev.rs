//! `cargo xtask dev`: the Worker in workerd, on a database, until Ctrl-C.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::build::{self, Variant};
use crate::process::{Background, command, dev_folder, root};
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
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stopped = async {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    };
    tokio::select! {
        result = serve(options) => result,
        () = stopped => {
            eprintln!("\nstopping");
            Ok(())
        }
    }
}

async fn serve(options: &Options) -> Result<()> {
    if std::net::TcpListener::bind(("127.0.0.1", options.port)).is_err() {
        bail!("port {} is taken; choose another with --port", options.port);
    }
    // On a thread of its own, so that Ctrl-C is heard while it takes its minutes.
    let tools = tokio::task::spawn_blocking(|| {
        let tools = Tools::ensure()?;
        secret::ensure_dev_secret()?;
        build::build(&tools, Variant::Release)?;
        anyhow::Ok(tools)
    })
    .await??;
    let (url, _server) = if let Some(url) = settings::database_url()? {
        (url, None)
    } else {
        let server = database::ensure().await?;
        (server.dev_url(), Some(server))
    };
    migrate::apply(&url, false).await?;

    let mut wrangler = Background::start(&mut wrangler(&tools, options.port, &url)?)?;
    pass_on_log(wrangler.take_output());
    let deadline = Instant::now() + START;
    let mut ready = false;
    loop {
        if let Some(status) = wrangler.ended()? {
            bail!("wrangler ended with {status}");
        }
        if !ready && answers(options.port).await {
            ready = true;
            println!("Ready on http://127.0.0.1:{}", options.port);
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

fn wrangler(tools: &Tools, port: u16, url: &str) -> Result<std::process::Command> {
    let home = dev_folder().join("wrangler");
    std::fs::create_dir_all(&home)?;
    let mut wrangler = command("node");
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
            url,
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

async fn answers(port: u16) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .ok()?;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .ok()?;
        let mut answer = [0; 9];
        stream.read_exact(&mut answer).await.ok()?;
        (&answer == b"HTTP/1.1 ").then_some(())
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(5), ask).await,
        Ok(Some(()))
    )
}
