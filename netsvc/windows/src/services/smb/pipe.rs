//! Named pipes: what is written to one are requests of DCE/RPC, what is read are their answers.

use super::{
    flavour::{Family, Flavour},
    login::{Rights, Who},
    rpc::{Caller, Conversation},
    status::Status,
};
use netsvc_kit::{Charge, Host, Link, Out};
use std::sync::Arc;

/// Most bytes of a request that wait for the rest.
const LONGEST: usize = 256 * 1024;
/// Most bytes of answers that wait.
const WAITING: usize = 1 << 20;

/// Pipes of Windows, and whether they are those of whoever gives no name, at a domain controller.
const WINDOWS: &[(&str, bool)] = &[
    ("lsarpc", true),
    ("samr", true),
    ("lsass", true),
    ("netlogon", true),
    ("srvsvc", false),
    ("wkssvc", false),
    ("svcctl", false),
    ("winreg", false),
    ("atsvc", false),
    ("eventlog", false),
    ("epmapper", false),
    ("ntsvcs", false),
    ("initshutdown", false),
    ("spoolss", false),
    ("browser", false),
];
/// Pipes of Samba.
const SAMBA: &[&str] = &[
    "lsarpc",
    "samr",
    "lsass",
    "netlogon",
    "srvsvc",
    "wkssvc",
    "svcctl",
    "winreg",
    "ntsvcs",
    "eventlog",
    "initshutdown",
    "spoolss",
    "epmapper",
    "mdssvc",
    "dssetup",
    "rpcecho",
];

/// A pipe that is open.
pub(super) struct Pipe {
    conversation: Conversation,
    host: Arc<Host>,
    link: Link,
    flavour: Flavour,
    who: Who,
    /// Bytes of a request that is not whole, and of answers that were not read.
    input: Vec<u8>,
    output: Vec<u8>,
    charge: Charge,
}

/// Whether there is a pipe called `name`.
pub(super) fn exists(flavour: &Flavour, name: &str) -> bool {
    match flavour.family {
        Family::Windows => WINDOWS.iter().any(|(known, _)| *known == name),
        Family::Samba => SAMBA.contains(&name),
    }
}

impl Pipe {
    /// Opens the pipe called `name`.
    pub(super) fn open(
        host: &Arc<Host>,
        link: &Link,
        flavour: &Flavour,
        who: &Who,
        name: &str,
    ) -> Result<Pipe, Status> {
        if !exists(flavour, name) {
            return Err(Status::OBJECT_NAME_NOT_FOUND);
        }
        let open = WINDOWS.iter().any(|(known, open)| *known == name && *open);
        if flavour.family == Family::Windows
            && who.rights == Rights::Nameless
            && !(flavour.controller && open)
        {
            return Err(Status::ACCESS_DENIED);
        }
        Ok(Pipe {
            conversation: Conversation::new(name),
            host: host.clone(),
            link: *link,
            flavour: flavour.clone(),
            who: who.clone(),
            input: Vec::new(),
            output: Vec::new(),
            charge: Charge::current(0),
        })
    }

    /// Takes what the peer writes.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut Out) -> Result<(), Status> {
        if LONGEST < self.input.len() + bytes.len() || WAITING < self.output.len() {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        self.input.extend_from_slice(bytes);
        let caller = Caller { host: &self.host, link: &self.link, flavour: &self.flavour, who: &self.who };
        let mut rest = self.input.as_slice();
        while let Some((length, answer)) = self.conversation.take(rest, &caller, out) {
            self.output.extend(answer);
            rest = rest.get(length..).unwrap_or_default();
            if WAITING < self.output.len() {
                rest = &[];
            }
        }
        self.input = rest.to_vec();
        self.charge.set(self.input.capacity() + self.output.capacity());
        Ok(())
    }

    /// Gives up to `count` bytes of an answer, and whether there are more of it.
    pub(super) fn read(&mut self, count: usize) -> Result<(Vec<u8>, bool), Status> {
        if self.output.is_empty() {
            return Err(Status::PIPE_EMPTY);
        }
        // A message of a pipe is a piece of an answer.
        let piece = super::rpc::length(&self.output).unwrap_or(self.output.len());
        let given: Vec<u8> = self.output.drain(..count.min(piece).min(self.output.len())).collect();
        self.charge.set(self.input.capacity() + self.output.capacity());
        Ok((given, count < piece))
    }

    /// Bytes that wait to be read.
    pub(super) fn waiting(&self) -> usize {
        self.output.len()
    }
}
