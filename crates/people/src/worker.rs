//! The worker `emailgen`: writes what people will have written, some days ahead, so that mailboxes go on while nobody
//! looks after them.

use crate::{
    clock,
    model::{Model, Spoken},
    render,
    thread::{self, Thread},
    world::World,
};
use decnet_model::{
    people::{MAILBOXES, Pool},
    record::{DeckyDesired, DeckyRow, LETTER_DAY, LetterFilter, PEOPLE_SECRET, PoolRow},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Running, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use netsvc_persona::Persona;
use netsvc_wire::stamp::{Micros, now};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tokio::sync::watch;

/// Days that were, of which there are letters: as long as mailboxes keep them, and a week.
const BACK: i64 = 70;
/// Days that are written ahead.
const AHEAD: i64 = 5;
/// Days of one pass.
const DAYS: i64 = 10;
/// Most letters of a domain that are looked at.
const LETTERS: u32 = 10_000;
/// The setting with how often a model was asked today.
const ASKED: &str = "emailgen.asked";
/// Failures in a row after which a model is left alone, and for how long.
const FAILURES: u32 = 3;
const PAUSE: Micros = 600_000_000;

/// How the worker is to do its work.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A model that is asked for other words, and how often a day at most.
    pub model: Option<(Model, u64)>,
}

/// Why the worker stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The store failed.
    #[error("read or write letters")]
    Store(#[from] StoreError),
    /// What is stored is not what this release reads.
    #[error("read {0}")]
    Document(&'static str, #[source] serde_json::Error),
}

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Letters that were written.
    pub letters: u64,
    /// Of those, letters in a model's words.
    pub by_model: u64,
    /// Answers of a model that could not be taken.
    pub unfit: u64,
    /// Questions that a model did not answer.
    pub unanswered: u64,
}

struct Writer {
    store: Store,
    settings: Settings,
    counters: Counters,
    failures: u32,
    paused: Micros,
    /// The day on which it was looked last for letters that are too old.
    cleared: Option<i64>,
}

/// Days of a domain that are to be written.
struct Days {
    first: i64,
    last: i64,
    today: i64,
}

/// How often a model was asked on a day.
#[derive(Default, Serialize, Deserialize)]
struct Budget {
    day: i64,
    asked: u64,
}

/// Writes until the worker is told to stop.
///
/// # Errors
/// [`WorkerError`]; the worker can be started again.
pub fn run(context: WorkerContext, store: Store, settings: Settings) -> Running<WorkerError> {
    Box::pin(work(context, store, settings))
}

async fn work(context: WorkerContext, store: Store, settings: Settings) -> Result<(), WorkerError> {
    store.lease_take(Worker::Emailgen).await?;
    let mut writer = Writer::new(store, settings);
    run_passes(context, &mut writer).await
}

impl Pass for Writer {
    type Error = WorkerError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, WorkerError> {
        if context.is_stopping() {
            return Ok(Work::Done);
        }
        let work = self.pass(now(), &context.stop).await?;
        context.status.report(&self.counters);
        let silent = "the model does not answer: letters are in the words of templates".to_owned();
        context.status.set_trouble((FAILURES <= self.failures).then_some(silent));
        Ok(work)
    }
}

impl Writer {
    fn new(store: Store, settings: Settings) -> Self {
        Writer { store, settings, counters: Counters::default(), failures: 0, paused: 0, cleared: None }
    }

    /// Ends early, with nothing half-written, once `stop` says so: a model may take a minute for each mail.
    async fn pass(&mut self, now: Micros, stop: &watch::Receiver<bool>) -> Result<Work, WorkerError> {
        // It comes with the first machine that tells of people.
        let secret = self.store.setting_get(PEOPLE_SECRET).await?.and_then(|text| hex::decode(text).ok());
        let Some(secret) = secret else { return Ok(Work::Done) };
        let mut rows: Vec<DeckyRow> = self.store.decky_list().await?;
        rows.retain(|row| row.desired == DeckyDesired::Running);
        let holds = |row: &&DeckyRow| row.services.iter().any(|slug| MAILBOXES.contains(&slug.as_str()));
        let mut domains = BTreeSet::new();
        for row in rows.iter().filter(holds) {
            domains.extend(persona(row)?.map(|persona| persona.domain));
        }
        // Mostly there is nothing to write, and then nobody needs to know all machines.
        let mut personas: Option<Vec<Persona>> = None;
        let mut work = Work::Done;
        for domain in domains {
            let Some(row) = self.store.pool_get(&domain).await? else { continue };
            let pool: Pool = serde_json::from_str(&row.document)
                .map_err(|error| WorkerError::Document("people", error))?;
            let Some(days) = self.due(&pool, now).await? else { continue };
            let known = match personas.take() {
                Some(known) => known,
                None => rows.iter().filter_map(|row| persona(row).transpose()).collect::<Result<_, _>>()?,
            };
            let world = World::new(&secret, pool, personas.insert(known));
            if self.write(&world, &row, &days, now, stop).await? == Work::More {
                work = Work::More;
            }
        }
        let day = clock::day_of(now, 0);
        if self.cleared != Some(day) {
            self.store.letter_forget(now - (BACK + 7) * clock::DAY).await?;
            self.cleared = Some(day);
        }
        Ok(work)
    }

