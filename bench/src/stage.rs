//! A stage program for measuring the gate alone: its `gate` is the real one, its `serve` moves bytes and
//! does nothing else.

use crate::{
    bare,
    orders::{answer, receive, settings},
    place::{BARE, BARE_SERVICES},
    traffic,
};
use anyhow::{Context as _, Result};
use netsvc_persona::stage::{Answer, Order};
use std::{net::TcpListener, os::unix::process::CommandExt, process::Command};

/// Becomes the gate of the service binary; under one of the names of [`crate::place`] the one without faces.
pub(crate) fn gate() -> Result<()> {
    if [BARE, BARE_SERVICES].iter().any(|name| is_called(name)) {
        bare::gate()
    } else {
        become_service("gate")
    }
}

fn is_called(name: &str) -> bool {
    std::env::current_exe().is_ok_and(|own| own.file_name().is_some_and(|own| own == name))
}

/// Becomes the service binary beside this program.
fn become_service(verb: &str) -> Result<()> {
    let program = std::env::current_exe().context("find this program")?.with_file_name("netsvcd");
    Err(Command::new(program).arg(verb).exec()).with_context(|| format!("become its {verb}"))
}

/// Serves what it is told to until it is told to stop; under a name of [`crate::place`] with the service binary.
pub(crate) fn serve() -> Result<()> {
    if is_called(BARE_SERVICES) {
        return become_service("serve");
    }
    settings()?;
    answer(&Answer::Ready { isolation: "none: a measurement".to_owned() })?;
    while let Some((order, descriptors)) = receive()? {
        let seq = match order {
            Order::Node { seq, ports, .. } => {
                for (port, socket) in ports.into_iter().zip(descriptors) {
                    traffic::serve(&port.slug, TcpListener::from(socket))?;
                }
                seq
            }
            Order::Remove { seq, .. }
            | Order::Absent { seq, .. }
            | Order::Gate { seq, .. }
            | Order::Letters { seq, .. }
            | Order::Mirror { seq, .. } => seq,
            Order::Stop { seq } => return answer(&Answer::Done { seq }),
        };
        answer(&Answer::Done { seq })?;
    }
    Ok(())
}
