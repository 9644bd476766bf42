//! The collector without a runtime: one pass at a time over all sources.

use super::{
    CollectError, Contained, Counters, Line, Progress, RELAYED, Relayed, Settings, Source, Spool, Turn,
    blob::{self, Outcome, Shelf},
    judge::{blob_names, header, is_of_lines, judged, named},
    orphan,
    quarantine::Quarantine,
    seen::{Seen, Verdict},
    stock::{self, Stock, Unkept},
};
use crate::{
    disk::{Disk, DiskError},
    eventlog::{Durable, EventLog, Origins, Twin},
};
use decnet_model::{capture, paths::Paths};
use netsvc_wire::{Class, Encoder, Event, Kind, Record, WriterId, field, stamp};
use rand_core::{OsRng, RngCore};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

/// Lines are appended in pieces of about this many bytes.
const PIECE: usize = 256 * 1024;

/// Spools looked at; more are left alone, because no fleet has as many processes.
const MAX_SPOOLS: usize = 4096;

/// Reads spools into the event log.
pub struct Collector {
    paths: Paths,
    settings: Settings,
    disk: Disk,
    log: EventLog,
    twin: Option<Twin>,
    sources: BTreeMap<String, Box<dyn Source>>,
    intake: Intake,
    last_sync: Instant,
    last_retain: Option<Instant>,
    last_sweep: Option<Instant>,
    last_line: Option<(WriterId, u64)>,
    checkpoint_segment: u64,
}

/// What judging a line needs.
struct Intake {
    seen: Seen,
    own: Encoder,
    quarantine: Quarantine,
    stock: Stock,
    counters: Counters,
    /// Lines on their way into the log.
    piece: Vec<u8>,
    last: Option<(WriterId, u64)>,
    /// Blobs of spools, and artefacts that go, to remove once the log is on the medium.
    spent: BTreeSet<PathBuf>,
    owners: BTreeMap<WriterId, String>,
    /// Writers of other hosts.
    origins: Origins,
}

impl Collector {
    /// Finds out from the log where it stands.
    ///
    /// # Errors
    /// [`CollectError`] when the log cannot be read or its folder not be made.
    pub fn open(paths: Paths, settings: Settings, disk: Disk) -> Result<Collector, CollectError> {
        let folder = paths.event_log();
        let log = EventLog::open(&folder, settings.limits, disk.clone())?;
        let mut random = [0; 8];
        OsRng.try_fill_bytes(&mut random).map_err(|_| CollectError::Random)?;
        let intake = Intake {
            seen: Seen::recover(&folder)?,
            own: Encoder::new(header(&settings.sd_id)?, WriterId(u64::from_be_bytes(random))),
            quarantine: Quarantine::open(&folder.join("quarantine"), disk.clone())?,
            stock: Stock::open(&paths.artefacts(), disk.clone(), settings.artefacts)?,
            counters: Counters::default(),
            piece: Vec::new(),
            last: None,
            spent: BTreeSet::new(),
            owners: BTreeMap::new(),
            origins: Origins::open(&folder, disk.clone())?,
        };
        let twin = if settings.twin { Some(Twin::open(&folder, disk.clone())?) } else { None };
        Ok(Collector {
            paths,
            settings,
            disk,
            log,
            twin,
            sources: BTreeMap::new(),
            intake,
            last_sync: Instant::now(),
            last_retain: None,
            last_sweep: None,
            last_line: None,
            checkpoint_segment: 0,
        })
    }

    /// Reads a bounded amount from every source. After an error the collector must be opened anew.
    ///
    /// # Errors
    /// [`CollectError`]; nothing that was not appended has been removed.
    pub fn pass(&mut self, now: Instant) -> Result<Progress, CollectError> {
        self.round(now, false)
    }

    /// Reads all there is, with unterminated ends given up, and removes it; for when the service
    /// processes have ended.
    ///
    /// # Errors
    /// [`CollectError`] as for [`Collector::pass`].
    pub fn drain(&mut self) -> Result<u64, CollectError> {
        let mut lines = 0;
        loop {
            let progress = self.round(Instant::now(), true)?;
            lines += progress.lines;
            if !progress.more {
                self.commit()?;
                return Ok(lines);
            }
        }
    }

