//! `single`: serves the one node of a document, on sockets that it binds itself.
//!
//! For a container that shares the network namespace of its node: there the address is the node's and no
//! port needs a privilege. What peers meet is confined as in `serve`.

use crate::{allocator, hold, serve};
use netsvc_kit::server::Server;
use netsvc_persona::stage::{MAX_SINGLE, PortSpec, Single, Transport};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};
use std::{
    fs::File,
    io::{self, Read},
    net::{IpAddr, SocketAddr},
    os::fd::{AsRawFd, OwnedFd},
};
use tokio::runtime::Runtime;

/// Where the document is.
const DOCUMENT: &str = "/node.json";
/// Connections that wait for `accept`, as everywhere.
const BACKLOG: i32 = 4096;

/// Serves until it is told to end by SIGTERM or SIGINT.
///
/// # Errors
/// When the document cannot be read, a socket not be bound, the process not be confined, or a service refuses.
pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
    allocator::set_up();
    let Single { settings, persona, services, ports } = document()?;
    // Before confinement, and before the first thread.
    let mut bound = Vec::with_capacity(ports.len());
    for port in ports {
        let socket = listener(&port, persona.ip)
            .map_err(|error| format!("bind {} port {}: {error}", port.transport.name(), port.port))?;
        bound.push((port, socket));
    }
    std::env::set_current_dir(&settings.spool)?;
    let settings = netsvc_persona::stage::Settings { spool: ".".into(), ..settings };
    serve::confined(settings, |runtime: &Runtime, server: &Server, _| {
        let _inside = runtime.enter();
        let end = hold::told_to_end()?;
        server.add(persona, &services, bound).map_err(|error| serve::chain(&error))?;
        runtime.block_on(end);
        Ok(())
    })
}

fn document() -> Result<Single, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    let file = File::open(DOCUMENT).map_err(|error| format!("read {DOCUMENT}: {error}"))?;
    file.take(MAX_SINGLE).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("read {DOCUMENT}: {error}"))?)
}

fn listener(port: &PortSpec, ip: IpAddr) -> io::Result<OwnedFd> {
    let family = if ip.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let kind = match port.transport {
        Transport::Tcp => SockType::Stream,
        Transport::Udp => SockType::Datagram,
    };
    let bound = socket(family, kind, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    if port.transport == Transport::Tcp {
        // Only TCP: with UDP it would let a second process take the port over.
        setsockopt(&bound, sockopt::ReuseAddr, &true)?;
    }
    bind(bound.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(ip, port.port)))?;
    if port.transport == Transport::Tcp {
        listen(&bound, Backlog::new(BACKLOG)?)?;
    }
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_bound_as_the_transport_says() {
        let port = |transport| PortSpec { slug: "x".to_owned(), transport, port: 0, tls: false };
        let ip = IpAddr::from([127, 0, 0, 1]);
        let tcp = std::net::TcpListener::from(listener(&port(Transport::Tcp), ip).unwrap());
        let address = tcp.local_addr().unwrap();
        drop(std::net::TcpStream::connect(address).unwrap());
        let udp = std::net::UdpSocket::from(listener(&port(Transport::Udp), ip).unwrap());
        assert_eq!(udp.local_addr().unwrap().ip(), ip);
    }
}
