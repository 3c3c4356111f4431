//! Drivers: `mysql_async`, and Gatehouse's own.

use std::io;
use std::pin::Pin;

use gatehouse::mysql::{Connection, Credentials, Error, RsaOaep, Statement};
use hyperdrive_local::Hyperdrive;
use hyperdrive_local::options::Options;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::net::TcpStream;

pub(crate) fn origin() -> Opts {
    testkit::database::options(&testkit::database::url())
}

pub(crate) async fn start(change: impl FnOnce(&mut Options)) -> Hyperdrive {
    let mut options = Options::new(origin());
    change(&mut options);
    Hyperdrive::start(options)
        .await
        .expect("a local Hyperdrive")
}

/// No RSA: Hyperdrive never asks for it.
pub(crate) struct NoRsa;

impl RsaOaep for NoRsa {
    fn encrypt(
        &self,
        _: Vec<u8>,
        _: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + Send>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}

/// Gatehouse's client.
pub(crate) async fn connect(hyperdrive: &Hyperdrive) -> Result<Connection<TcpStream>, Error> {
    let credentials = Credentials {
        user: hyperdrive.user().to_owned(),
        password: hyperdrive.password().to_owned(),
        database: hyperdrive.database().to_owned(),
    };
    let stream = TcpStream::connect(("127.0.0.1", hyperdrive.port())).await?;
    Connection::connect(stream, &credentials, &NoRsa).await
}

pub(crate) async fn text(
    connection: &mut Connection<TcpStream>,
    sql: &'static str,
) -> Option<String> {
    let rows = connection
        .query(&Statement::new("testing", sql))
        .await
        .expect("rows");
    rows.first()
        .expect("a row")
        .cells()
        .next()
        .expect("a column")
        .text()
}

/// `mysql_async`, which asks for what it likes: it needs a greeting with a plugin.
pub(crate) async fn driver(hyperdrive: &Hyperdrive) -> Conn {
    let options = Opts::from_url(&hyperdrive.connection_string()).expect("a URL");
    // It would ask for its settings first, and prepare nothing.
    let options = OptsBuilder::from_opts(options)
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(60));
    Conn::new(options).await.expect("a connection")
}