    /// Brings the log to the medium and leaves a checkpoint; for an orderly end.
    ///
    /// # Errors
    /// [`CollectError`] when the medium refuses.
    pub fn close(mut self) -> Result<(), CollectError> {
        self.commit()?;
        self.checkpoint()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        Counters {
            log: self.log.counters(),
            spools: self.sources.len(),
            artefacts: self.intake.stock.held(),
            ..self.intake.counters.clone()
        }
    }

    fn round(&mut self, now: Instant, finished: bool) -> Result<Progress, CollectError> {
        self.discover()?;
        self.retain(now)?;
        self.sweep(now)?;
        let before = self.intake.counters.lines;
        let mut more = false;
        if !self.intake.counters.stalled || finished {
            let mut sources = std::mem::take(&mut self.sources);
            for (name, source) in &mut sources {
                match self.turn(name, source.as_mut(), now, finished) {
                    Ok(turn) => more |= turn.more,
                    Err(CollectError::Source(error)) => self.intake.counters.unusable(name, &error),
                    Err(error) => return Err(error),
                }
            }
            self.sources = sources;
            self.flush()?;
        }
        if now.duration_since(self.last_sync) >= self.settings.sync_every {
            self.commit()?;
            self.last_sync = now;
        }
        if let Some(twin) = &mut self.twin {
            twin.pass()?;
        }
        Ok(Progress { lines: self.intake.counters.lines - before, more, end: self.log.position() })
    }

    fn turn(
        &mut self,
        name: &str,
        source: &mut dyn Source,
        now: Instant,
        finished: bool,
    ) -> Result<Turn, CollectError> {
        let (intake, log, paths, disk) = (&mut self.intake, &mut self.log, &self.paths, &self.disk);
        let turn = source.turn(now, finished, &mut |line| {
            intake.take(paths, disk, name, line)?;
            if intake.piece.len() >= PIECE {
                log.append(&intake.piece, stamp::now())?;
                intake.piece.clear();
            }
            Ok(())
        })?;
        self.intake.counters.torn += turn.torn;
        Ok(turn)
    }

    fn flush(&mut self) -> Result<(), CollectError> {
        self.log.append(&self.intake.piece, stamp::now())?;
        self.intake.piece.clear();
        self.last_line = self.intake.last.or(self.last_line);
        Ok(())
    }

