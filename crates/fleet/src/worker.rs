//! The worker `fleet`: makes the fleet that stands in the store come true, and keeps it so.

use crate::{
    Config,
    error::{Error, document, stored},
    outage::{News, Outage},
    people, personas,
    running::Running,
    secret,
    standing::Standing,
    topologies,
};
use decnet_bus::{Bus, Subject};
use decnet_engine::{
    node::{NodeSpec, Nodes},
    plan::{self, Backend, Step},
    stage::StageError,
};
use decnet_model::{
    fleet::Fleet,
    record::{DeckyActual, DeckyState},
    routine::{ROLES, SWITCH},
    worker::Worker,
};
use decnet_pipeline::runtime::{self, WorkerContext};
use decnet_store::Store;
use netsvc_wire::stamp::Micros;
use parking_lot::Mutex;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Time between two attempts at what could not be started.
const RETRY: Duration = Duration::from_secs(15);
/// A runtime that lived this long died of something that passes.
const STEADY: Duration = Duration::from_secs(30);
/// Times that one which died sooner is started again at once; then it waits for [`RETRY`].
const EARLY_MOST: u32 = 2;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the store fails.
pub fn run(
    worker: WorkerContext,
    config: Config,
    store: Store,
    now: fn() -> Micros,
) -> runtime::Running<Error> {
    Box::pin(work(worker, config, store, now))
}

