//! The side of the worker that looks attackers up in local files.

use super::{EnrichError, News};
use crate::{
    local::{Folder, Library},
    scope,
};
use decnet_model::{
    alert::Addresses,
    record::{AddressReputation, Attacker, Enrichment, Filter, Page, Reputation, Verdict},
};
use decnet_pipeline::runtime::{Pass, Work, WorkerContext};
use decnet_store::{Fence, Store};
use netsvc_wire::stamp::{Micros, now};
use serde::Serialize;
use std::{
    io,
    net::IpAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Attackers of one transaction.
const BATCH: u32 = 500;
/// Time between two looks at the folder.
const LOOK: Duration = Duration::from_secs(5);
/// Pause after a batch, so that the ingester gets its turn at the store.
const PAUSE: Duration = Duration::from_millis(50);
/// Provider as which the list of Feodo Tracker speaks.
pub(super) const FEODO: &str = "feodo";

/// Scope of addresses that the operator lets nobody be asked about.
const NEVER: &str = "never";

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Files that addresses are looked up in.
    pub files: u64,
    /// Addresses that were looked up.
    pub looked_up: u64,
    /// How far it has read, in last events of attackers.
    pub cursor: i64,
}

/// Looks attackers up.
pub(super) struct Look {
    store: Store,
    fence: Fence,
    path: PathBuf,
    /// Whether somebody is asked, who needs to know what addresses there are.
    asks: bool,
    never: Vec<Addresses>,
    news: News,
    local: Library,
    looked: Option<Instant>,
    cursor: i64,
    counters: Counters,
}

impl Look {
    pub(super) async fn open(
        store: Store,
        fence: Fence,
        path: PathBuf,
        asks: bool,
        never: Vec<Addresses>,
        news: News,
    ) -> Result<Look, EnrichError> {
        let cursor = store.enrichment_cursor().await?;
        let counters = Counters { cursor, ..Counters::default() };
        let (local, looked) = (Library::default(), None);
        Ok(Look { store, fence, path, asks, never, news, local, looked, cursor, counters })
    }

    /// Looks now and then whether the files are others, and then reads them and begins anew.
    async fn refresh(&mut self) -> Result<(), EnrichError> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        let first = self.looked.is_none();
        self.looked = Some(Instant::now());
        let folder = Folder::look(&self.path).map_err(EnrichError::Folder)?;
        if !first && folder.edition() == self.local.edition() {
            return Ok(());
        }
        // Hundreds of thousands of lines: not on a thread that others wait for.
        let reading = tokio::task::spawn_blocking(move || Library::read(&folder)).await;
        self.local = reading.map_err(|error| EnrichError::Folder(io::Error::other(error)))?;
        self.counters.files = self.local.files().len() as u64;
        // What is not looked up with the same files and in the same manner is not the same.
        let never: Vec<String> = self.never.iter().map(ToString::to_string).collect();
        let asks = if self.asks { format!("+{}", never.join(",")) } else { String::new() };
        let edition = format!("{}{asks}", self.local.edition());
        if self.store.enrichment_edition().await?.unwrap_or_default() != edition {
            let (files, forget) = (self.local.files(), edition.is_empty());
            self.store.enrichment_begin(&self.fence, &edition, files, &[FEODO], forget).await?;
            self.cursor = 0;
        }
        Ok(())
    }

    /// Looks the next attackers up; returns whether there were any.
    async fn step(&mut self, now: Micros) -> Result<bool, EnrichError> {
        let filter = Filter { without_probes: true, ..Filter::default() };
        let rows = self.store.attacker_list(&filter, Page::after(self.cursor, BATCH)).await?;
        let Some(last) = rows.last().map(|row| row.last_event) else { return Ok(false) };
        let known: Vec<Enrichment> = rows.iter().map(|row| self.enrichment(row)).collect();
        let listed: Vec<AddressReputation> = rows.iter().filter_map(|row| self.listed(row, now)).collect();
        self.store.enrichment_put(&self.fence, &known, &listed, self.cursor, last).await?;
        self.cursor = last;
        self.counters.cursor = last;
        self.counters.looked_up += rows.len() as u64;
        self.news.found();
        Ok(true)
    }

    fn enrichment(&self, row: &Attacker) -> Enrichment {
        Enrichment {
            src_ip: row.src_ip,
            last_event: row.last_event,
            last_seen: row.last_seen,
            scope: self.scope(row.src_ip).to_owned(),
            origin: self.local.origin(row.src_ip),
        }
    }

    fn scope(&self, address: IpAddr) -> &'static str {
        let never = self.never.iter().any(|never| never.has(address));
        if never { NEVER } else { scope::scope(address) }
    }

    fn listed(&self, row: &Attacker, now: Micros) -> Option<AddressReputation> {
        let reason = self.local.listed(row.src_ip)?.to_owned();
        // It holds as long as the list is the same; another list begins anew.
        let (verdict, score, expires_at) = (Verdict::Malicious, None, Micros::MAX);
        let reputation = Reputation { verdict, score, reason, at: now, expires_at };
        Some(AddressReputation { src_ip: row.src_ip, provider: FEODO.to_owned(), reputation })
    }

    /// What somebody should look at.
    fn trouble(&self) -> Option<String> {
        let file = self.local.files().iter().find(|file| !file.problem.is_empty());
        file.map(|file| format!("{}: {}", file.name, file.problem)).or_else(|| self.news.trouble())
    }
}

impl Pass for Look {
    type Error = EnrichError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, EnrichError> {
        self.refresh().await?;
        let idle = self.local.files().is_empty() && !self.asks;
        let more = !idle && self.step(now()).await?;
        context.status.set_trouble(self.trouble());
        context.status.report(&self.counters);
        if !more {
            return Ok(Work::Done);
        }
        if !context.is_stopping() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Work::More)
    }
}
