//! TLS on a connection to another node: whoever asks for it takes any certificate, since all are those of nodes.

use super::BUILDING;
use crate::Passage;
use openssl::{
    error::ErrorStack,
    ssl::{Ssl, SslContext, SslMethod, SslVerifyMode},
};
use std::{io, net::IpAddr, pin::Pin};
use tokio_openssl::SslStream;

/// A connection to another node with TLS.
pub type Secured = SslStream<Passage>;

impl Passage {
    /// Begins TLS with the host that the peer calls `name`.
    ///
    /// # Errors
    /// When the other end does not speak it.
    pub async fn secured(self, name: &str) -> io::Result<Secured> {
        let ssl = session(name).map_err(io::Error::other)?;
        let mut stream = SslStream::new(ssl, self).map_err(io::Error::other)?;
        Pin::new(&mut stream).connect().await.map_err(io::Error::other)?;
        Ok(stream)
    }
}

fn session(name: &str) -> Result<Ssl, ErrorStack> {
    let _alone = BUILDING.lock();
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_verify(SslVerifyMode::NONE);
    let mut ssl = Ssl::new(&builder.build())?;
    if name.parse::<IpAddr>().is_err() {
        ssl.set_hostname(name)?;
    }
    Ok(ssl)
}
