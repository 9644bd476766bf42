//! One round of questions to one host: three phases, each with ports of its own.

use super::ask::{self, Port};
use crate::{finding::Fields, sense::certificate};
use decnet_analysis::jarm::{Jarm, questions};
use decnet_model::record::FingerprintKind;
use netsvc_wire::{field, stamp};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

/// Ports that say nothing, with none that answers, after which a host is left alone.
const SILENT: u32 = 3;

/// Ports of the phases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Asked for JARM and certificate.
    pub tls: Vec<u16>,
    /// Asked for HASSHServer.
    pub ssh: Vec<u16>,
    /// Listened to for a banner.
    pub banner: Vec<u16>,
}

/// How hosts are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// On which ports.
    pub ports: Ports,
    /// Connections in a minute.
    pub per_minute: u32,
    /// How long an answer is waited for.
    pub patience: Duration,
}

/// Something that a host was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By which question.
    pub kind: FingerprintKind,
    /// At which port.
    pub port: u16,
    /// In which phase.
    pub phase: &'static str,
    /// What came out.
    pub value: String,
    /// What more is known.
    pub fields: Vec<(&'static str, Vec<u8>)>,
}

impl Found {
    /// By which name it is compared with what came out the time before.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.name(), self.port)
    }
}

/// Lets one connection after another go, at the pace that is allowed.
#[derive(Debug)]
pub struct Pace {
    between: Duration,
    next: Instant,
}

impl Pace {
    /// At most `per_minute` connections in a minute.
    pub fn new(per_minute: u32) -> Self {
        Pace { between: Duration::from_secs(60) / per_minute.max(1), next: Instant::now() }
    }

    async fn wait(&mut self) {
        let now = Instant::now();
        let at = self.next.max(now);
        self.next = at + self.between;
        sleep_until(at).await;
    }
}

/// A round.
pub(super) struct Session<'a> {
    address: IpAddr,
    manner: &'a Manner,
    pace: &'a mut Pace,
    /// Whether it is to end early.
    stop: &'a (dyn Fn() -> bool + Sync),
    silent: u32,
    answered: bool,
    found: Vec<Found>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        address: IpAddr,
        manner: &'a Manner,
        pace: &'a mut Pace,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        Session { address, manner, pace, stop, silent: 0, answered: false, found: Vec::new() }
    }

    /// Asks everything, and returns what came out.
    pub(super) async fn run(mut self) -> Vec<Found> {
        let manner: &'a Manner = self.manner;
        for &port in &manner.ports.tls {
            self.tls(port).await;
        }
        for &port in &manner.ports.ssh {
            self.ssh(port).await;
        }
        for &port in &manner.ports.banner {
            self.banner(port).await;
        }
        self.found
    }

    fn is_over(&self) -> bool {
        (self.stop)() || (!self.answered && SILENT <= self.silent)
    }

    async fn connect(&mut self, port: u16) -> Option<TcpStream> {
        if self.is_over() {
            return None;
        }
        self.pace.wait().await;
        match ask::connect(SocketAddr::new(self.address, port), self.manner.patience).await {
            Ok(stream) => {
                self.answered = true;
                let first = !self.found.iter().any(|found| found.kind == FingerprintKind::SynAck);
                if let Some(value) = ask::syn_ack(&stream).filter(|_| first) {
                    self.add(FingerprintKind::SynAck, port, "handshake", value, Fields::default());
                }
                Some(stream)
            }
            Err(Port::Closed) => {
                self.answered = true;
                None
            }
            Err(Port::Silent) => {
                self.silent += 1;
                None
            }
        }
    }

    fn add(&mut self, kind: FingerprintKind, port: u16, phase: &'static str, value: String, more: Fields) {
        self.found.push(Found { kind, port, phase, value, fields: more.done() });
    }

    async fn tls(&mut self, port: u16) {
        const PHASE: &str = "tls";
        let patience = self.manner.patience;
        let questions = questions(&self.address.to_string(), stamp::now());
        let Some(first) = questions.first() else { return };
        let Some(stream) = self.connect(port).await else { return };
        let flight = ask::flight(stream, first, patience).await;
        if flight.hello.is_none() {
            return;
        }
        if let Some(own) = flight.certificates.as_ref().and_then(|chain| chain.first()) {
            let fields = certificate::fields(own, "server");
            let hash = certificate::hash(own);
            self.add(FingerprintKind::Certificate, port, PHASE, hash, fields);
        }
        let mut answers = Vec::new();
        for question in &questions {
            let Some(stream) = self.connect(port).await else { return };
            answers.push(ask::hello(stream, question, patience).await);
        }
        if let Some(jarm) = Jarm::of(answers) {
            self.add(FingerprintKind::Jarm, port, PHASE, jarm.hash(), Fields::default());
        }
    }

    async fn ssh(&mut self, port: u16) {
        let Some(stream) = self.connect(port).await else { return };
        let Some(greeting) = ask::greeting(stream, self.manner.patience).await else { return };
        let fields = Fields::default()
            .with(field::SERVER_VERSION, greeting.version.clone())
            .with(field::HASSH_ALGORITHMS, greeting.offer.hassh_server_text());
        self.add(FingerprintKind::HasshServer, port, "ssh", greeting.offer.hassh_server(), fields);
    }

    async fn banner(&mut self, port: u16) {
        let Some(stream) = self.connect(port).await else { return };
        if let Some(value) = ask::banner(stream, self.manner.patience).await {
            self.add(FingerprintKind::Banner, port, "banner", value, Fields::default());
        }
    }
}
