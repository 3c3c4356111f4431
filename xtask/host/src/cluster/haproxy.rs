//! The HAProxy before the nodes: one port for each arrangement.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{Arrangement, Node, free_ports, program};
use crate::process::{Background, End, guarded};

const START: Duration = Duration::from_secs(20);

/// A running HAProxy, ended when this is dropped.
pub(super) struct HaProxy {
    ports: [u16; 2],
    _process: Background,
}

impl HaProxy {
    /// Starts it before nodes, whose states are told on these ports.
    pub(super) fn start(folder: &Path, nodes: &[Node], states: &[u16]) -> Result<Self> {
        let ports = free_ports(2)?;
        let [one, three] = *ports else {
            bail!("two ports");
        };
        let ports = [one, three];
        let configuration = folder.join("haproxy.cfg");
        fs::write(&configuration, text(ports, nodes, states))?;
        let log = fs::File::create(folder.join("haproxy.log"))?;
        let mut command = guarded(program("haproxy")?, End::Kill);
        command
            .args(["-db", "-f"])
            .arg(&configuration)
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log));
        let mut process = Background::start(&mut command)?;
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", ports[1])).is_err() {
            if process.ended()?.is_some() || Instant::now() > deadline {
                let log = folder.join("haproxy.log");
                bail!("HAProxy does not start: see {}", log.display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            ports,
            _process: process,
        })
    }

    /// The port of an arrangement.
    pub(super) fn port(&self, arrangement: Arrangement) -> u16 {
        let [one, three] = self.ports;
        match arrangement {
            Arrangement::OneWriter => one,
            Arrangement::ThreeWriters => three,
        }
    }
}

/// What is advised in production, but for the times, which are Galera's own.
fn text(ports: [u16; 2], nodes: &[Node], states: &[u16]) -> String {
    let mut text = "global\n  log stdout format raw local0\n\
        defaults\n  mode tcp\n  log global\n  \
        timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n  timeout check 1s\n  \
        retries 2\n  option redispatch\n  option httpchk\n  \
        default-server check inter 1s fall 2 rise 2 on-marked-down shutdown-sessions\n"
        .to_owned();
    for (arrangement, port) in Arrangement::ALL.iter().zip(ports) {
        let _ = write!(
            text,
            "listen {arrangement:?}\n  bind 127.0.0.1:{port}\n  balance roundrobin\n"
        );
        for (number, (node, state)) in nodes.iter().zip(states).enumerate() {
            let is_backup = *arrangement == Arrangement::OneWriter && number > 0;
            let backup = if is_backup { " backup" } else { "" };
            let (number, sql) = (number + 1, node.port());
            let _ = writeln!(
                text,
                "  server node-{number} 127.0.0.1:{sql} port {state}{backup}"
            );
        }
    }
    text
}
