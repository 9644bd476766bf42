//! Binding a node's listeners, and watching descriptors from a runtime. Listeners are non-blocking, and stay with us as duplicates for a restart.

use netsvc_persona::stage::{PortSpec, Transport};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};
use std::{io, net::SocketAddr, os::fd::OwnedFd};
use tokio::io::unix::AsyncFd;

/// Connections that wait for `accept`; a scan must not overflow it.
const BACKLOG: i32 = 4096;

/// Binds the socket of `port` to `address`. `receive_buffer` (bytes) fixes the window scale that the
/// kernel offers on a TCP listener; `None` leaves the kernel's own choice.
///
/// # Errors
/// What the kernel says: address in use, permission denied, out of descriptors.
pub(crate) fn bind_port(
    port: &PortSpec,
    address: SocketAddr,
    receive_buffer: Option<usize>,
) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let kind = match port.transport {
        Transport::Tcp => SockType::Stream,
        Transport::Udp => SockType::Datagram,
    };
    let bound = socket(family, kind, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    if port.transport == Transport::Tcp {
        // Only TCP: with UDP it would let a second process take the port over.
        setsockopt(&bound, sockopt::ReuseAddr, &true)?;
    }
    if let Some(bytes) = receive_buffer {
        // The forced form ignores rmem_max, but needs a capability in the first user namespace.
        if setsockopt(&bound, sockopt::RcvBufForce, &bytes).is_err() {
            setsockopt(&bound, sockopt::RcvBuf, &bytes)?;
        }
    }
    bind(std::os::fd::AsRawFd::as_raw_fd(&bound), &SockaddrStorage::from(address))?;
    if port.transport == Transport::Tcp {
        listen(&bound, Backlog::new(BACKLOG)?)?;
    }
    Ok(bound)
}

/// Watches a non-blocking descriptor from the current tokio runtime.
///
/// # Errors
/// When the kernel cannot poll it.
pub(crate) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(unsafe_code, reason = "tokio wants a promise that the descriptor stays open")]
    // SAFETY: an `OwnedFd` keeps its descriptor open until it is dropped, and the `AsyncFd` owns it.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(|error| error.into_parts().1)
}
