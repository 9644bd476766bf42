//! Asking a host what it is: connections that say as little as they can, and nothing of whose they are.

use decnet_analysis::jarm::{Answer, rest_of_record};
use netsvc_fingerprint::{Greeting, SSH_MAX, ServerFlight};
use std::{io, net::SocketAddr, os::fd::AsRawFd, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// What a common client of SSH calls itself.
const NAME: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";
/// Bytes of a server's first flight.
const FLIGHT: usize = 32 * 1024;
/// Bytes of a banner.
const BANNER: usize = 200;

/// How a port was found that is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// It refused.
    Closed,
    /// It said nothing.
    Silent,
}

/// A connection to `to` within `patience`; how the port is otherwise.
pub(super) async fn connect(to: SocketAddr, patience: Duration) -> Result<TcpStream, Port> {
    match timeout(patience, TcpStream::connect(to)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(Port::Closed),
        Ok(Err(_)) | Err(_) => Err(Port::Silent),
    }
}

/// What a server answers to one hello of JARM; `None`: it refuses.
///
/// # Errors
/// When it says nothing for as long as that may take.
pub(super) async fn hello(
    mut stream: TcpStream,
    hello: &[u8],
    patience: Duration,
) -> io::Result<Option<Answer>> {
    let asked = async {
        stream.write_all(hello).await?;
        record(&mut stream).await
    };
    match timeout(patience, asked).await {
        Ok(Ok(record)) => Ok(Answer::read(&record)),
        // A connection that is closed is an answer.
        Ok(Err(_)) => Ok(None),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn record(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    let length = rest_of_record(head).ok_or(io::ErrorKind::InvalidData)?;
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    Ok([head.as_slice(), &rest].concat())
}

/// What a server of TLS shows before it encrypts; an offer of version 1.2 makes it show its certificate.
pub(super) async fn flight(mut stream: TcpStream, hello: &[u8], patience: Duration) -> ServerFlight {
    let mut said = Vec::new();
    let read = async {
        stream.write_all(hello).await?;
        while said.len() < FLIGHT {
            if stream.read_buf(&mut said).await? == 0 || ServerFlight::read(&said).certificates.is_some() {
                break;
            }
        }
        io::Result::Ok(())
    };
    // What came until then is read.
    let _ = timeout(patience, read).await;
    ServerFlight::read(&said)
}

/// How a server of SSH greets.
pub(super) async fn greeting(mut stream: TcpStream, patience: Duration) -> Option<Greeting> {
    let mut said = Vec::new();
    let read = async {
        stream.write_all(NAME).await.ok()?;
        while said.len() < SSH_MAX {
            if stream.read_buf(&mut said).await.ok()? == 0 {
                return None;
            }
            if let Some(greeting) = Greeting::read(&said) {
                return Some(greeting);
            }
        }
        None
    };
    timeout(patience, read).await.ok().flatten()
}

/// What a server says by itself, its first line, as text.
pub(super) async fn banner(mut stream: TcpStream, patience: Duration) -> Option<String> {
    let mut said = vec![0; BANNER];
    let length = timeout(patience, stream.read(&mut said)).await.ok()?.ok().filter(|length| *length > 0)?;
    let said = said.get(..length)?;
    let line = said.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let text: String = line
        .iter()
        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' })
        .collect();
    (!text.trim().is_empty()).then_some(text)
}

/// What the kernel knows of the SYN-ACK of a connection (tcp(7), `TCP_INFO`): its options, its window scale and the
/// largest segment. Where a packet began and its window are known only to who sees packets.
pub(super) fn syn_ack(stream: &TcpStream) -> Option<String> {
    /// `tcpi_options` of linux/tcp.h.
    const OPTIONS: [(u8, &str); 4] = [(1, "ts"), (2, "sok"), (4, "ws"), (8, "ecn")];
    #[expect(unsafe_code, reason = "nix has no form of TCP_INFO")]
    // SAFETY: the structure is plain numbers, for which zeros are values; the kernel writes at most `length` bytes.
    let (info, got) = unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).unwrap_or_default();
        let got = libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        );
        (info, got)
    };
    if got != 0 {
        return None;
    }
    let names = OPTIONS.iter().filter(|(bit, _)| info.tcpi_options & bit != 0).map(|(_, name)| *name);
    let list: Vec<&str> = names.collect();
    // The kernel takes the room for timestamps off.
    let room = if info.tcpi_options & 1 != 0 { 12 } else { 0 };
    // The low half is the scale that the peer has told.
    let scale = info.tcpi_snd_rcv_wscale & 15;
    Some(format!("{}:{scale}:{}", info.tcpi_snd_mss + room, list.join(",")))
}
