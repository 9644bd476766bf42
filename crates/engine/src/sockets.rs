//! Binding a node's listeners, and watching descriptors from a runtime. Listeners are non-blocking, and
//! stay with us as duplicates for a restart.

use netsvc_persona::stage::{PortSpec, Transport};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};
use std::{
    io,
    net::SocketAddr,
    os::fd::{AsRawFd, OwnedFd},
};
use tokio::io::unix::AsyncFd;

/// Connections that wait for `accept`; a scan must not overflow it.
const BACKLOG: i32 = 4096;

/// Binds the socket of `port` to `address`. `window` (bytes) is the largest window of a TCP listener's
/// connections, and so fixes the scale that the kernel offers; `None` leaves the kernel's own choice.
///
/// # Errors
/// What the kernel says: address in use, permission denied, out of descriptors.
pub(crate) fn bind_port(port: &PortSpec, address: SocketAddr, window: Option<u32>) -> io::Result<OwnedFd> {
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
    if let Some(window) = window.filter(|_| port.transport == Transport::Tcp) {
        clamp_window(&bound, window)?;
    }
    bind(bound.as_raw_fd(), &SockaddrStorage::from(address))?;
    if port.transport == Transport::Tcp {
        listen(&bound, Backlog::new(BACKLOG)?)?;
    }
    Ok(bound)
}

#[expect(unsafe_code, reason = "nix does not know this option")]
fn clamp_window(socket: &OwnedFd, window: u32) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of_val(&window)).map_err(io::Error::other)?;
    // SAFETY: the option is an int (tcp(7)), read from a live variable of that size.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_WINDOW_CLAMP,
            (&raw const window).cast(),
            length,
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
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