    /// Syncs the log, then removes what it holds from the spools.
    fn commit(&mut self) -> Result<(), CollectError> {
        self.flush()?;
        self.log.sync()?;
        for (name, source) in &mut self.sources {
            match source.release(&self.disk) {
                Err(CollectError::Source(error)) => self.intake.counters.unusable(name, &error),
                released => released?,
            }
        }
        while let Some(blob) = self.intake.spent.pop_first() {
            // What cannot be removed is no file of ours, or stays within the spool's own quota.
            if let Err(error) = self.disk.remove(&blob) {
                tracing::warn!(%error, cause = %error.source, "a blob or artefact stays");
            }
        }
        if self.log.position().segment != self.checkpoint_segment {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), CollectError> {
        let Some(line) = self.last_line else { return Ok(()) };
        let present: BTreeSet<WriterId> = self.sources.values().flat_map(|source| source.writers()).collect();
        self.intake.seen.forget(&present);
        self.intake.owners.retain(|writer, _| present.contains(writer));
        let position = self.log.position();
        self.intake.seen.checkpoint(self.log.folder(), &self.disk, position, line)?;
        self.checkpoint_segment = position.segment;
        Ok(())
    }

    /// Deletes old segments every ten seconds, and says whether reading must wait for readers.
    fn retain(&mut self, now: Instant) -> Result<(), CollectError> {
        const EVERY: Duration = Duration::from_secs(10);
        if self.last_retain.is_some_and(|last| now.duration_since(last) < EVERY) {
            return Ok(());
        }
        self.last_retain = Some(now);
        let durable = Durable::new(self.log.folder(), self.disk.clone()).read();
        let round = self.log.retain(durable, SystemTime::now())?;
        if round.over_budget && !self.intake.counters.stalled {
            tracing::error!(bytes = round.bytes, "event log over budget and not ingested: spools wait");
        }
        self.intake.counters.stalled = round.over_budget;
        let outdated = self.intake.stock.outdated(SystemTime::now());
        self.intake.tell(&self.paths, None, outdated)
    }

    /// Looks for blobs without a line every ten minutes.
    fn sweep(&mut self, now: Instant) -> Result<(), CollectError> {
        const EVERY: Duration = Duration::from_secs(600);
        if self.last_sweep.is_some_and(|last| now.duration_since(last) < EVERY) {
            return Ok(());
        }
        self.last_sweep = Some(now);
        for name in self.sources.keys() {
            let mut shelf = self.intake.shelf(&self.paths, &self.disk);
            let saved = orphan::sweep(&mut shelf, name, SystemTime::now())?;
            let unkept = shelf.unkept;
            self.intake.counters.orphans += saved;
            self.intake.tell(&self.paths, None, unkept)?;
        }
        Ok(())
    }

    /// Finds spools that appeared and forgets those that are gone.
    fn discover(&mut self) -> Result<(), CollectError> {
        let root = self.paths.spools();
        let entries = match std::fs::read_dir(&root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(DiskError::of("list", &root)(error).into()),
        };
        let mut present = BTreeSet::new();
        for entry in entries.take(MAX_SPOOLS) {
            let entry = entry.map_err(DiskError::of("list", &root))?;
            let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if let (true, Ok(name)) = (folder, entry.file_name().into_string()) {
                present.insert(name);
            }
        }
        self.sources.retain(|name, _| present.contains(name));
        for name in present {
            let path = root.join(&name);
            let settle = self.settings.settle;
            let source = |name: &String| -> Box<dyn Source> {
                match name.strip_prefix(RELAYED) {
                    Some(host) => Box::new(Relayed::new(&path, host)),
                    None if name.starts_with(capture::PREFIX) => Box::new(Contained::new(&path, name)),
                    None => Box::new(Spool::new(&path, settle)),
                }
            };
            self.sources.entry(name).or_insert_with_key(source);
        }
        Ok(())
    }
}

impl Intake {
    fn take(&mut self, paths: &Paths, disk: &Disk, source: &str, line: Line<'_>) -> Result<(), CollectError> {
        let judged = judged(line).and_then(|record| self.hosted(line.host, record));
        let record = match judged.and_then(|record| self.owned(source, record)) {
            Ok(record) => record,
            Err(reason) => {
                self.counters.malformed += 1;
                return self.quarantine.line(source, line, &reason);
            }
        };
        match self.seen.judge(record.writer, record.number) {
            Verdict::Repeated => {
                self.counters.repeated += 1;
                self.note_blobs(paths, source, &record);
                return Ok(());
            }
            Verdict::Next => {}
            Verdict::Behind(from, to) => self.lose(record.writer, from, to)?,
        }
        if let Some(host) = line.host {
            self.settle(host, &record)?;
        }
        self.keep_blobs(paths, disk, source, &record)?;
        self.piece.extend_from_slice(line.bytes);
        self.seen.learn(&record);
        self.last = Some((record.writer, record.number));
        self.counters.lines += 1;
        Ok(())
    }

    /// Notes the host of the writers of a line that came from it, before the line is in the log.
    fn settle(&mut self, host: &str, record: &Record) -> Result<(), CollectError> {
        let told = named(record).filter(|_| is_of_lines(record));
        for writer in [Some(record.writer), told].into_iter().flatten() {
            if self.origins.host(writer).is_none() {
                self.origins.add(writer, host)?;
            }
        }
        Ok(())
    }

    /// A writer belongs to the host that its first line came from, over restarts too: no host writes in the name of
    /// another, and what a collector there says of missing lines it may say only of its own.
    fn hosted(&self, host: Option<&str>, record: Record) -> Result<Record, String> {
        let ours = |writer| {
            let known = self.origins.host(writer);
            known == host || (known.is_none() && self.seen.last(writer) == 0)
        };
        if !ours(record.writer) {
            return Err("writer of another host".to_owned());
        }
        if is_of_lines(&record) && !named(&record).is_some_and(ours) {
            return Err("line in the name of the collector".to_owned());
        }
        Ok(record)
    }

