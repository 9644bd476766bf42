//! `serve` of the stub: greets TCP peers with `NODE SERVICE PORT PEER`, echoes UDP. A service called
//! `refuse` is refused, and `crash` ends the process when a peer connects.

use crate::{Error, control};
use netsvc_persona::stage::{Answer, Order, PortSpec, Transport};
use std::{
    collections::BTreeMap,
    net::{TcpListener, UdpSocket},
    os::fd::OwnedFd,
};
use tokio::{io::AsyncWriteExt, task::AbortHandle};

pub(crate) fn run() -> Result<(), Error> {
    control::settings()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    control::answer(&Answer::Ready { isolation: "stub".to_owned() })?;
    let _inside = runtime.enter();
    let mut nodes: BTreeMap<String, Vec<AbortHandle>> = BTreeMap::new();
    while let Some((order, descriptors)) = control::receive()? {
        let reply = match order {
            Order::Node { seq, services, .. } if services.iter().any(|service| service.slug == "refuse") => {
                Answer::Refused { seq, reason: "told to".to_owned() }
            }
            Order::Node { seq, persona, ports, .. } => {
                let tasks = nodes.entry(persona.node.clone()).or_default();
                for (port, socket) in ports.into_iter().zip(descriptors) {
                    tasks.push(listen(persona.node.clone(), port, socket)?);
                }
                Answer::Done { seq }
            }
            Order::Remove { seq, node } => {
                nodes.remove(&node).unwrap_or_default().iter().for_each(AbortHandle::abort);
                Answer::Done { seq }
            }
            Order::Letters { seq, .. } => Answer::Done { seq },
            Order::Gate { seq, .. } | Order::Mirror { seq, .. } | Order::Absent { seq } => {
                Answer::Refused { seq, reason: "no gate".to_owned() }
            }
            Order::Stop { seq } => {
                control::answer(&Answer::Done { seq })?;
                return Ok(());
            }
        };
        control::answer(&reply)?;
    }
    Ok(())
}

fn listen(node: String, port: PortSpec, socket: OwnedFd) -> Result<AbortHandle, Error> {
    let task = match port.transport {
        Transport::Tcp => {
            let listener = tokio::net::TcpListener::from_std(TcpListener::from(socket))?;
            tokio::spawn(async move {
                while let Ok((mut stream, peer)) = listener.accept().await {
                    if port.slug == "crash" {
                        std::process::exit(3);
                    }
                    let greeting = format!("{node} {} {} {}\n", port.slug, port.port, peer.ip());
                    tokio::spawn(async move { stream.write_all(greeting.as_bytes()).await });
                }
            })
        }
        Transport::Udp => {
            let socket = tokio::net::UdpSocket::from_std(UdpSocket::from(socket))?;
            tokio::spawn(async move {
                let mut buffer = [0; 2048];
                while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                    let _ = socket.send_to(buffer.get(..length).unwrap_or_default(), peer).await;
                }
            })
        }
    };
    Ok(task.abort_handle())
}
