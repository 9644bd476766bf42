//! What a service says of itself beyond its ports and settings: what it shows where, and how peers talk to it.

pub use netsvc_persona::daemon::{Changed, Daemon, EMBEDDED, Laid, REDHAT};

use crate::Port;
use netsvc_persona::{
    exchange::{self, Bytes, Exchange},
    service::{self, ProductInfo},
    stage::Transport,
};

/// How often, and what: name, upstream version, packaging. Weight 0: known, and drawn no more.
pub type Product = (u32, (&'static str, &'static str, &'static str));

/// What a service shows on some systems.
#[derive(Clone, Copy, Debug)]
pub struct Products {
    /// Ids of the systems; `windows*` stands for all that begin so.
    pub systems: &'static [&'static str],
    /// What is found there; releases of one product in the order of their age.
    pub shown: &'static [Product],
    /// Ports of the service that it has there; none named: all.
    pub ports: &'static [u16],
    /// Makers of the machines that have it; none named: all.
    pub makers: &'static [&'static str],
}

/// Where a setting cannot be honoured: see [`service::Limit`].
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Values that are refused; none named: every one.
    pub values: &'static [&'static str],
    /// Systems on which they are; none named: every one.
    pub systems: &'static [&'static str],
    /// Another setting, and its values beside which they are; an empty value: it is not set.
    pub beside: Option<(&'static str, &'static [&'static str])>,
    /// Why, as the end of a sentence.
    pub because: &'static str,
    /// What to do instead.
    pub remedy: &'static str,
}

impl Limit {
    /// The limit as the catalogue has it.
    pub(crate) fn info(&self) -> service::Limit {
        let owned = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        service::Limit {
            values: owned(self.values),
            systems: owned(self.systems),
            beside: self.beside.map(|(key, values)| (key.to_owned(), owned(values))),
            because: self.because.to_owned(),
            remedy: self.remedy.to_owned(),
        }
    }
}

/// A step of an exchange.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Says this; `{nonce}` in it stands for 16 letters and digits that only this exchange says, and that the service
    /// has to record.
    Say(&'static [u8]),
    /// Waits for an answer.
    Hear(Answer),
}

/// An answer: all of what it says holds for what was heard since the last [`Step::Say`].
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// What it is, in words: `a 220 greeting`.
    pub what: &'static str,
    /// Where `begins` stands.
    pub at: usize,
    /// One of these stands there; empty: anything.
    pub begins: &'static [&'static [u8]],
    /// It ends with one of these, or does before white space; empty: with anything.
    pub ends: &'static [&'static [u8]],
    /// It has so many bytes at least.
    pub least: usize,
}

/// How peers talk to a service: for checks of a running node, tests, fuzzing and measurements. Wherever `{nonce}`
/// stands, 16 letters and digits come in its place.
#[derive(Clone, Copy, Debug)]
pub struct Talks {
    /// The first exchange over TCP, on ports without TLS; empty: it does not speak TCP.
    pub stream: &'static [Step],
    /// The first exchange in datagrams, one for each step; empty: it does not speak UDP.
    pub datagrams: &'static [Step],
    /// Whether Telnet options are refused as they come (RFC 854): some servers prompt nobody who does not answer.
    pub refuses_options: bool,
    /// A login that is refused, `{nonce}` in its password; empty: nobody logs in, or only by a library.
    pub login: &'static [Step],
    /// What a visitor who means no good says, piece by piece, whatever is answered.
    pub visit: &'static [&'static [u8]],
    /// Further dialogues, each whole: for laws and as seeds of the fuzzer.
    pub dialogues: &'static [&'static [u8]],
    /// Ports that speak a protocol of their own, unlike the first one of their transport.
    pub apart: &'static [Apart],
    /// What never ends.
    pub floods: &'static [Flood],
    /// Command line of the client that people use, with `{ip}` and `{port}`.
    pub client: &'static str,
}

/// How peers talk to a port that speaks a protocol of its own.
#[derive(Clone, Copy, Debug)]
pub struct Apart {
    /// The port.
    pub port: Port,
    /// The first exchange there.
    pub exchange: &'static [Step],
    /// What a visitor who means no good says there.
    pub visit: &'static [&'static [u8]],
}