async fn work(
    mut worker: WorkerContext,
    config: Config,
    store: Store,
    now: fn() -> Micros,
) -> Result<(), Error> {
    let fence = store.lease_take(Worker::Fleet).await.map_err(stored("take the lease"))?;
    let secret = secret::secret(&config.paths)?;
    let (started, outage) = (Instant::now(), Outage::default());
    let mut keeper = Keeper {
        config,
        store,
        now,
        fence,
        secret,
        running: None,
        last: None,
        nodes: Nodes::new(),
        failed: false,
        tried: started,
        started,
        early: 0,
        outage,
        told: Told { bus: worker.bus.clone(), states: Mutex::default(), news: AtomicBool::new(true) },
    };
    let wake = Worker::Fleet.spec().wake;
    let patterns = wake.topics.iter().filter_map(|topic| topic.parse().ok());
    let mut inboxes: Vec<_> = patterns.map(|pattern| worker.bus.subscribe(pattern)).collect();
    let mut subscribed = false;
    loop {
        let ready = keeper.turn().await;
        worker.status.set_good(ready.is_ok() && !keeper.failed && !keeper.outage.lasts());
        ready?;
        let inbox = inboxes.first_mut();
        let rung = async {
            let Some(inbox) = inbox else { return std::future::pending().await };
            if !subscribed {
                // What was rung before we could hear it: look once more.
                inbox.ready().await;
                subscribed = true;
                return;
            }
            match inbox.next().await {
                Some(_) => inbox.clear(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = worker.stopped() => break,
            () = tokio::time::sleep(wake.tick) => {}
            () = rung => {}
            () = keeper.ended() => {}
        }
    }
    keeper.stop().await;
    Ok(())
}

struct Keeper {
    config: Config,
    store: Store,
    now: fn() -> Micros,
    fence: decnet_store::Fence,
    secret: [u8; 32],
    running: Option<Running>,
    /// What was made true last.
    last: Option<Stamps>,
    /// The nodes that came of it, as they were wanted.
    nodes: Nodes,
    /// Whether something of it could not be started.
    failed: bool,
    tried: Instant,
    /// When the runtime was started, and how often in a row it died soon after.
    started: Instant,
    early: u32,
    outage: Outage,
    told: Told,
}

/// What another text in any of these calls for another look at the fleet, and letters at the mailboxes alone.
#[derive(PartialEq, Eq)]
struct Stamps {
    fleet: String,
    planted: String,
    people: String,
    letters: String,
    routines: [Option<String>; 2],
}

/// What was said on the bus of the states of deckies.
struct Told {
    bus: Bus,
    states: Mutex<BTreeMap<String, DeckyActual>>,
    /// Something of it is another state than what topologies were judged by.
    news: AtomicBool,
}

impl Told {
    /// The deckies that were said to be degraded.
    fn degraded(&self) -> BTreeSet<String> {
        let known = self.states.lock();
        let degraded = known.iter().filter(|(_, actual)| **actual == DeckyActual::Degraded);
        degraded.map(|(name, _)| name.clone()).collect()
    }

    /// Says which deckies are in another state than before. The store has it already: a message that is lost costs
    /// nobody anything.
    fn tell(&self, states: &[DeckyState]) {
        let mut known = self.states.lock();
        for state in states {
            if known.insert(state.name.clone(), state.actual) == Some(state.actual) {
                continue;
            }
            self.news.store(true, Ordering::Relaxed);
            if let Some(topic) = Subject::decky_state(&state.name) {
                let payload =
                    json!({ "decky": state.name, "state": state.actual.name(), "reason": state.reason });
                self.bus.publish(&topic, &payload);
            }
        }
    }
}

impl Keeper {
    async fn turn(&mut self) -> Result<(), Error> {
        self.pass().await?;
        self.topologies().await
    }

    async fn pass(&mut self) -> Result<(), Error> {
        self.check_runtime().await?;
        self.check_service().await?;
        self.export().await;
        if self.outage.lasts() {
            // What is asked for now would only seem to come true, but for that nobody is to be.
            return self.leave_if_empty().await;
        }
        self.follow_absent().await?;
        let Some(text) = self.store.fleet_get().await.map_err(stored("read the fleet"))? else {
            return Ok(());
        };
        let retry = self.failed && RETRY <= self.tried.elapsed();
        self.mend().await;
        let stamps = self.stamps(text).await?;
        if self.last.as_ref() == Some(&stamps) && !retry {
            return Ok(());
        }
        let only_letters = |last: &Stamps| {
            (&last.fleet, &last.planted, &last.people, &last.routines)
                == (&stamps.fleet, &stamps.planted, &stamps.people, &stamps.routines)
        };
        if self.last.as_ref().is_some_and(only_letters) && !retry {
            self.post().await?;
            self.last = Some(stamps);
            return Ok(());
        }
        let want: Fleet = serde_json::from_str(&stamps.fleet).map_err(document("read the fleet"))?;
        if self.running.as_ref().is_some_and(|running| !running.fits(&want)) {
            self.stop().await;
        }
        self.failed = false;
        self.tried = Instant::now();
        // Nobody is to be carried: nothing is started for that.
        if self.running.is_some() || !want.deckies.is_empty() {
            self.nodes = personas::nodes(&self.store, &self.secret, &want, (self.now)()).await?;
            self.carry(&want).await?;
        }
        self.clear(&want).await?;
        // A domain gets its people with its first machine: what was looked at before that is another text by now.
        let people = self.store.pool_stamp().await.map_err(stored("look for changed people"))?;
        self.last = Some(Stamps { people, ..stamps });
        self.export().await;
        Ok(())
    }

    /// What there is to be looked at.
    async fn stamps(&self, fleet: String) -> Result<Stamps, Error> {
        let planted = self.store.canary_planted_stamp().await.map_err(stored("look for planted canaries"))?;
        let people = self.store.pool_stamp().await.map_err(stored("look for changed people"))?;
        let letters = self.store.letter_stamp().await.map_err(stored("look for letters"))?;
        let mut routines = [None, None];
        for (setting, name) in routines.iter_mut().zip([SWITCH, ROLES]) {
            *setting = self.store.setting_get(name).await.map_err(stored("read a setting"))?;
        }
        Ok(Stamps { fleet, planted, people, letters, routines })
    }

    /// Has mailboxes hold what people have written. A process that does not take it now gets it when it is back.
    async fn post(&self) -> Result<(), Error> {
        let Some(running) = &self.running else { return Ok(()) };
        let post = people::post(&self.store, &self.nodes, (self.now)()).await?;
        if let Err(error) = running.backend().post(post).await {
            tracing::warn!(error = %plan::chain(&error), "letters were not put into mailboxes");
        }
        Ok(())
    }

    /// Looks whether deckies are what they were made as; the next lines of a pass mend what is not.
    async fn mend(&mut self) {
        // What failed is tried again in its own time, and what ends again and again is made anew no oftener.
        let (Some(running), false) = (&self.running, self.failed) else { return };
        if self.last.is_some() && RETRY <= self.tried.elapsed() && running.has_drifted().await {
            tracing::warn!("deckies are not as they were made; they are made so again");
            self.last = None;
        }
    }

    /// Deckies that are not wanted are gone, even those that an earlier run left in the store as running.
    async fn clear(&self, want: &Fleet) -> Result<(), Error> {
        let rows = self.store.decky_list().await.map_err(stored("read the deckies"))?;
        let wanted = |name: &str| name.parse().is_ok_and(|name| want.deckies.contains_key(&name));
        let left = rows.iter().filter(|row| row.actual.is_up() && !wanted(&row.name));
        self.report(left.map(|row| state(&row.name, DeckyActual::Gone, "")).collect()).await
    }

    /// Notes how topologies are whose deckies came or went.
    async fn topologies(&self) -> Result<(), Error> {
        // What is yet to be made true says nothing.
        let Some(last) = self.last.as_ref().filter(|_| self.told.news.swap(false, Ordering::Relaxed)) else {
            return Ok(());
        };
        let fleet: Fleet = serde_json::from_str(&last.fleet).map_err(document("read the fleet"))?;
        topologies::note(&self.store, &fleet, (self.now)()).await
    }

    /// Forgets a runtime that has ended, so that the next lines start another.
    async fn check_runtime(&mut self) -> Result<(), Error> {
        let Some(running) = &self.running else { return Ok(()) };
        let Some(why) = running.lost(&self.config.paths).await else { return Ok(()) };
        running.stop(&self.config.paths).await;
        self.running = None;
        self.early = if STEADY <= self.started.elapsed() { 0 } else { self.early + 1 };
        if self.early <= EARLY_MOST {
            tracing::warn!(why, "the runtime is started again");
            self.last = None;
            return Ok(());
        }
        tracing::error!(why, "the runtime ended soon after it was started; it will be tried again");
        self.failed = true;
        let rows = self.store.decky_list().await.map_err(stored("read the deckies"))?;
        let down = rows.iter().filter(|row| row.actual.is_up());
        self.report(down.map(|row| state(&row.name, DeckyActual::Failed, why)).collect()).await
    }

    /// Says of deckies that they do not run while nothing serves them, and carries them again when something does.
    async fn check_service(&mut self) -> Result<(), Error> {
        const WHY: &str = "the process that serves has ended, and it cannot be started again";
        let serves = match &self.running {
            Some(running) => running.serves().await,
            None => None,
        };
        match self.outage.look(serves.unwrap_or(true), Instant::now()) {
            News::None => Ok(()),
            News::Over => {
                self.last = None;
                Ok(())
            }
            News::Begun => {
                tracing::error!(reason = WHY, "deckies do not run");
                let rows = self.store.decky_list().await.map_err(stored("read the deckies"))?;
                let down = rows.iter().filter(|row| row.actual == DeckyActual::Running);
                self.report(down.map(|row| state(&row.name, DeckyActual::Failed, WHY)).collect()).await
            }
        }
    }

    /// Ends the runtime where nobody is to be any more: for that nothing has to serve.
    async fn leave_if_empty(&mut self) -> Result<(), Error> {
        let text = self.store.fleet_get().await.map_err(stored("read the fleet"))?.unwrap_or_default();
        if serde_json::from_str::<Fleet>(&text).is_ok_and(|want| want.deckies.is_empty()) {
            self.stop().await;
        }
        Ok(())
    }

    /// Starts the runtime if need be and makes the nodes exist in it, and nothing else.
    async fn carry(&mut self, want: &Fleet) -> Result<(), Error> {
        if self.running.is_none() {
            match Running::start(&self.config, want).await {
                Ok(running) => {
                    self.running = Some(running);
                    self.started = Instant::now();
                }
                Err(error) => {
                    let reason = plan::chain(&error);
                    tracing::error!(reason, "the runtime could not be started");
                    self.failed = true;
                    let all = self.nodes.keys().map(|name| state(name, DeckyActual::Failed, &reason));
                    return self.report(all.collect()).await;
                }
            }
            // Whoever sees a decky run must also find what runs it.
            self.export().await;
        }
        // Before there is a mailbox that somebody could look into.
        self.post().await?;
        let Some(running) = &self.running else { return Ok(()) };
        running.heed(want);
        let (backend, nodes) = (running.backend(), &self.nodes);
        let have = match backend.observe().await {
            Ok(have) => have,
            // The containers of a daemon that does not answer may well run: nothing is said of them.
            Err(error) if backend.changes_in_place() => {
                tracing::warn!(error = %plan::chain(&error), "the runtime does not answer; it is asked again");
                self.failed = true;
                return Ok(());
            }
            Err(error) => return Err(Error::Runtime("look at the runtime", error)),
        };
        let mut states: Vec<DeckyState> = nodes
            .iter()
            .filter(|(name, node)| have.get(*name) == Some(node))
            .map(|(name, _)| state(name, DeckyActual::Running, ""))
            .collect();
        for step in plan::plan(nodes, &have) {
            match step {
                Step::Remove(gone) => states.extend(take_down(backend, gone, nodes).await?),
                Step::Add(new) => states.extend(add(backend, new).await),
            }
        }
        self.failed = states.iter().any(|state| state.actual == DeckyActual::Failed);
        self.report(states).await?;
        // All that run were just reported so.
        self.follow_absent().await
    }

    /// Reports deckies that are off the segment because a host has their address, and those that are back.
    async fn follow_absent(&self) -> Result<(), Error> {
        let Some(running) = &self.running else { return Ok(()) };
        // A runtime that does not answer is dealt with elsewhere.
        let Ok(standing) = running.standing().await else { return Ok(()) };
        let absent = standing.native.map(|native| native.absent).unwrap_or_default();
        let known = self.told.degraded();
        let is_absent = |name: &str| absent.iter().any(|one| one.node == name);
        let gone = absent.iter().filter(|one| !known.contains(&one.node)).map(|one| {
            let reason = format!("off the segment: the host {} has its address", one.mac);
            state(&one.node, DeckyActual::Degraded, &reason)
        });
        let back = known.iter().filter(|name| !is_absent(name) && self.nodes.contains_key(*name));
        let back = back.map(|name| state(name, DeckyActual::Running, ""));
        let states: Vec<DeckyState> = gone.chain(back).collect();
        if states.is_empty() { Ok(()) } else { self.report(states).await }
    }

    async fn report(&self, states: Vec<DeckyState>) -> Result<(), Error> {
        let done = self.store.decky_states_set(Some(&self.fence), &states, (self.now)()).await;
        done.map_err(stored("store the states of deckies"))?;
        self.told.tell(&states);
        Ok(())
    }

    /// What `status` reads about the runtime. Only shown, so a failure is no reason to stop.
    async fn export(&self) {
        let Some(running) = &self.running else { return };
        let written = match running.standing().await {
            Ok(standing) => standing.write(&self.config.paths),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(error = %plan::chain(&error), "the state of the runtime is not shown");
        }
    }

    /// Ends when the runtime is seen to be gone.
    async fn ended(&self) {
        match &self.running {
            Some(running) => running.ended().await,
            None => std::future::pending().await,
        }
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            let nodes = running.backend().observe().await.unwrap_or_default();
            running.stop(&self.config.paths).await;
            let states = nodes.keys().map(|name| state(name, DeckyActual::Stopped, ""));
            if let Err(error) = self.report(states.collect()).await {
                tracing::warn!(error = %plan::chain(&error), "the states of deckies could not be stored");
            }
        }
        // The file says what runs; nothing does.
        Standing::remove(&self.config.paths);
    }
}

/// Takes deckies down: where one that is wanted otherwise changes in its place, those alone that nobody wants.
async fn take_down(
    backend: &dyn Backend,
    mut gone: Vec<NodeSpec>,
    wanted: &Nodes,
) -> Result<Vec<DeckyState>, Error> {
    if backend.changes_in_place() {
        gone.retain(|node| !wanted.contains_key(node.name()));
    }
    let names: Vec<String> = gone.iter().map(|node| node.name().to_owned()).collect();
    let (actual, reason) = match backend.apply(&Step::Remove(gone)).await {
        Ok(()) => (DeckyActual::Gone, String::new()),
        // A daemon that cannot do it now can do it later; the others are carried meanwhile.
        Err(error) if backend.changes_in_place() => {
            let reason = plan::chain(&error);
            tracing::warn!(deckies = names.len(), reason, "deckies could not be taken down");
            (DeckyActual::Failed, reason)
        }
        Err(error) => return Err(Error::Runtime("take deckies down", error)),
    };
    Ok(names.iter().map(|name| state(name, actual, &reason)).collect())
}

/// Adds deckies together. A batch that is refused is tried by halves, so that those which cannot be are
/// found and the others come; one that broke off is not, because it is not the deckies' fault.
async fn add(backend: &dyn Backend, new: Vec<NodeSpec>) -> Vec<DeckyState> {
    let mut batches = vec![new];
    let mut states = Vec::new();
    while let Some(mut batch) = batches.pop() {
        let outcome = backend.apply(&Step::Add(batch.clone())).await;
        let names = batch.iter().map(|node| node.name().to_owned());
        match outcome {
            Ok(()) => states.extend(names.map(|name| state(&name, DeckyActual::Running, ""))),
            Err(error) if batch.len() > 1 && of_one(&error) => {
                let half = batch.split_off(batch.len() / 2);
                batches.extend([half, batch]);
            }
            Err(error) => {
                let reason = plan::chain(&error);
                tracing::warn!(deckies = batch.len(), reason, "deckies could not be started");
                states.extend(names.map(|name| state(&name, DeckyActual::Failed, &reason)));
            }
        }
    }
    states
}

/// Whether one decky of a batch can be the cause.
fn of_one(error: &plan::Error) -> bool {
    use plan::Error;
    match error {
        Error::Refused { .. } | Error::Bind { .. } => true,
        Error::Stage(StageError::Refused { .. } | StageError::TooLong(_)) => true,
        Error::Unreachable { .. } | Error::Stage(_) => false,
    }
}

fn state(name: &str, actual: DeckyActual, reason: &str) -> DeckyState {
    DeckyState { name: name.to_owned(), actual, reason: reason.to_owned() }
}
