//! Data connections: a listener for the peer alone, or a connection to the peer alone, in TLS if asked for.

use netsvc_kit::{Host, Link};
use openssl::ssl::Ssl;
use rand_core::{OsRng, RngCore};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tokio_openssl::SslStream;

/// Longest wait for a data connection and for its handshake.
const WAIT: Duration = Duration::from_secs(30);
/// Ports tried before giving up.
const TRIES: u32 = 20;

/// How the next data connection comes about.
#[derive(Debug, Default)]
pub enum Plan {
    /// Not at all: neither PASV nor PORT was given.
    #[default]
    None,
    /// The peer connects here.
    Passive(TcpListener),
    /// We connect there.
    Active(SocketAddr),
}

/// A data connection, in TLS or not.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A data connection.
pub type Data = Box<dyn Stream>;

/// A listener on one of the persona's passive ports.
///
/// # Errors
/// When no port is free.
pub async fn listen(host: &Host, link: &Link) -> io::Result<(TcpListener, u16)> {
    let (first, last) = host.persona().passive_ports;
    let span = u32::from(last.saturating_sub(first)) + 1;
    for _ in 0..TRIES {
        let offset = u16::try_from(OsRng.next_u32() % span).unwrap_or(0);
        let port = first.saturating_add(offset);
        if let Ok(listener) = TcpListener::bind((link.local.ip(), port)).await {
            return Ok((listener, port));
        }
    }
    Err(io::Error::from(io::ErrorKind::AddrInUse))
}

/// The connection that `plan` says.
///
/// # Errors
/// When it does not come about in time.
pub async fn open(plan: Plan, host: &Host, link: &Link, private: bool) -> io::Result<Data> {
    let stream = match plan {
        Plan::None => return Err(io::Error::from(io::ErrorKind::NotConnected)),
        Plan::Passive(listener) => within(accept(listener, link.peer.ip())).await?,
        Plan::Active(peer) => within(connect(link.local.ip(), peer)).await?,
    };
    if !private {
        return Ok(Box::new(stream));
    }
    let context = host.tls().await?;
    let ssl = Ssl::new(&context).map_err(io::Error::other)?;
    let mut stream = SslStream::new(ssl, stream).map_err(io::Error::other)?;
    let handshake = async { Pin::new(&mut stream).accept().await.map_err(io::Error::other) };
    within(handshake).await?;
    Ok(Box::new(stream))
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(WAIT, work).await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
}

async fn accept(listener: TcpListener, peer: IpAddr) -> io::Result<TcpStream> {
    loop {
        let (stream, from) = listener.accept().await?;
        // Another host on the port is dropped without a word, as vsftpd does.
        if from.ip() == peer {
            return Ok(stream);
        }
    }
}

async fn connect(local: IpAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    for port in [20, 0] {
        let socket = if local.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if port != 0 {
            socket.set_reuseaddr(true)?;
        }
        if socket.bind(SocketAddr::new(local, port)).is_ok() {
            return socket.connect(peer).await;
        }
    }
    Err(io::Error::from(io::ErrorKind::AddrNotAvailable))
}

/// The address in the argument of PORT: `h1,h2,h3,h4,p1,p2`.
pub fn port_argument(text: &str) -> Option<SocketAddr> {
    let numbers: Vec<u8> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c, d, high, low] = numbers.as_slice() else { return None };
    Some(SocketAddr::from(([*a, *b, *c, *d], u16::from_be_bytes([*high, *low]))))
}

/// The address in the argument of EPRT: `|1|192.0.2.1|4000|`.
pub fn eprt_argument(text: &str) -> Option<SocketAddr> {
    let mark = text.chars().next()?;
    let mut parts = text.split(mark).skip(1);
    let (protocol, address, port) = (parts.next()?, parts.next()?, parts.next()?);
    let address: IpAddr = address.parse().ok()?;
    let fits = if address.is_ipv4() { "1" } else { "2" };
    (protocol == fits).then_some(())?;
    Some(SocketAddr::new(address, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(port_argument("192,0,2,1,15,160"), Some(([192, 0, 2, 1], 4000).into()));
        assert_eq!(port_argument("1,2,3"), None);
        assert_eq!(port_argument("1,2,3,4,5,256"), None);
        assert_eq!(eprt_argument("|1|192.0.2.1|4000|"), Some(([192, 0, 2, 1], 4000).into()));
        assert_eq!(eprt_argument("|2|192.0.2.1|4000|"), None);
        assert_eq!(eprt_argument("foo"), None);
    }

    proptest! {
        #[test]
        fn any_argument_is_read_without_panic(text in ".{0,40}") {
            let _ = (port_argument(&text), eprt_argument(&text));
        }
    }
}
