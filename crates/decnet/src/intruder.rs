//! The demo's scripted intruder: what a bot does on each service once it is in.

use crate::firedrill::Way;
use decnet_fleet::placed;
use decnet_model::{catalogue, fleet::Fleet};
use netsvc_persona::{
    exchange::{Bytes, refusals},
    service::ServiceInfo,
    stage::{PortSpec, Transport},
};
use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};
use tokio::task::JoinSet;

/// Where the intruder comes from on loopback.
pub const ADDRESS: [u8; 4] = [127, 66, 6, 6];

/// Deckies that are attacked at a time.
const AT_ONCE: usize = 24;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_millis(400);
/// What stands in the place of a nonce, which nobody looks for.
const SAID: &str = "sesame0123456789";

/// Attacks every port of `fleet` with what its service's bots say, at many deckies at a time, as bots do. What fails is
/// the fleet's secret.
pub async fn attack(fleet: &Fleet, way: &Way) {
    let mut running = JoinSet::new();
    for decky in placed::seen(fleet).deckies.values() {
        if AT_ONCE <= running.len() {
            running.join_next().await;
        }
        let (ip, ports, way) = (IpAddr::from(decky.ip), decky.ports(), way.clone());
        running.spawn(async move {
            for port in ports.into_iter().filter(|port: &PortSpec| !port.tls) {
                visit(ip, port, &way).await;
            }
        });
    }
    while running.join_next().await.is_some() {}
}

async fn visit(ip: IpAddr, port: PortSpec, way: &Way) {
    let Some(service) = catalogue::find(&port.slug) else { return };
    if port.transport == Transport::Udp {
        let Ok((socket, address)) = way.datagrams(ip, port.port).await else { return };
        // As below.
        let _ =
            tokio::task::spawn_blocking(move || send_all(&socket, address, service.visit_at(&port))).await;
        return;
    }
    let Ok(stream) = way.connect(ip, port.port).await else { return };
    // The conversation is a one-sided script: the answers are for the recording, not for us.
    let _ = tokio::task::spawn_blocking(move || play(stream, service, &port)).await;
}

/// Says each piece in a datagram of its own and waits a little for an answer.
fn send_all(socket: &UdpSocket, address: SocketAddr, visit: &[Bytes]) -> std::io::Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    for piece in visit {
        socket.send_to(&piece.with_nonce(SAID), address)?;
        // An answer or none: the script goes on.
        let _ = socket.recv_from(&mut [0; 2048]);
    }
    Ok(())
}

fn play(mut stream: TcpStream, service: &ServiceInfo, port: &PortSpec) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 4096];
    // Options come in a few rounds.
    let refuses = service.exchange_at(port).is_some_and(|exchange| exchange.refuses_options);
    for _ in 0..if refuses { 4 } else { 0 } {
        let count = stream.read(&mut buffer).unwrap_or(0);
        stream.write_all(&refusals(buffer.get(..count).unwrap_or_default()))?;
    }
    for piece in service.visit_at(port) {
        // A greeting or an answer, or none: the script goes on.
        let _ = stream.read(&mut buffer);
        stream.write_all(&piece.with_nonce(SAID))?;
    }
    let _ = stream.read(&mut buffer);
    Ok(())
}
