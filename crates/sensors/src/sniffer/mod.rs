//! The worker `sniffer`: watches what the gate sees, and tells what is about somebody else than our own deckies.

mod shelf;
mod watch;

use decnet_model::probe;
use decnet_pipeline::runtime::{Pass, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use netsvc_wire::{
    BadHeaderText, Event, HeaderText, Kind, WriterId, field,
    spool::{Spool, Written},
};
use parking_lot::{Mutex, RwLock};
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    finding::Finding,
    recorder::{RecordLimits, Recorder},
    sense::Seen,
};

/// APP-NAME of its events.
pub const APP: &str = "sniffer";
/// Bytes of unread lines.
const QUOTA: u64 = 64 << 20;

/// How the worker is to do its work.
#[derive(Clone, Debug)]
pub struct SnifferSettings {
    /// SD-ID of event lines.
    pub sd_id: String,
    /// How much is kept of the packets of each session; `None`: nothing.
    pub packets: Option<RecordLimits>,
}

/// Why the worker stopped. It may be started again.
#[derive(Debug, thiserror::Error)]
pub enum SnifferError {
    /// The store failed.
    #[error("read the deckies")]
    Store(#[from] StoreError),
    /// The SD-ID cannot stand in a line.
    #[error("use the SD-ID of the settings")]
    Name(#[from] BadHeaderText),
    /// What is seen cannot be written.
    #[error("write what is seen")]
    Spool(#[from] io::Error),
}

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SnifferCounters {
    /// Whether there is a gate that shows its frames.
    pub watching: bool,
    /// What was seen.
    #[serde(flatten)]
    pub seen: Seen,
    /// Events that were written.
    pub events: u64,
    /// Events that were not, for want of room.
    pub lost: u64,
    /// Captures of sessions that were kept.
    pub captures: u64,
    /// Captures that were not, for want of room.
    pub captures_lost: u64,
}

/// What the thread that watches shares with the worker.
struct Shared {
    nodes: RwLock<Arc<Nodes>>,
    spool: Arc<Spool>,
    counters: Mutex<SnifferCounters>,
    stop: AtomicBool,
}

/// Deckies by address.
#[derive(Clone, Debug, Default)]
pub struct Nodes(HashMap<IpAddr, HeaderText>);

impl Nodes {
    /// Of these names and addresses.
    pub fn of(deckies: impl IntoIterator<Item = (String, IpAddr)>) -> Nodes {
        let named = deckies.into_iter().filter_map(|(name, address)| Some((address, name.parse().ok()?)));
        Nodes(named.collect())
    }

    /// Whether `address` is a decky's.
    fn has(&self, address: IpAddr) -> bool {
        self.0.contains_key(&address)
    }

    /// Name of the decky at `address`.
    fn name(&self, address: IpAddr) -> Option<HeaderText> {
        self.0.get(&address).cloned()
    }

    /// The event that tells of `finding`; `None`: it is about one of our own, or nobody of ours has seen it.
    pub fn event(&self, finding: &Finding) -> Option<Event> {
        if finding.kind == Kind::SpooferDetected {
            return self.spoofer(finding);
        }
        let ours = self.has(finding.about.0) || probe::is_own(finding.about.0);
        let node = self.0.get(&finding.to.0).filter(|_| !ours)?;
        finding.event(node.as_str(), APP).ok()
    }

    /// What is said to everybody is told by the decky with the lowest address; what the gate knows better, by nobody.
    fn spoofer(&self, finding: &Finding) -> Option<Event> {
        // Whose server is real, the gate does not know, even where a decky's own address is given away.
        let address = finding.text(field::TARGETS).and_then(|text| text.parse::<IpAddr>().ok());
        let contested = address.filter(|_| finding.text(field::TECHNIQUE) != Some("dhcp_spoofing"));
        let ours =
            self.0.contains_key(&finding.about.0) || contested.is_some_and(|ip| self.0.contains_key(&ip));
        let lowest = || self.0.iter().min_by_key(|(address, _)| **address).map(|(_, name)| name);
        let node = self.0.get(&finding.to.0).or_else(lowest).filter(|_| !ours)?;
        finding.event(node.as_str(), APP).ok()
    }
}

impl Shared {
    fn write(&self, findings: &[Finding]) {
        let nodes = self.nodes.read().clone();
        for event in findings.iter().filter_map(|finding| nodes.event(finding)) {
            let written = self.spool.write(&event);
            let mut counters = self.counters.lock();
            match written {
                Written::Done => counters.events += 1,
                Written::GivenUp | Written::TooLong => counters.lost += 1,
            }
        }
    }
}

/// Watches until the worker is told to stop.
///
/// # Errors
/// [`SnifferError`]; the worker can be started again.
pub async fn run(
    context: WorkerContext,
    store: Store,
    settings: SnifferSettings,
) -> Result<(), SnifferError> {
    let folder = context.paths.spool(context.worker.name());
    let spool = Spool::open(&folder, settings.sd_id.parse()?, WriterId(OsRng.next_u64()), QUOTA)?;
    spool.keep_synced();
    let shared = Arc::new(Shared {
        nodes: RwLock::default(),
        spool,
        counters: Mutex::default(),
        stop: AtomicBool::new(false),
    });
    let mut sniffer = Sniffer { store, shared: shared.clone() };
    sniffer.look().await?;
    let (watched, frames) = (shared.clone(), context.paths.frames_socket());
    let (recorded, keeping) = shelf::open(&shared, &folder, settings.packets.is_some())?;
    let recorder = settings.packets.map(|limits| Recorder::new(limits, OsRng.next_u64()));
    let thread = std::thread::Builder::new().name("frames".to_owned());
    let recording = recorder.zip(recorded);
    let thread = thread.spawn(move || watch::watch(&watched, &frames, OsRng.next_u64(), recording))?;
    let ended = run_passes(context, &mut sniffer).await;
    shared.stop.store(true, Ordering::Relaxed);
    let joined = move || (thread.join(), keeping.map(std::thread::JoinHandle::join));
    let _ = tokio::task::spawn_blocking(joined).await;
    // What the last frames told.
    let _ = shared.spool.sync();
    ended
}

struct Sniffer {
    store: Store,
    shared: Arc<Shared>,
}

impl Sniffer {
    async fn look(&self) -> Result<(), StoreError> {
        let nodes = Nodes::of(self.store.decky_addresses().await?);
        *self.shared.nodes.write() = Arc::new(nodes);
        Ok(())
    }
}

impl Pass for Sniffer {
    type Error = SnifferError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, SnifferError> {
        self.look().await?;
        context.status.report(&*self.shared.counters.lock());
        Ok(Work::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strangers_whom_a_decky_has_met_are_told_of() {
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let nodes = Nodes::of([("web-01".to_owned(), address(9)), ("not a name".to_owned(), address(8))]);
        let own = IpAddr::V4(probe::SEGMENT);
        for (about, to, expected) in [
            (address(1), address(9), Some("web-01")),
            (address(9), address(1), None),
            (address(1), address(2), None),
            (address(1), address(8), None),
            (own, address(9), None),
        ] {
            let finding =
                Finding { at: 1, kind: Kind::Flow, about: (about, None), to: (to, Some(80)), fields: vec![] };
            let event = nodes.event(&finding);
            assert_eq!(event.as_ref().map(|event| event.node.as_str()), expected, "{about} {to}");
        }
    }
}
