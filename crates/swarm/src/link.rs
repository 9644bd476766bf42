//! The agent's side of the controller: says how things stand here, and makes come true what is wanted.

use crate::{
    Error,
    authority::{self, Certificate},
    files::{Files, Membership},
    forwarder::behind,
    http,
    message::{self, Heard, Orders, Piece, PieceSent, Renew, Renewed, Report},
    refusal::Refusal,
    tls::{self, Own, Revoked},
    update::{Offer, Shelf, Told},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_fleet::intent;
use decnet_model::{
    fleet::Fleet,
    paths::Paths,
    record::{DeckyActual, DeckyDesired, UpdateState},
    swarm::{DeckyReport, Lag},
    worker::{Role, Worker},
};
use decnet_pipeline::{
    disk::Disk,
    eventlog::Durable,
    runtime::{Note, Running, WorkerContext, chain},
};
use decnet_store::Store;
use netsvc_wire::stamp::{self, Micros};
use std::{collections::BTreeMap, time::Duration};

/// Longest wait of an answer for news, while deckies come up and otherwise.
const SETTLING: Duration = Duration::from_millis(500);
const SETTLED: Duration = Duration::from_secs(10);
/// How much longer an answer may take than it may wait.
const SLACK: Duration = Duration::from_secs(20);
/// Waits between attempts: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Longest wait for deckies to go when the membership ends.
const LEAVE: Duration = Duration::from_secs(60);
/// Pieces of a release that are fetched before the master hears of this host again.
const PIECES: u32 = 32;
/// Setting that holds the number of what is made to come true.
const GENERATION: &str = "swarm.generation";

/// How the link works.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The master, where it is not the one that was joined by this name.
    pub master: Option<String>,
    /// Its port, where it is not the one that was joined.
    pub port: Option<u16>,
    /// The release that this is.
    pub version: String,
}

/// Runs the link until the worker is told to stop. While the master is away everything here goes on as it is.
///
/// # Errors
/// When this host has joined no swarm, or the store fails.
pub fn run(
    worker: WorkerContext,
    config: decnet_fleet::Config,
    store: Store,
    settings: Settings,
) -> Running<Error> {
    Box::pin(work(worker, config, store, settings))
}