    /// A writer id belongs to the spool where it was seen first, so that a process that learns another's
    /// id cannot make its lines look repeated.
    fn owned(&mut self, source: &str, record: Record) -> Result<Record, String> {
        match self.owners.get(&record.writer) {
            Some(owner) if owner != source => Err("writer of another spool".to_owned()),
            Some(_) => Ok(record),
            None => {
                self.owners.insert(record.writer, source.to_owned());
                Ok(record)
            }
        }
    }

    /// Writes down that lines never came.
    fn lose(&mut self, writer: WriterId, from: u64, to: u64) -> Result<(), CollectError> {
        let count = to - from + 1;
        self.counters.lost += count;
        tracing::error!(%writer, from, to, count, "lines of a writer are missing");
        let event = Event::new(stamp::now(), header("-")?, header(super::APP)?, Kind::Lost)
            .with(field::COUNT, count.to_string())
            .with(field::FROM, from.to_string())
            .with(field::TO, to.to_string())
            .with(field::WRITER, writer.to_string());
        self.own.encode(&event, &mut self.piece)?;
        Ok(())
    }

    fn keep_blobs(
        &mut self,
        paths: &Paths,
        disk: &Disk,
        source: &str,
        record: &Record,
    ) -> Result<(), CollectError> {
        for name in blob_names(record) {
            let (path, target) = (paths.spool(source).join("blobs").join(name), paths.artefact(name));
            if self.spent.remove(&target) {
                // It comes anew before it has gone.
                disk.remove(&target)?;
            }
            let mut shelf = self.shelf(paths, disk);
            let outcome = blob::keep(&mut shelf, &path, name, stock::source_of(record))?;
            let unkept = shelf.unkept;
            match outcome {
                Outcome::Copied => self.counters.blobs += 1,
                Outcome::Known | Outcome::Over(_) => {}
                Outcome::Missing => self.counters.blobs_missing += 1,
                Outcome::Refused => self.counters.blobs_refused += 1,
            }
            self.tell(paths, Some(record), unkept)?;
            self.spent.insert(path);
        }
        Ok(())
    }

    fn shelf<'a>(&'a mut self, paths: &'a Paths, disk: &'a Disk) -> Shelf<'a> {
        let (quarantine, stock) = (&mut self.quarantine, &mut self.stock);
        Shelf { paths, disk, quarantine, stock, unkept: Vec::new() }
    }

    /// Writes down which artefacts are not kept, or not any more; `record` names those that have just come.
    fn tell(
        &mut self,
        paths: &Paths,
        record: Option<&Record>,
        unkept: Vec<Unkept>,
    ) -> Result<(), CollectError> {
        for Unkept { sha256, size, limit } in unkept {
            self.spent.insert(paths.artefact(&sha256));
            let record = record.filter(|_| size.is_some());
            let node = record.and_then(|record| header(&record.node).ok());
            let node = node.map_or_else(|| header("-"), Ok)?;
            let mut event = Event::new(stamp::now(), node, header(super::APP)?, Kind::Dropped)
                .with(field::COUNT, "1")
                .with(field::CLASS, Class::Evidence.name())
                .with(field::LIMIT, limit.name())
                .with(field::SHA256, sha256);
            if let Some(size) = size {
                event = event.with(field::SIZE, size.to_string());
            }
            for name in [field::SRC_IP, field::SESSION] {
                if let Some(value) = record.and_then(|record| record.field(name)) {
                    event = event.with(name, value.to_vec());
                }
            }
            self.own.encode(&event, &mut self.piece)?;
        }
        Ok(())
    }

    /// A line that the log has: its blobs were copied before, but perhaps not removed.
    fn note_blobs(&mut self, paths: &Paths, source: &str, record: &Record) {
        let folder = paths.spool(source).join("blobs");
        self.spent.extend(blob_names(record).map(|name| folder.join(name)));
    }
}
