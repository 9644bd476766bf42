//! `serve`: takes orders, serves nodes.

use crate::{
    allocator, inherit,
    sandbox::{self, Profile},
};
use netsvc_kit::{Stage, control::Control, server::Server};
use netsvc_persona::stage::{Answer, Order, PortSpec, Settings};
use std::{os::fd::OwnedFd, time::Duration};
use tokio::runtime::Runtime;

/// Time that open connections get to write their last lines.
const FAREWELL: Duration = Duration::from_secs(1);

/// Runs until the control socket ends or an order says so.
///
/// # Errors
/// When the process was started wrongly, cannot be confined, or an order cannot be read.
pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
    allocator::set_up();
    let (settings, control) = inherit::take()?;
    confined(settings, |runtime, server, isolation| {
        control.answer(&Answer::Ready { isolation })?;
        let _inside = runtime.enter();
        orders(&control, server)
    })
}

/// Gives everything up that serving does not need, then lets `body` serve, and ends in good order.
///
/// # Errors
/// When the process cannot be confined, or what `body` says.
pub(crate) fn confined(
    settings: Settings,
    body: impl FnOnce(&Runtime, &Server, String) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let isolation = sandbox::enter(&settings, Profile::Serve)?;
    let recorder = inherit::recorder(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(4 << 20)
        .max_blocking_threads(4)
        .enable_all()
        .build()?;
    let server = Server::new(Stage::new(settings, recorder), &netsvc_catalogue::ALL);
    allocator::keep_small(server.stage().budget());
    let ended = body(&runtime, &server, isolation);
    server.clear();
    runtime.shutdown_timeout(FAREWELL);
    server.stage().settle();
    ended
}

fn orders(control: &Control, server: &Server) -> Result<(), Box<dyn std::error::Error>> {
    while let Some((order, descriptors)) = control.receive()? {
        let (seq, outcome) = match order {
            Order::Node { seq, persona, services, ports } => {
                let outcome = listeners(ports, descriptors)
                    .and_then(|bound| server.add(*persona, &services, bound).map_err(|error| chain(&error)));
                (seq, outcome)
            }
            Order::Remove { seq, node } => {
                tokio::runtime::Handle::current().block_on(server.remove(&node));
                (seq, Ok(()))
            }
            Order::Letters { seq, node, first, last, letters } => {
                let outcome = server.stage().post.take(&node, first, last, letters);
                (seq, outcome.map_err(|error| error.to_string()))
            }
            Order::Stop { seq } => {
                control.answer(&Answer::Done { seq })?;
                return Ok(());
            }
            Order::Gate { seq, .. } | Order::Mirror { seq, .. } | Order::Absent { seq } => {
                (seq, Err("this process serves sockets, not packets".to_owned()))
            }
        };
        control.answer(&match outcome {
            Ok(()) => Answer::Done { seq },
            Err(reason) => Answer::Refused { seq, reason },
        })?;
    }
    Ok(())
}

fn listeners(ports: Vec<PortSpec>, descriptors: Vec<OwnedFd>) -> Result<Vec<(PortSpec, OwnedFd)>, String> {
    if ports.len() != descriptors.len() {
        return Err(format!("{} ports came with {} descriptors", ports.len(), descriptors.len()));
    }
    Ok(ports.into_iter().zip(descriptors).collect())
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
