//! What an agent records comes home once, whatever is killed on the way, and what is wanted of it comes true.

use crate::{
    files::Files,
    fleet, forwarder,
    impostors::{Master, context},
    link,
    place::Wishes,
};
use decnet_model::{
    fleet::{Decky, Fleet},
    paths::Paths,
    runtime::Runtime,
    swarm::Ground,
    worker::Worker,
};
use decnet_pipeline::{
    collector::{Collector, Settings},
    disk::Disk,
    eventlog::{Durable, EventLog, Limits},
    ingester::Ingester,
};
use decnet_store::{
    Store,
    record::{Filter, Page},
};
use netsvc_wire::{Encoder, Event, HeaderText, Kind, WriterId, field, stamp::now};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn text(text: &str) -> HeaderText {
    text.parse().unwrap()
}

/// An agent that has joined, with a log that it adds to.
struct Agent {
    folder: tempfile::TempDir,
    paths: Paths,
    host: String,
    log: EventLog,
    encoder: Encoder,
    written: u64,
}

impl Agent {
    async fn of(master: &Master, name: &str, writer: u64) -> Agent {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let token = master.token(name).await;
        let member = master.join(&folder, &token).await.unwrap();
        let log = EventLog::open(&paths.event_log(), Limits::default(), Disk::default()).unwrap();
        let encoder = Encoder::new(text("ev@32473"), WriterId(writer));
        Agent { folder, paths, host: member.host, log, encoder, written: 0 }
    }

    /// Adds lines to the log, the last with an artefact.
    fn record(&mut self, count: u64) -> String {
        let content = format!("payload {} of {}", self.written, self.host);
        let hash = hex::encode(Sha256::digest(&content));
        let path = self.paths.artefact(&hash);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &content).unwrap();
        let mut lines = Vec::new();
        for number in 1..=count {
            let kind = if number == count { Kind::FileCaptured } else { Kind::Command };
            let mut event =
                Event::new(now(), text("web-01"), text("ssh"), kind).with(field::COMMAND, "ls\nls");
            if number == count {
                event = event.with(field::SHA256, hash.as_str()).with(field::SIZE, content.len().to_string());
            }
            self.encoder.encode(&event, &mut lines).unwrap();
        }
        self.log.append(&lines, now()).unwrap();
        self.log.sync().unwrap();
        self.written += count;
        hash
    }

    fn forward(&self) -> tokio::task::JoinHandle<Result<(), crate::Error>> {
        let worker = context(&self.paths, Worker::Forwarder);
        tokio::spawn(forwarder::run(worker, forwarder::Settings::default()))
    }

    /// Whether the master has all of the log on its medium.
    fn is_home(&self) -> bool {
        let durable = Durable::new(&self.paths.event_log(), Disk::default()).read();
        durable == Some(self.log.position())
    }
}

