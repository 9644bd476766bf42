//! A connection to somebody by name, with TLS or without.

use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Both ways of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection.
pub type Stream = Box<dyn Duplex>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server cannot be reached.
    #[error("connect to the server")]
    Connect(#[source] io::Error),
    /// The server's name is none.
    #[error("the server has no name that can be used")]
    Name,
    /// The server is not whom we believe.
    #[error("greet the server over TLS")]
    Tls(#[source] io::Error),
}

/// Connects to a server; with `tls` it has to show that it has its name.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> Result<Stream, ConnectError> {
    let socket = TcpStream::connect((host, port)).await.map_err(ConnectError::Connect)?;
    match tls {
        None => Ok(Box::new(socket)),
        Some(config) => {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::Name)?;
            let socket = TlsConnector::from(config).connect(name, socket).await.map_err(ConnectError::Tls)?;
            Ok(Box::new(socket))
        }
    }
}
