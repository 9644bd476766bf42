//! The interfaces behind named pipes ([MS-RPCE]).

mod accounts;
mod policy;
mod server;
mod services;
mod sid;
mod station;

pub(super) use crate::rpc::{Fault, length};

use super::{flavour::Flavour, login::Who};
use crate::rpc::{self, Interface, mapper, ndr};
use netsvc_kit::{Host, Link, Out};

/// Who calls, and whom.
pub(super) struct Caller<'a> {
    pub(super) host: &'a Host,
    pub(super) link: &'a Link,
    pub(super) flavour: &'a Flavour,
    pub(super) who: &'a Who,
}

/// What answers an operation.
type Call = fn(&Caller<'_>, u16, &[u8], &mut Out) -> Result<Vec<u8>, Fault>;

/// An interface, the pipes that it is behind, and its operations.
struct Served {
    interface: Interface,
    pipes: &'static [&'static str],
    call: Call,
}

const SERVED: &[Served] = &[
    Served {
        interface: Interface { id: "c84f324b7016d30112785a47bf6ee188", version: 3, name: "srvsvc" },
        pipes: &["srvsvc"],
        call: server::call,
    },
    Served {
        interface: Interface { id: "98d0ff6b12a11036983346c3f87e345a", version: 1, name: "wkssvc" },
        pipes: &["wkssvc"],
        call: station::call,
    },
    Served {
        interface: Interface { id: "785734123412cdabef000123456789ab", version: 0, name: "lsarpc" },
        pipes: &["lsarpc", "lsass", "netlogon", "samr"],
        call: policy::call,
    },
    Served {
        interface: Interface { id: "785734123412cdabef000123456789ac", version: 1, name: "samr" },
        pipes: &["samr", "lsass", "lsarpc", "netlogon"],
        call: accounts::call,
    },
    Served {
        interface: Interface { id: "81bb7a364498f135ad3298f038001003", version: 2, name: "svcctl" },
        pipes: &["svcctl", "ntsvcs"],
        call: services::call,
    },
    Served { interface: mapper::INTERFACE, pipes: &["epmapper"], call: mapped },
];

fn mapped(caller: &Caller<'_>, operation: u16, content: &[u8], out: &mut Out) -> Result<Vec<u8>, Fault> {
    mapper::call(caller.host, operation, content, out)
}

/// What is agreed on over one pipe.
pub(super) struct Conversation(rpc::Conversation);

impl Conversation {
    pub(super) fn new(pipe: &str) -> Self {
        let behind = SERVED.iter().filter(|served| served.pipes.contains(&pipe));
        let interfaces = behind.map(|served| &served.interface).collect();
        let address = format!("\\PIPE\\{}", if pipe == "lsarpc" { "lsass" } else { pipe });
        Conversation(rpc::Conversation::new(address, interfaces))
    }

    /// Takes the first message of `bytes`, if it is whole: how long it is, and what it is answered with.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        caller: &Caller<'_>,
        out: &mut Out,
    ) -> Option<(usize, Vec<u8>)> {
        let call = |interface: &Interface, operation: u16, content: &[u8], out: &mut Out| {
            let served = SERVED.iter().find(|served| served.interface.id == interface.id);
            served.map_or(Err(Fault::Context), |served| (served.call)(caller, operation, content, out))
        };
        self.0.take(bytes, call, out)
    }
}
