//! The connection phase: greeting, handshake response and authentication.

use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest, HandshakePacket, HandshakeResponse};
use mysql_common::proto::MySerialize as _;
use tokio::io::{AsyncRead, AsyncWrite};

use super::authentication::{Answer, Authentication, Plugin};
use super::packet::{MAX_PACKET, Packets};
use super::{Credentials, Error, RsaOaep, ServerError};

/// The capabilities that this client requests if the server offers them. It never requests
/// multi-statements, LOCAL INFILE, compression, session tracking or TLS (the connection between
/// the Worker and Hyperdrive has no TLS and never leaves the machine).
const WANTED: CapabilityFlags = CapabilityFlags::CLIENT_LONG_PASSWORD
    .union(CapabilityFlags::CLIENT_LONG_FLAG)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB)
    .union(CapabilityFlags::CLIENT_PROTOCOL_41)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_DEPRECATE_EOF);

/// The capabilities that a server must offer.
const NEEDED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB);

/// The most packets read from the server after the handshake response, its OK included. The
/// longest real exchange has three.
const MAX_AUTHENTICATION_PACKETS: usize = 8;

/// Reads the greeting, sends the handshake response and authenticates. Returns the negotiated
/// capabilities.
pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    packets: &mut Packets<S>,
    credentials: &Credentials,
    rsa: &dyn RsaOaep,
) -> Result<CapabilityFlags, Error> {
    let greeting = Greeting::parse(&packets.read().await?)?;
    let negotiated = WANTED & greeting.capabilities;
    if !negotiated.contains(NEEDED) {
        return Err(Error::Unsupported(
            "a protocol older than MySQL 4.1's".into(),
        ));
    }
    let authentication = Authentication::new(
        greeting.plugin,
        &greeting.nonce,
        credentials.password.as_bytes(),
    )?;
    packets
        .write(&response(
            negotiated,
            greeting.plugin,
            &authentication,
            credentials,
        )?)
        .await?;
    authenticate(packets, authentication, credentials, rsa).await?;
    Ok(negotiated)
}

/// The server's first packet.
struct Greeting {
    capabilities: CapabilityFlags,
    plugin: Plugin,
    nonce: Vec<u8>,
}

impl Greeting {
    fn parse(payload: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Protocol("a malformed greeting");
        match payload.first() {
            Some(10) => {}
            Some(0xff) => return Err(ServerError::parse(payload)?.into()),
            _ => return Err(Error::Protocol("not MySQL's protocol version 10")),
        }
        // mysql_common treats the length of the challenge as a signed byte and overflows at 128 to
        // 135.
        let after_version = payload
            .iter()
            .position(|&byte| byte == 0)
            .ok_or(MALFORMED)?;
        if payload
            .get(after_version + 21)
            .is_none_or(|&length| length > 127)
        {
            return Err(MALFORMED);
        }
        let packet: HandshakePacket<'_> = ParseBuf(payload).parse(()).map_err(|_| MALFORMED)?;
        // A server without PLUGIN_AUTH uses the old default, mysql_native_password. A server whose
        // default plugin this client lacks may still switch to the plugin of this account.
        let name = packet.auth_plugin_name_ref();
        Ok(Self {
            capabilities: packet.capabilities(),
            plugin: name.and_then(Plugin::by_name).unwrap_or(Plugin::Native),
            nonce: packet.nonce(),
        })
    }
}

/// Builds the handshake response. `mysql_common` puts the collation `utf8mb4_general_ci` (45) into
/// it, which sets the session's character set to utf8mb4 unless the server is configured to ignore
/// it.
fn response(
    negotiated: CapabilityFlags,
    plugin: Plugin,
    authentication: &Authentication<'_>,
    credentials: &Credentials,
) -> Result<Vec<u8>, Error> {
    // A NUL ends either field in the packet: the rest would be read as the next field.
    if credentials.user.contains('\0') || credentials.database.contains('\0') {
        return Err(Error::Protocol(
            "a NUL in the user's or the database's name",
        ));
    }
    let plugin = negotiated
        .contains(CapabilityFlags::CLIENT_PLUGIN_AUTH)
        .then_some(match plugin {
            Plugin::Native => AuthPlugin::MysqlNativePassword,
            Plugin::CachingSha2 => AuthPlugin::CachingSha2Password,
        });
    let response = HandshakeResponse::new(
        Some(authentication.scramble()),
        (8, 0, 0),
        Some(credentials.user.as_bytes()),
        Some(credentials.database.as_bytes()),
        plugin,
        negotiated,
        None,
        u32::try_from(MAX_PACKET).unwrap_or(u32::MAX),
    );
    let mut payload = Vec::new();
    response.serialize(&mut payload);
    Ok(payload)
}

/// Answers the server's authentication packets until it sends OK or ERR.
async fn authenticate<'a, S: AsyncRead + AsyncWrite + Unpin>(
    packets: &mut Packets<S>,
    mut authentication: Authentication<'a>,
    credentials: &'a Credentials,
    rsa: &dyn RsaOaep,
) -> Result<(), Error> {
    for _ in 0..MAX_AUTHENTICATION_PACKETS {
        let payload = packets.read().await?;
        match payload.as_slice() {
            [0x00, ..] => return Ok(()),
            [0xff, ..] => return Err(ServerError::parse(&payload)?.into()),
            [0x01, data @ ..] => match authentication.more(data)? {
                Answer::Send(answer) => packets.write(&answer).await?,
                Answer::Encrypt { spki, message } => {
                    let block = rsa.encrypt(spki, message).await;
                    packets.write(&block.map_err(Error::Encryption)?).await?;
                }
                Answer::Wait => {}
            },
            [0xfe, ..] => {
                authentication = switch(&payload, credentials)?;
                packets.write(&authentication.scramble()).await?;
            }
            _ => return Err(Error::Protocol("an unknown packet during authentication")),
        }
    }
    Err(Error::Protocol("too many authentication packets"))
}

/// Starts the plugin that an `AuthSwitchRequest` names, with the challenge in that request.
fn switch<'a>(payload: &[u8], credentials: &'a Credentials) -> Result<Authentication<'a>, Error> {
    // A single byte 0xfe is an `OldAuthSwitchRequest`.
    if payload.len() == 1 {
        return Err(Error::Unsupported("mysql_old_password".into()));
    }
    let request: AuthSwitchRequest<'_> = ParseBuf(payload)
        .parse(())
        .map_err(|_| Error::Protocol("a malformed AuthSwitchRequest"))?;
    let name = request.auth_plugin();
    let plugin = Plugin::by_name(name.as_bytes()).ok_or_else(|| {
        let name = String::from_utf8_lossy(name.as_bytes());
        Error::Unsupported(
            name.chars()
                .take(64)
                .flat_map(char::escape_default)
                .collect(),
        )
    })?;
    Authentication::new(
        plugin,
        request.plugin_data(),
        credentials.password.as_bytes(),
    )
}