/// Takes in what the listener has written, as collector and ingester of the master do.
async fn take_in(master: &Master) {
    let paths = master.paths();
    let mut collector = Collector::open(paths.clone(), Settings::default(), Disk::default()).unwrap();
    // A pass over what was sent twice has no line and may still not be at the end.
    loop {
        let progress = collector.pass(Instant::now()).unwrap();
        if progress.lines == 0 && !progress.more {
            break;
        }
    }
    collector.close().unwrap();
    let mut ingester = Ingester::open(master.store.clone(), &paths, Disk::default()).await.unwrap();
    while ingester.step().await.unwrap() > 0 {}
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !done().await {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn numbers(store: &Store, host: &str) -> Vec<u64> {
    let filter = Filter { host: Some(host.to_owned()), ..Filter::default() };
    let rows = store.event_list(&filter, Page::after(0, 10_000)).await.unwrap();
    rows.iter().map(|row| row.number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_and_artefact_of_two_agents_comes_home_once_over_kills_of_both_sides() {
    let mut master = Master::up().await;
    let mut agents = [Agent::of(&master, "alpha", 7).await, Agent::of(&master, "beta", 8).await];
    let mut artefacts = BTreeSet::new();
    for round in 0..6 {
        artefacts.extend(agents.iter_mut().map(|agent| agent.record(700)));
        let running: Vec<_> = agents.iter().map(Agent::forward).collect();
        match round {
            // Both sides are killed in the middle of it, at another moment each time.
            0 | 2 | 4 => tokio::time::sleep(Duration::from_millis(30 + 40 * round)).await,
            _ => until("the log does not come home", async || agents.iter().all(Agent::is_home)).await,
        }
        running.iter().for_each(tokio::task::JoinHandle::abort);
        if round % 2 == 0 {
            master.restart_listener();
        }
        take_in(&master).await;
    }
    let running: Vec<_> = agents.iter().map(Agent::forward).collect();
    until("the log does not come home", async || agents.iter().all(Agent::is_home)).await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
    take_in(&master).await;
    for agent in &agents {
        let wanted: Vec<u64> = (1..=agent.written).collect();
        assert_eq!(numbers(&master.store, &agent.host).await, wanted, "{}", agent.host);
    }
    assert!(artefacts.iter().all(|hash| master.paths().artefact(hash).exists()));
    assert!(master.store.gap_list(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_of_an_agent_comes_to_it_and_who_is_decommissioned_gives_it_up() {
    let master = Master::up().await;
    let agent = Agent::of(&master, "alpha", 7).await;
    let files = Files::new(&agent.paths);
    let network = "127.66.0.0/16".parse().unwrap();
    let ground = Ground { runtime: Runtime::Loopback, network, lab: false, taken: [].into(), skipped: 255 };
    files.put_ground(&ground).unwrap();
    let store = Store::open(&agent.paths.database().display().to_string()).await.unwrap();
    let config = decnet_fleet::Config {
        paths: agent.paths.clone(),
        program: None,
        stage_binary: None,
        sd_id: "ev@32473".to_owned(),
        limits: netsvc_persona::stage::Limits::default(),
    };
    let settings = link::Settings { version: "test".to_owned(), ..link::Settings::default() };
    tokio::spawn(link::run(context(&agent.paths, Worker::Link), config, store.clone(), settings));
    let (there, silent) = fleet::check(&master.store, now, 60, PATIENCE).await.unwrap();
    assert!(silent.is_empty() && there[0].ground.as_ref() == Some(&ground));
    let mut wanted = Fleet::of(Runtime::Loopback, "10.0.0.0/8".parse().unwrap());
    for name in ["one", "two"] {
        let decky = Decky::of(name.parse().unwrap(), [0, 0, 0, 1].into(), "debian12");
        wanted.deckies.insert(decky.name.clone(), decky);
    }
    let placed = fleet::plan(wanted, Wishes::default(), &there, None).unwrap();
    assert_eq!(fleet::put(&master.store, &placed, &there).await.unwrap(), std::slice::from_ref(&agent.host));
    until("the fleet does not come", async || {
        let have = decnet_fleet::intent::read(&store).await.unwrap();
        have.is_some_and(|have| have.deckies.len() == 2 && have.network == ground.network)
    })
    .await;
    until("it does not say so", async || {
        let hosts = fleet::hosts(&master.store, now(), 60).await.unwrap();
        hosts[0].report.as_ref().is_some_and(|report| report.generation == hosts[0].row.generation)
    })
    .await;
    // The same again is no other wish.
    let hosts = fleet::hosts(&master.store, now(), 60).await.unwrap();
    assert!(fleet::put(&master.store, &placed, &hosts).await.unwrap().is_empty());
    assert_eq!(fleet::forget(&master.store, &hosts, &agent.host).await.unwrap(), 2);
    master.store.swarm_decommission(&agent.host, "test", now()).await.unwrap();
    until("it does not leave", async || files.membership().unwrap().ended_at.is_some()).await;
    assert!(files.own("agent").is_err(), "its key is gone");
    assert!(decnet_fleet::intent::read(&store).await.unwrap().unwrap().deckies.is_empty());
    drop(agent.folder);
}