/// A conversation without an end.
#[derive(Clone, Copy, Debug)]
pub struct Flood {
    /// What it is, in words.
    pub name: &'static str,
    /// What opens it.
    pub head: &'static [u8],
    /// What is then repeated.
    pub unit: &'static [u8],
}

impl Products {
    /// What `systems` show.
    pub const fn on(systems: &'static [&'static str], shown: &'static [Product]) -> Self {
        Products { systems, shown, ports: &[], makers: &[] }
    }

    /// The same, with these ports of the service alone.
    #[must_use]
    pub const fn at(self, ports: &'static [u16]) -> Self {
        Products { ports, ..self }
    }

    /// The same, on machines of these makers alone.
    #[must_use]
    pub const fn of(self, makers: &'static [&'static str]) -> Self {
        Products { makers, ..self }
    }

    /// A row for each product.
    pub(crate) fn rows(&self) -> impl Iterator<Item = ProductInfo> + '_ {
        self.shown.iter().map(|(weight, (name, version, packaging))| ProductInfo {
            systems: self.systems.iter().map(|system| (*system).to_owned()).collect(),
            weight: *weight,
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            packaging: (*packaging).to_owned(),
            ports: self.ports.to_vec(),
            makers: self.makers.iter().map(|maker| (*maker).to_owned()).collect(),
        })
    }
}

impl Step {
    /// Waits for `what`, which has so many bytes at least.
    pub const fn hear(what: &'static str, least: usize) -> Self {
        Step::Hear(Answer { what, at: 0, begins: &[], ends: &[], least })
    }

    /// Waits for `what`, which begins with one of these.
    pub const fn begins(what: &'static str, begins: &'static [&'static [u8]]) -> Self {
        Step::Hear(Answer { what, at: 0, begins, ends: &[], least: 0 })
    }

    /// Waits for `what`, which ends with one of these, or does before white space.
    pub const fn ends(what: &'static str, ends: &'static [&'static [u8]]) -> Self {
        Step::Hear(Answer { what, at: 0, begins: &[], ends, least: 0 })
    }

    /// Waits for `what`, which begins with one of these and ends with a line feed.
    pub const fn line(what: &'static str, begins: &'static [&'static [u8]]) -> Self {
        Step::Hear(Answer { what, at: 0, begins, ends: &[b"\n"], least: 0 })
    }

    /// The step as the catalogue has it.
    pub fn info(&self) -> exchange::Step {
        let all = |list: &[&[u8]]| list.iter().map(|bytes| Bytes::from(*bytes)).collect();
        match self {
            Step::Say(bytes) => exchange::Step::Say(Bytes::from(*bytes)),
            Step::Hear(answer) => exchange::Step::Hear(exchange::Answer {
                what: answer.what.to_owned(),
                at: answer.at,
                begins: all(answer.begins),
                ends: all(answer.ends),
                least: answer.least,
            }),
        }
    }
}

impl Talks {
    /// Nobody talks to it: what a service leaves out is that of this.
    pub const NONE: Talks = Talks {
        stream: &[],
        datagrams: &[],
        refuses_options: false,
        login: &[],
        visit: &[],
        dialogues: &[],
        apart: &[],
        floods: &[],
        client: "",
    };

    /// The first exchange over each transport.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let both = [(Transport::Tcp, self.stream), (Transport::Udp, self.datagrams)];
        let spoken = both.into_iter().filter(|(_, steps)| !steps.is_empty());
        spoken.map(|(transport, steps)| self.exchange(transport, steps)).collect()
    }

    /// The login that is refused, over TCP if that is spoken.
    pub fn login(&self) -> Option<Exchange> {
        let transport = if self.stream.is_empty() { Transport::Udp } else { Transport::Tcp };
        (!self.login.is_empty()).then(|| self.exchange(transport, self.login))
    }

    /// The first exchanges on ports that speak a protocol of their own, and what a visitor says there.
    pub fn apart(&self) -> Vec<service::Apart> {
        let apart = self.apart.iter().map(|apart| service::Apart {
            port: apart.port.number,
            exchange: self.exchange(apart.port.transport, apart.exchange),
            visit: apart.visit.iter().map(|bytes| Bytes::from(*bytes)).collect(),
        });
        apart.collect()
    }

    fn exchange(&self, transport: Transport, steps: &[Step]) -> Exchange {
        let steps = steps.iter().map(Step::info).collect();
        Exchange { transport, refuses_options: self.refuses_options, steps }
    }
}
