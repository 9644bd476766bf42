//! The worker `prober`: asks attackers what they are. Off unless the operator names whom; each once a day at most.

mod ask;
mod scope;
mod session;

pub use scope::{Outside, Scope};
pub use session::{Found, Manner, Pace, Ports};

use decnet_model::{
    record::{Filter, Page, Probed, UNPLACED},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Fence, Store};
use netsvc_wire::{
    BadHeaderText, Event, HeaderText, Kind, WriterId, field,
    spool::{Spool, Written},
    stamp::{self, DAY, Micros},
};
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use session::Session;
use std::{collections::BTreeMap, io, net::IpAddr, sync::Arc};

/// APP-NAME of its events.
const APP: &str = "prober";
/// Bytes of unread lines.
const QUOTA: u64 = 16 << 20;
/// Attackers of one page, and pages that are looked through.
const PAGE: u32 = 500;
const PAGES: usize = 10;

/// How the worker is to do its work.
#[derive(Clone, Debug)]
pub struct ProberSettings {
    /// SD-ID of event lines.
    pub sd_id: String,
    /// Whom it may touch.
    pub scope: Scope,
    /// How.
    pub manner: Manner,
}

/// Why the worker stopped. It may be started again.
#[derive(Debug, thiserror::Error)]
pub enum ProberError {
    /// The store failed.
    #[error("read attackers")]
    Store(#[from] StoreError),
    /// A name cannot stand in a line.
    #[error("use the SD-ID of the settings")]
    Name(#[from] BadHeaderText),
    /// What was found cannot be written.
    #[error("write what attackers are")]
    Spool(#[from] io::Error),
}

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProberCounters {
    /// Whether somebody may be touched.
    pub on: bool,
    /// Attackers that were asked.
    pub asked: u64,
    /// Things that were found out.
    pub found: u64,
    /// Those that are others than before.
    pub rotated: u64,
}

/// Asks `address` everything, as far as `scope` admits it.
///
/// # Errors
/// Why it is not asked.
pub async fn probe(
    address: IpAddr,
    own: &[IpAddr],
    (scope, manner): (&Scope, &Manner),
    pace: &mut Pace,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Found>, Outside> {
    let address = address.to_canonical();
    scope.admits(address, own)?;
    Ok(Session::new(address, manner, pace, stop).run().await)
}

/// Whether somebody was asked so shortly ago that it is too early.
pub fn is_early(probed: Option<&Probed>, now: Micros) -> bool {
    probed.is_some_and(|probed| now.saturating_sub(probed.asked_at) < DAY)
}

/// What is noted before anything leaves: whatever happens, nobody is asked twice in a day.
pub fn noted(address: IpAddr, before: Option<&Probed>, asked_at: Micros) -> Probed {
    let found = before.map_or_else(|| "{}".to_owned(), |probed| probed.found.clone());
    Probed { src_ip: address.to_canonical(), asked_at, found }
}

/// Addresses of deckies, which nobody asks.
///
/// # Errors
/// When the database fails.
pub async fn own(store: &Store) -> Result<Vec<IpAddr>, StoreError> {
    let deckies = store.decky_addresses().await?;
    Ok(deckies.into_iter().map(|(_, address)| address.to_canonical()).collect())
}

/// What came out the time before, and now: everything, and what is another than it was.
pub fn compare(before: Option<&Probed>, found: &[Found]) -> (String, Vec<(String, String)>) {
    let mut known: BTreeMap<String, String> =
        before.and_then(|probed| serde_json::from_str(&probed.found).ok()).unwrap_or_default();
    let mut others = Vec::new();
    for one in found {
        let earlier = known.insert(one.key(), one.value.clone());
        if let Some(earlier) = earlier.filter(|earlier| *earlier != one.value) {
            others.push((one.key(), earlier));
        }
    }
    (serde_json::to_string(&known).unwrap_or_default(), others)
}

/// Asks until the worker is told to stop.
///
/// # Errors
/// [`ProberError`]; the worker can be started again.
pub async fn run(context: WorkerContext, store: Store, settings: ProberSettings) -> Result<(), ProberError> {
    let fence = store.lease_take(Worker::Prober).await?;
    let folder = context.paths.spool(context.worker.name());
    let spool = Spool::open(&folder, settings.sd_id.parse()?, WriterId(OsRng.next_u64()), QUOTA)?;
    spool.keep_synced();
    let pace = Pace::new(settings.manner.per_minute);
    let counters = ProberCounters { on: !settings.scope.is_off(), ..ProberCounters::default() };
    let names: (HeaderText, HeaderText) = (UNPLACED.parse()?, APP.parse()?);
    let mut prober = Prober { store, fence, settings, spool, pace, counters, names };
    run_passes(context, &mut prober).await
}

struct Prober {
    store: Store,
    fence: Fence,
    settings: ProberSettings,
    spool: Arc<Spool>,
    pace: Pace,
    counters: ProberCounters,
    names: (HeaderText, HeaderText),
}

impl Prober {
    /// The attacker that is to be asked next.
    async fn next(
        &self,
        own: &[IpAddr],
        now: Micros,
    ) -> Result<Option<(IpAddr, Option<Probed>)>, StoreError> {
        let mut page = Page::newest(PAGE);
        for _ in 0..PAGES {
            let rows = self.store.attacker_list(&Filter::default(), page).await?;
            for row in &rows {
                if DAY <= now.saturating_sub(row.last_seen) {
                    continue;
                }
                if self.settings.scope.admits(row.src_ip, own).is_err() {
                    continue;
                }
                let probed = self.store.probed_get(row.src_ip).await?;
                if !is_early(probed.as_ref(), now) {
                    return Ok(Some((row.src_ip, probed)));
                }
            }
            let Some(last) = rows.last().filter(|_| PAGE as usize <= rows.len()) else { break };
            page = Page::before(last.last_event, PAGE);
        }
        Ok(None)
    }

    async fn ask(
        &mut self,
        context: &WorkerContext,
        (address, before): (IpAddr, Option<Probed>),
        own: &[IpAddr],
    ) -> Result<(), ProberError> {
        let note = noted(address, before.as_ref(), stamp::now());
        self.store.probed_put(Some(&self.fence), note.clone()).await?;
        let stop = || context.is_stopping();
        let how = (&self.settings.scope, &self.settings.manner);
        let Ok(found) = probe(address, own, how, &mut self.pace, &stop).await else { return Ok(()) };
        self.counters.asked += 1;
        self.counters.found += found.len() as u64;
        let (known, others) = compare(before.as_ref(), &found);
        for one in &found {
            self.write(&self.event(Kind::ProbeResult, address, one));
            if let Some((_, earlier)) = others.iter().find(|(key, _)| *key == one.key()) {
                self.counters.rotated += 1;
                let event = self.event(Kind::FingerprintRotated, address, one);
                self.write(&event.with(field::BEFORE, earlier.as_str()));
            }
        }
        self.spool.sync()?;
        self.store.probed_put(Some(&self.fence), Probed { found: known, ..note }).await?;
        Ok(())
    }

    /// It is ours, not a deed of the attacker's: he is whom it went to, not where it came from.
    fn event(&self, kind: Kind, address: IpAddr, one: &Found) -> Event {
        let mut event = Event::new(stamp::now(), self.names.0.clone(), self.names.1.clone(), kind)
            .with(field::DST_IP, address.to_canonical().to_string())
            .with(field::DST_PORT, one.port.to_string())
            .with(field::PROBE, one.kind.name())
            .with(field::VALUE, one.value.as_str())
            .with(field::PHASE, one.phase);
        event.fields.extend(one.fields.iter().cloned());
        event
    }

    fn write(&self, event: &Event) {
        if self.spool.write(event) != Written::Done {
            tracing::warn!("what an attacker is could not be written down");
        }
    }
}

impl Pass for Prober {
    type Error = ProberError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, ProberError> {
        context.status.report(&self.counters);
        if self.settings.scope.is_off() || context.is_stopping() {
            return Ok(Work::Done);
        }
        let own = own(&self.store).await?;
        let Some(next) = self.next(&own, stamp::now()).await? else { return Ok(Work::Done) };
        self.ask(context, next, &own).await?;
        context.status.report(&self.counters);
        Ok(Work::More)
    }
}

#[cfg(test)]
mod tests;
