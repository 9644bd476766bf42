//! `gate`: stands between a segment and the services' kernel.

mod carrier;
mod mirror;

use crate::{
    inherit,
    sandbox::{self, Profile},
};
use carrier::Ports;
use netsvc_kit::{
    control::Control,
    recorder::{self, Recorder},
};
use netsvc_persona::stage::{Answer, GateSpec, Order};
use netsvc_stack::{Gate, Mac, Port, Wiring};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    io,
    net::IpAddr,
    os::fd::{AsFd, OwnedFd},
};

/// Time between two looks at what is due while something is, and else, in milliseconds.
const BUSY: u16 = 250;
const IDLE: u16 = 5_000;

/// Runs until the control socket ends or an order says so.
///
/// # Errors
/// When the process was started wrongly, cannot be confined, or an order cannot be read.
pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, control) = inherit::take()?;
    let isolation = sandbox::enter(&settings, Profile::Gate)?;
    let recorder = inherit::recorder(&settings)?;
    control.answer(&Answer::Ready { isolation })?;
    let (gate, ports) = loop {
        match control.receive()? {
            Some((Order::Gate { seq, gate }, descriptors)) => match wire(&gate, descriptors) {
                Ok(wired) => {
                    control.answer(&Answer::Done { seq })?;
                    break wired;
                }
                Err(reason) => control.answer(&Answer::Refused { seq, reason })?,
            },
            Some((Order::Stop { seq }, _)) => return Ok(control.answer(&Answer::Done { seq })?),
            Some((
                Order::Node { seq, .. }
                | Order::Remove { seq, .. }
                | Order::Letters { seq, .. }
                | Order::Mirror { seq, .. }
                | Order::Absent { seq },
                _,
            )) => {
                control.answer(&Answer::Refused { seq, reason: "the gate has no ports yet".to_owned() })?;
            }
            None => return Ok(()),
        }
    };
    let mut running = Running { gate, ports, control, recorder, kept: false };
    let ended = running.serve();
    running.farewell();
    ended
}

/// A gate with its ports, at work.
struct Running {
    gate: Gate,
    ports: Ports,
    control: Control,
    recorder: Recorder,
    /// Whether the gate keeps something back that becomes due.
    kept: bool,
}

impl Running {
    fn serve(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let mut ticked = 0;
        loop {
            let (control, ready) = self.wait()?;
            let now = recorder::now();
            for carrier in ready {
                self.kept |= self.ports.drain(carrier, &mut self.gate, now);
                // The kernel has mostly answered by now, and its answer need not wait for the next look.
                if carrier != Port::Engine {
                    self.ports.drain(Port::Engine, &mut self.gate, now);
                }
            }
            if now.saturating_sub(ticked) >= i64::from(BUSY) * 1000 || now < ticked {
                ticked = now;
                let mut events = Vec::new();
                self.kept = self.gate.tick(now, &mut events, &mut self.ports);
                events.into_iter().for_each(|event| self.recorder.record(event));
            }
            let mut events = Vec::new();
            self.gate.live(now, &mut events, &mut self.ports);
            events.into_iter().for_each(|event| self.recorder.record(event));
            if control && !self.order()? {
                return Ok(());
            }
        }
    }

    /// Waits until something can be read: the control socket, or ports.
    fn wait(&self) -> io::Result<(bool, Vec<Port>)> {
        let longest = if self.kept { BUSY } else { IDLE };
        // Rounded up, so that what is due is due when the wait is over.
        let due = self.gate.due().map(|due| due.saturating_sub(recorder::now()).max(0) / 1000 + 1);
        let due = due.and_then(|due| u16::try_from(due).ok());
        let timeout = PollTimeout::from(due.map_or(longest, |due| due.min(longest)));
        let mut polled = vec![PollFd::new(self.control.as_fd(), PollFlags::POLLIN)];
        polled.extend(self.ports.descriptors().map(|(_, fd)| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = polled.iter().map(|entry| entry.any().unwrap_or_default());
        let control = ready.next().unwrap_or_default();
        let ports = self.ports.descriptors().zip(ready).filter(|(_, ready)| *ready);
        Ok((control, ports.map(|((carrier, _), _)| carrier).collect()))
    }

    /// Takes one order; false when it was the last.
    fn order(&mut self) -> Result<bool, Box<dyn std::error::Error>> {
        let Some((order, descriptors)) = self.control.receive()? else { return Ok(false) };
        let (seq, outcome) = match order {
            Order::Node { seq, persona, services, ports } => {
                let added = self.gate.add(&persona, &services, &ports, &mut self.ports);
                // It has an introduction to finish.
                self.kept = true;
                (seq, added.map_err(|bad| bad.to_string()))
            }
            Order::Remove { seq, node } => {
                self.gate.remove(&node);
                (seq, Ok(()))
            }
            Order::Absent { seq } => {
                self.control.answer(&Answer::Absent { seq, nodes: self.gate.absent() })?;
                return Ok(true);
            }
            Order::Letters { seq, .. } => (seq, Err("the gate serves no mail".to_owned())),
            Order::Gate { seq, .. } => (seq, Err("the gate has its ports already".to_owned())),
            Order::Mirror { seq, mac: wanted } => {
                let wanted = wanted.as_deref().map(mac).transpose();
                let into =
                    descriptors.into_iter().next().ok_or_else(|| "a mirror needs a descriptor".to_owned());
                (seq, wanted.and_then(|wanted| self.ports.mirror(into?, wanted)))
            }
            Order::Stop { seq } => {
                self.farewell();
                self.control.answer(&Answer::Done { seq })?;
                return Ok(false);
            }
        };
        self.control.answer(&match outcome {
            Ok(()) => Answer::Done { seq },
            Err(reason) => Answer::Refused { seq, reason },
        })?;
        Ok(true)
    }

    fn farewell(&mut self) {
        let mut events = Vec::new();
        self.gate.finish(recorder::now(), &mut events);
        events.into_iter().for_each(|event| self.recorder.record(event));
        self.recorder.flush();
    }
}

fn wire(spec: &GateSpec, descriptors: Vec<OwnedFd>) -> Result<(Gate, Ports), String> {
    let mut descriptors = descriptors.into_iter();
    let (Some(segment), Some(engine)) = (descriptors.next(), descriptors.next()) else {
        return Err("a gate needs a segment and an engine side".to_owned());
    };
    let ends = match (&spec.engine_mac, &spec.engine_peer_mac) {
        (Some(own), Some(peer)) => Some((mac(own)?, mac(peer)?)),
        (None, None) => None,
        _ => return Err("the engine side has one hardware address out of two".to_owned()),
    };
    let probe = match spec.probe_ip {
        Some(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    let wiring = Wiring { engine: ends.unwrap_or_default(), probe };
    let bare = ends.is_none();
    let probe_port = descriptors.next().filter(|_| spec.probe);
    Ok((Gate::new(wiring), Ports::new(segment, engine, bare, probe_port)))
}

fn mac(text: &str) -> Result<Mac, String> {
    let mut bytes = Mac::default();
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().and_then(|part| u8::from_str_radix(part, 16).ok());
        *byte = part.ok_or_else(|| format!("{text:?} is not a hardware address"))?;
    }
    Ok(bytes)
}