    /// What is to be written of the days of a domain, if anything is.
    async fn due(&self, pool: &Pool, now: Micros) -> Result<Option<Days>, WorkerError> {
        let today = clock::day_of(now, pool.zone_minutes);
        let written = self.store.setting_get(&format!("{LETTER_DAY}.{}", pool.domain)).await?;
        let stored = written.and_then(|text| text.parse::<i64>().ok());
        let first = stored.map_or(today - BACK, |last| (last + 1).max(today - BACK));
        let last = (today + AHEAD).min(first + DAYS - 1);
        Ok((first <= last).then_some(Days { first, last, today }))
    }

    /// Writes the next days of a domain, whose people are `row`.
    async fn write(
        &mut self,
        world: &World,
        row: &PoolRow,
        days: &Days,
        now: Micros,
        stop: &watch::Receiver<bool>,
    ) -> Result<Work, WorkerError> {
        let filter = LetterFilter { domain: Some(world.pool.domain.clone()), ..LetterFilter::default() };
        let known = self.store.letter_list(&filter, LETTERS).await?;
        // The subject of a thread is that of its first mail.
        let mut used: BTreeSet<String> =
            known.into_iter().filter(|row| row.id == row.thread).map(|row| row.subject).collect();
        for day in days.first..=days.last {
            let mut letters = Vec::new();
            for thread in thread::of_day(world, day, &mut used) {
                let Some((thread, origin)) = self.phrased(thread, now, stop).await? else {
                    return Ok(Work::Done);
                };
                letters.extend(render::letters(world, &thread, origin));
            }
            if !self.store.letter_day_put(row, day, &letters).await? {
                // Somebody has put other people in their place meanwhile.
                return Ok(Work::More);
            }
            self.counters.letters += letters.len() as u64;
        }
        Ok(if days.last < days.today + AHEAD { Work::More } else { Work::Done })
    }

    /// `thread` in the words of a model, as far as there is one and it may be asked; and what wrote it. `None`: the
    /// worker is to stop.
    async fn phrased(
        &mut self,
        mut thread: Thread,
        now: Micros,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<(Thread, &'static str)>, WorkerError> {
        let Some((model, per_day)) = self.settings.model.clone().filter(|_| thread.login.is_none()) else {
            return Ok(Some((thread, "template")));
        };
        let mut origin = "template";
        for draft in &mut thread.drafts {
            let (body, hash) = model.question(thread.language, &draft.text);
            let said = match self.store.phrasing_get(&hash).await? {
                Some(text) => Some(text),
                None if now < self.paused || !self.may_ask(now, per_day).await? => None,
                None => tokio::select! {
                    spoken = model.say(thread.language, &draft.text, body) => {
                        self.heard(&hash, spoken, now).await?
                    }
                    () = stopped(stop) => return Ok(None),
                },
            };
            if let Some(text) = said {
                draft.text = text;
                origin = "model";
                self.counters.by_model += 1;
            }
        }
        Ok(Some((thread, origin)))
    }

    /// The text that a model said, if it can be taken; it is kept, so that it is asked for once.
    async fn heard(
        &mut self,
        hash: &str,
        spoken: Spoken,
        now: Micros,
    ) -> Result<Option<String>, WorkerError> {
        match spoken {
            Spoken::Text(text) => {
                self.failures = 0;
                self.store.phrasing_put(hash, &text, now).await?;
                Ok(Some(text))
            }
            Spoken::Unfit(why) => {
                tracing::debug!(why, "what the model says is not taken");
                self.failures = 0;
                self.counters.unfit += 1;
                Ok(None)
            }
            Spoken::Nothing(why) => {
                tracing::warn!(why, "the model does not answer");
                self.counters.unanswered += 1;
                self.failures += 1;
                if FAILURES <= self.failures {
                    self.paused = now + PAUSE;
                }
                Ok(None)
            }
        }
    }

    /// Whether a model may be asked once more today; it is counted before it is asked.
    async fn may_ask(&self, now: Micros, per_day: u64) -> Result<bool, WorkerError> {
        let day = clock::day_of(now, 0);
        let stored = self.store.setting_get(ASKED).await?;
        let budget: Budget = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let asked = if budget.day == day { budget.asked } else { 0 };
        if per_day <= asked {
            return Ok(false);
        }
        let text = serde_json::to_string(&Budget { day, asked: asked + 1 });
        let text = text.map_err(|error| WorkerError::Document("the budget", error))?;
        self.store.setting_put(ASKED, &text).await?;
        Ok(true)
    }
}

/// Waits until the worker is to stop.
async fn stopped(stop: &watch::Receiver<bool>) {
    let mut stop = stop.clone();
    // A sender that is gone can only mean the same; the borrowed value ends with this statement.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

/// What a machine is, once it was derived.
fn persona(row: &DeckyRow) -> Result<Option<Persona>, WorkerError> {
    let read = row.persona.as_deref().map(serde_json::from_str).transpose();
    read.map_err(|error| WorkerError::Document("a persona", error))
}

#[cfg(test)]
mod tests;
