//! The worker `prober`: asks attackers what they are. Off unless the operator names whom; each once a day at most.

mod ask;
mod own;
mod round;
mod scope;
mod session;

pub use round::{NotAsked, Prober, Round};
pub use scope::{Outside, Scope};
pub use session::{Found, Manner, Pace, Ports};

use decnet_model::{
    record::{Filter, Page},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use netsvc_wire::{
    BadHeaderText, Event, WriterId,
    spool::{Spool, Written},
    stamp::{self, DAY, Micros},
};
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use std::{io, net::IpAddr, path::Path, sync::Arc};

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

/// Asks until the worker is told to stop.
///
/// # Errors
/// [`ProberError`]; the worker can be started again.
pub async fn run(context: WorkerContext, store: Store, settings: ProberSettings) -> Result<(), ProberError> {
    let fence = store.lease_take(Worker::Prober).await?;
    let spool = open(&context.paths.spool(context.worker.name()), &settings.sd_id)?;
    spool.keep_synced();
    let counters = ProberCounters { on: !settings.scope.is_off(), ..ProberCounters::default() };
    let prober = Prober::new(store.clone(), Some(fence), settings.scope, settings.manner)?;
    run_passes(context, &mut Asking { store, prober, spool, counters }).await
}

fn open(folder: &Path, sd_id: &str) -> Result<Arc<Spool>, ProberError> {
    Ok(Spool::open(folder, sd_id.parse()?, WriterId(OsRng.next_u64()), QUOTA)?)
}

/// Writes what a round brought to a spool of its own, for who asks once.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, sd_id: &str, events: &[Event]) -> Result<(), ProberError> {
    let spool = open(folder, sd_id)?;
    tell(&spool, events);
    Ok(spool.sync()?)
}

fn tell(spool: &Spool, events: &[Event]) {
    for event in events {
        if spool.write(event) != Written::Done {
            tracing::warn!("what an attacker is could not be written down");
        }
    }
}

struct Asking {
    store: Store,
    prober: Prober,
    spool: Arc<Spool>,
    counters: ProberCounters,
}

impl Asking {
    /// The attacker that is to be asked next.
    async fn next(&self, own: &[IpAddr], now: Micros) -> Result<Option<IpAddr>, StoreError> {
        let mut page = Page::newest(PAGE);
        for _ in 0..PAGES {
            let rows = self.store.attacker_list(&Filter::default(), page).await?;
            for row in &rows {
                if DAY <= now.saturating_sub(row.last_seen) {
                    continue;
                }
                match self.prober.before(row.src_ip, own, false).await {
                    Ok(_) => return Ok(Some(row.src_ip)),
                    Err(NotAsked::Outside(_) | NotAsked::Early) => {}
                    Err(NotAsked::Store(error)) => return Err(error),
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
        address: IpAddr,
        own: &[IpAddr],
    ) -> Result<(), ProberError> {
        let stop = || context.is_stopping();
        let round = match self.prober.ask(address, own, false, &stop).await {
            Ok(round) => round,
            Err(NotAsked::Outside(_) | NotAsked::Early) => return Ok(()),
            Err(NotAsked::Store(error)) => return Err(error.into()),
        };
        self.counters.asked += 1;
        self.counters.found += round.found.len() as u64;
        self.counters.rotated += round.others.len() as u64;
        tell(&self.spool, &round.events);
        Ok(self.spool.sync()?)
    }
}

impl Pass for Asking {
    type Error = ProberError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, ProberError> {
        context.status.report(&self.counters);
        if self.prober.is_off() || context.is_stopping() {
            return Ok(Work::Done);
        }
        let own = self.prober.own().await?;
        let Some(next) = self.next(&own, stamp::now()).await? else { return Ok(Work::Done) };
        self.ask(context, next, &own).await?;
        context.status.report(&self.counters);
        Ok(Work::More)
    }
}

#[cfg(test)]
mod tests;