async fn work(
    mut worker: WorkerContext,
    config: decnet_fleet::Config,
    store: Store,
    settings: Settings,
) -> Result<(), Error> {
    let files = Files::new(&worker.paths);
    let shelf = Shelf::new(&worker.paths);
    let mut link = Link {
        worker: worker.clone(),
        config,
        store,
        files,
        shelf,
        settings,
        pulse: 0,
        told: BTreeMap::new(),
        fetching: false,
        refused: None,
        heard: false,
    };
    let mut wait = WAITS.0;
    loop {
        let member = link.files.membership()?;
        if member.ended_at.is_some() {
            link.worker.status.set_trouble(Some("this host belongs to no swarm any more".to_owned()));
            worker.stopped().await;
            return Ok(());
        }
        let done = tokio::select! {
            () = worker.stopped() => return Ok(()),
            done = link.turn(&member) => done,
        };
        match done {
            Ok(()) => {
                link.worker.status.set_trouble(None);
                wait = WAITS.0;
                continue;
            }
            Err(Error::Refused(Refusal::Revoked)) => {
                link.leave(member).await?;
                continue;
            }
            Err(error @ (Error::Store(..) | Error::Fleet(_) | Error::File { .. })) => return Err(error),
            Err(error) => {
                let reason = chain(&error);
                tracing::warn!(reason, ?wait, "the master was not heard; it will be tried again");
                link.worker.status.set_trouble(Some(format!("the master is not heard: {reason}")));
            }
        }
        tokio::select! {
            () = worker.stopped() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(WAITS.1);
    }
}

struct Link {
    worker: WorkerContext,
    config: decnet_fleet::Config,
    store: Store,
    files: Files,
    settings: Settings,
    shelf: Shelf,
    /// The last question of the master's that was heard.
    pulse: u64,
    /// What the master was told of each update last, by its id.
    told: BTreeMap<String, Told>,
    /// Whether there is more to be fetched.
    fetching: bool,
    /// An update that could not even be fetched.
    refused: Option<Told>,
    /// Whether it was noted that the master has heard this release.
    heard: bool,
}

impl Link {
    /// One report and what follows from its answer.
    async fn turn(&mut self, member: &Membership) -> Result<(), Error> {
        let own = self.files.own("agent")?;
        if Certificate::read_pem(&own.certificate)?.is_due(stamp::now()) {
            self.renew(member, &own).await?;
        }
        let report = self.report(member).await?;
        let patience = Duration::from_millis(report.patience_ms) + SLACK;
        let orders: Orders =
            self.ask(member, &own, message::REPORT, &report, message::LARGE, patience).await?;
        if !self.heard {
            self.files.put_heard(&self.settings.version, stamp::now())?;
            self.heard = true;
        }
        let update = orders.update.clone();
        self.obey(member, &report, orders).await?;
        self.updated(member, &own, update).await
    }

    /// Tells the master how far an update is, and fetches the release that is offered.
    async fn updated(&mut self, member: &Membership, own: &Own, offer: Option<Offer>) -> Result<(), Error> {
        self.fetching = false;
        if let Some(offer) = offer.filter(|offer| !self.is_known(&offer.id)) {
            let fetched = self.fetch(member, own, &offer).await;
            match fetched {
                Ok(true) => self.shelf.order(&offer)?,
                Ok(false) => self.fetching = true,
                Err(error @ (Error::Network(..) | Error::Refused(_))) => return Err(error),
                // The master may have thought better of it.
                Err(Error::Answer(reason)) => tracing::warn!(reason, "the release is not to be had"),
                Err(error) => {
                    let reason = chain(&error);
                    tracing::warn!(reason, "the release that is offered is not taken");
                    self.refused = Some(Told::new(&offer.id, UpdateState::Refused, &reason));
                }
            }
        }
        for told in [self.refused.clone(), self.shelf.told()].into_iter().flatten() {
            self.tell(member, own, told).await?;
        }
        Ok(())
    }

    /// Whether an update was begun here, or refused: it is not fetched again.
    fn is_known(&self, id: &str) -> bool {
        self.refused.as_ref().is_some_and(|told| told.id == id)
            || self.shelf.ordered().is_some_and(|order| order.id == id)
    }

    async fn tell(&mut self, member: &Membership, own: &Own, told: Told) -> Result<(), Error> {
        if self.told.get(&told.id) == Some(&told) {
            return Ok(());
        }
        let heard: Result<Heard, Error> =
            self.ask(member, own, message::UPDATE, &told, message::SMALL, SLACK).await;
        match heard {
            // One that knows nothing of updates is no reason to go without it.
            Ok(_) | Err(Error::Answer(_)) => {
                self.told.insert(told.id.clone(), told);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches some pieces of a release. Returns whether all of it is here.
    async fn fetch(&mut self, member: &Membership, own: &Own, offer: &Offer) -> Result<bool, Error> {
        // Of what was offered before nothing is kept: a master that offers ever others fills no disk.
        let (shelf, sha256) = (self.shelf.clone(), offer.sha256.clone());
        tokio::task::spawn_blocking(move || shelf.forget_all_but(&[&sha256])).await?;
        for _ in 0..PIECES {
            let (shelf, wanted) = (self.shelf.clone(), offer.clone());
            let wants = tokio::task::spawn_blocking(move || shelf.wants(&wanted)).await??;
            let Some(offset) = wants else { return Ok(true) };
            if offset == 0 {
                self.tell(member, own, Told::new(&offer.id, UpdateState::Fetching, "")).await?;
            }
            let wish = Piece { sha256: offer.sha256.clone(), offset };
            let sent: PieceSent =
                self.ask(member, own, message::PIECE, &wish, message::WITH_PIECE, SLACK).await?;
            let bytes = STANDARD.decode(&sent.bytes).map_err(|error| Error::Garbled(error.to_string()))?;
            // The last piece has all of it hashed, which takes a while.
            let (shelf, wanted) = (self.shelf.clone(), offer.clone());
            if tokio::task::spawn_blocking(move || shelf.take(&wanted, offset, &bytes)).await?? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn ask<Q: serde::Serialize, A: serde::de::DeserializeOwned>(
        &self,
        member: &Membership,
        own: &Own,
        path: &str,
        question: &Q,
        most: usize,
        patience: Duration,
    ) -> Result<A, Error> {
        let master = self.settings.master.as_deref().unwrap_or(&member.master);
        let address = format!("{master}:{}", self.settings.port.unwrap_or(member.port));
        let revoked = Revoked::new(member.revoked.iter().cloned());
        let config = tls::client(Some(own), &member.authority, &revoked, None)?;
        http::ask(&address, config, path, question, most, patience).await
    }

    /// Gets a certificate for another key; until it is here the old one is used.
    async fn renew(&self, member: &Membership, own: &Own) -> Result<(), Error> {
        let made = authority::request()?;
        let wish = Renew { request: made.request };
        let renewed: Renewed = self.ask(member, own, message::RENEW, &wish, message::SMALL, SLACK).await?;
        if Certificate::read_pem(&renewed.certificate)?.identity
            != Certificate::read_pem(&own.certificate)?.identity
        {
            return Err(Error::Garbled("the certificate is for somebody else".to_owned()));
        }
        self.files.put_own("agent", &Own { certificate: renewed.certificate, key: made.key })?;
        tracing::info!("this host has another certificate");
        Ok(())
    }

    async fn report(&self, member: &Membership) -> Result<Report, Error> {
        let failed = |error| Error::Store("read how things stand", error);
        let rows = self.store.decky_list().await.map_err(failed)?;
        let generation = self.store.setting_get(GENERATION).await.map_err(failed)?;
        let settling = rows.iter().any(|row| {
            (row.desired == DeckyDesired::Running && row.actual == DeckyActual::Unknown)
                || (row.desired == DeckyDesired::Absent && row.actual.is_up())
        });
        let shown = |row: &&decnet_model::record::DeckyRow| {
            row.desired == DeckyDesired::Running || row.actual.is_up()
        };
        let decky = |row: &decnet_model::record::DeckyRow| {
            let (state, reason) = (row.actual.name().to_owned(), row.reason.clone());
            Some(DeckyReport { name: row.name.parse().ok()?, state, reason })
        };
        let patience = match () {
            () if self.fetching => Duration::ZERO,
            () if settling => SETTLING,
            () => SETTLED,
        };
        Ok(Report {
            host: member.host.clone(),
            version: self.settings.version.clone(),
            generation: generation.and_then(|text| text.parse().ok()).unwrap_or_default(),
            pulse: self.pulse,
            ground: self.files.ground(),
            deckies: rows.iter().filter(shown).filter_map(decky).collect(),
            lag: self.lag(),
            trouble: trouble(&self.worker.paths, stamp::now()),
            patience_ms: u64::try_from(patience.as_millis()).unwrap_or(0),
        })
    }

    fn lag(&self) -> Lag {
        let paths = &self.worker.paths;
        let noted = Note::noted(paths, Worker::Forwarder).map(|note| note.report.counters);
        let lag: Option<Lag> = noted.and_then(|counters| serde_json::from_value(counters).ok());
        let kept = Durable::new(&paths.event_log(), Disk::default()).read().unwrap_or_default();
        Lag { bytes: behind(paths, kept), ..lag.unwrap_or_default() }
    }

    async fn obey(&mut self, member: &Membership, report: &Report, orders: Orders) -> Result<(), Error> {
        self.pulse = orders.pulse;
        if member.revoked != orders.revoked || member.name != orders.name {
            let now = Membership { revoked: orders.revoked, name: orders.name, ..member.clone() };
            self.files.put_membership(&now)?;
        }
        let Some(fleet) = orders.fleet else { return Ok(()) };
        tracing::info!(
            generation = orders.generation,
            before = report.generation,
            deckies = fleet.deckies.len(),
            "another fleet is wanted here"
        );
        self.want(&fleet).await?;
        // After it: who breaks off in between hears it again, and wants the same.
        let text = orders.generation.to_string();
        self.store
            .setting_put(GENERATION, &text)
            .await
            .map_err(|error| Error::Store("note what is wanted", error))
    }

    async fn want(&self, fleet: &Fleet) -> Result<(), Error> {
        intent::put(&self.config, &self.store, fleet, stamp::now()).await?;
        intent::announce(&self.worker.bus).await;
        Ok(())
    }

    /// The master has ended the membership: no decky stays, the key goes, what was recorded stays.
    async fn leave(&mut self, member: Membership) -> Result<(), Error> {
        tracing::warn!(master = member.master, "this host was decommissioned: its deckies go");
        if let Some(fleet) = intent::read(&self.store).await? {
            self.want(&fleet.emptied()).await?;
            let gone = decnet_fleet::wait::gone(&self.store, |_| true, LEAVE, |_| ()).await;
            if let Err(error) = gone {
                tracing::error!(error = %chain(&error), "not all deckies went");
            }
        }
        let failed = |error| Error::Store("forget what was wanted", error);
        self.store.setting_put(GENERATION, "0").await.map_err(failed)?;
        self.files.put_membership(&Membership { ended_at: Some(stamp::now()), ..member })?;
        self.files.forget_own("agent");
        Ok(())
    }
}

/// What workers of this host are in trouble with. Their processes are not shown to this one, which is confined: one
/// that has ended without a word is told by the age of its note.
fn trouble(paths: &Paths, now: Micros) -> String {
    let others = Worker::on(Role::Agent).into_iter().filter(|worker| *worker != Worker::Link);
    let bad = others.filter_map(|worker| {
        let note = Note::noted(paths, worker).filter(|note| note.is_bad(now))?;
        let why = note.report.trouble.or(note.report.last_error).unwrap_or_else(|| "hangs".to_owned());
        Some(format!("{}: {why}", worker.name()))
    });
    bad.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trouble_of_workers_whose_processes_are_not_shown_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        std::fs::create_dir_all(paths.run()).unwrap();
        let note = |worker: Worker, phase: &str, error: Option<&str>| {
            let note = serde_json::json!({
                "worker": worker.name(), "pid": u32::MAX, "process_start": 1, "phase": phase, "at": 1_000_000,
                "next_try": null, "good": error.is_none(), "trouble": null, "restarts": 1, "last_error": error,
                "counters": {},
            });
            std::fs::write(paths.worker_note(worker.name()), note.to_string()).unwrap();
        };
        note(Worker::Fleet, "failing", Some("no such interface"));
        note(Worker::Collector, "running", None);
        assert_eq!(trouble(&paths, 2_000_000), "fleet: no such interface");
        assert_eq!(trouble(&paths, 60_000_000), "fleet: no such interface; collector: hangs");
    }
}
