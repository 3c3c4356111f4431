//! The server side of the handshake with a Worker: greeting, handshake response, OK.

use std::io;
use std::sync::Arc;

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::fault::Stage;
use crate::options::Plugin;
use crate::wire::{Wire, error};
use crate::{Shared, USER};

const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const DEPRECATE_EOF: u32 = 1 << 24;

/// The minimal capabilities that the greeting of the real Hyperdrive was reported to offer.
const MINIMAL: u32 = CONNECT_WITH_DB | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION;
/// The capabilities that a MySQL server offers and that this handshake implements.
const FULL: u32 = MINIMAL | PLUGIN_AUTH | DEPRECATE_EOF | 0b111;

/// `caching_sha2_password`: the scramble was correct, and full authentication is not needed.
const FAST_AUTH_SUCCESS: [u8; 2] = [1, 3];
const OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];

/// What was negotiated with a Worker.
pub(crate) struct Negotiated {
    /// `CLIENT_DEPRECATE_EOF`: rows end with an OK packet in place of an EOF packet.
    pub(crate) deprecate_eof: bool,
}

/// Performs the handshake with a Worker. Returns `None` if the Worker was refused or closed the
/// connection.
pub(crate) async fn handshake(
    wire: &mut Wire,
    shared: &Arc<Shared>,
) -> io::Result<Option<Negotiated>> {
    let mut nonce = [0; 20];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    // Map each byte to a printable character: a NUL would end the challenge.
    for byte in &mut nonce {
        *byte = b'0' + *byte % 75;
    }
    let plugin = shared.options.plugin;
    let offered = match (shared.options.rich, plugin) {
        (true, _) => FULL,
        (false, Plugin::Native) => MINIMAL,
        (false, Plugin::CachingSha2) => MINIMAL | PLUGIN_AUTH,
    };
    wire.write(&[Stage::Connect], &greeting(offered, plugin, nonce))
        .await?;
    let Some(response) = wire.read().await? else {
        return Ok(None);
    };
    let expected = match plugin {
        Plugin::Native => native(&shared.password, nonce),
        Plugin::CachingSha2 => caching_sha2(&shared.password, nonce),
    };
    let Some(response) = Response::parse(&response) else {
        let message = "Malformed communication packet";
        wire.write(&[Stage::Authenticate], &error(1835, "HY000", message))
            .await?;
        return Ok(None);
    };
    if response.user != USER.as_bytes() || response.scramble != expected {
        let message = "Access denied for user to this Hyperdrive configuration";
        wire.write(&[Stage::Authenticate], &error(1045, "28000", message))
            .await?;
        return Ok(None);
    }
    if plugin == Plugin::CachingSha2 {
        wire.write(&[], &FAST_AUTH_SUCCESS).await?;
    }
    wire.write(&[Stage::Authenticate], &OK).await?;
    let negotiated = response.capabilities & offered;
    Ok(Some(Negotiated {
        deprecate_eof: negotiated & DEPRECATE_EOF != 0,
    }))
}

fn greeting(capabilities: u32, plugin: Plugin, nonce: [u8; 20]) -> Vec<u8> {
    let [a, b, c, d] = capabilities.to_le_bytes();
    let (first, second) = nonce.split_at(8);
    let mut payload = b"\x0a8.0.0-hyperdrive-local\0\x01\0\0\0".to_vec();
    payload.extend_from_slice(first);
    // A NUL, the lower capabilities, utf8mb4_general_ci (45), the status flags (autocommit), the
    // upper capabilities, and the length of the challenge with its NUL.
    payload.extend_from_slice(&[0, a, b, 45, 2, 0, c, d, 21]);
    payload.extend_from_slice(&[0; 10]);
    payload.extend_from_slice(second);
    payload.push(0);
    if capabilities & PLUGIN_AUTH != 0 {
        payload.extend_from_slice(match plugin {
            Plugin::Native => b"mysql_native_password\0",
            Plugin::CachingSha2 => b"caching_sha2_password\0",
        });
    }
    payload
}

struct Response<'a> {
    capabilities: u32,
    user: &'a [u8],
    scramble: &'a [u8],
}

impl<'a> Response<'a> {
    /// Parses a handshake response of protocol 4.1. The database that it names is ignored: it is
    /// always the origin's.
    fn parse(payload: &'a [u8]) -> Option<Self> {
        let (head, rest) = payload.split_at_checked(32)?;
        let capabilities = u32::from_le_bytes(head.get(..4)?.try_into().ok()?);
        let end = rest.iter().position(|&byte| byte == 0)?;
        let (user, rest) = rest.split_at_checked(end)?;
        let (&length, rest) = rest.get(1..)?.split_first()?;
        let scramble = rest.get(..usize::from(length))?;
        Some(Self {
            capabilities,
            user,
            scramble,
        })
    }
}

/// The `mysql_native_password` scramble: `SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password)))`.
fn native(password: &str, nonce: [u8; 20]) -> Vec<u8> {
    let once = Sha1::digest(password);
    let mask = Sha1::new()
        .chain_update(nonce)
        .chain_update(Sha1::digest(once))
        .finalize();
    once.iter()
        .zip(mask)
        .map(|(left, right)| left ^ right)
        .collect()
}

/// The `caching_sha2_password` scramble: `SHA256(password) XOR SHA256(SHA256(SHA256(password)),
/// nonce)`.
fn caching_sha2(password: &str, nonce: [u8; 20]) -> Vec<u8> {
    let once = Sha256::digest(password);
    let mask = Sha256::new()
        .chain_update(Sha256::digest(once))
        .chain_update(nonce)
        .finalize();
    once.iter()
        .zip(mask)
        .map(|(left, right)| left ^ right)
        .collect()
}
