//! A conversation with a server that has said all that it will ever say: what the property tests
//! and the fuzz target feed with bytes.

use std::future::ready;
use std::io;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use gatehouse::mysql::{Connection, Credentials, Error, Row, RsaOaep, Statement};

/// Stands in for RSA: what is sent goes nowhere.
struct NoRsa;

impl RsaOaep for NoRsa {
    fn encrypt(&self, _: Vec<u8>, message: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(ready(Ok(message)))
    }
}

/// Connects to a server that says these bytes, asks it something, and asks it again.
pub(crate) fn hear(bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let stream = tokio::io::join(std::io::Cursor::new(bytes.to_vec()), tokio::io::sink());
    let credentials = Credentials {
        user: "ada".to_owned(),
        password: "secret".to_owned(),
        database: "app".to_owned(),
    };
    let talk = async {
        let mut connection = Connection::connect(stream, &credentials, &NoRsa).await?;
        let first = connection
            .query(&Statement::new("testing", "SELECT x"))
            .await;
        let broken = first.as_ref().is_err_and(Error::is_fatal);
        assert_eq!(connection.is_broken(), broken);
        let second = connection
            .execute(&Statement::new("testing", "UPDATE x"))
            .await;
        if broken {
            assert!(matches!(second, Err(Error::Broken)));
        }
        first
    };
    // All of it is there, so there is nothing to wait for: a hang would be seen as one.
    talk.now_or_never().expect("no waiting")
}
