//! Lines per second through each step from a spool to the store, and the time that one line takes.

use crate::{baseline, lines::Lines, place::Place, processes, table::Row};
use anyhow::{Context as _, Result, ensure};
use decnet_bus::Bus;
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::{
    collector::{self, Collector, Settings},
    disk::Disk,
    ingester::{self, Ingester},
    runtime::{Backoff, Host, body, supervise},
};
use decnet_store::Store;
use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};

/// Lines that are parsed and ingested.
const LINES: u64 = 200_000;
/// Lines of a spool segment of the usual 8 MiB, about.
const SEGMENT: u64 = 25_000;
/// Lines whose way to the store is timed.
const TIMED: usize = 100;
/// Longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measures all of it.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let paths = Paths::new(place.folder("pipeline")?);
    fs::create_dir_all(paths.spool("bench").join("lines")).context("make a spool")?;
    let mut lines = Lines::new(1)?;
    let mut segments = Vec::new();
    for _ in 0..LINES / SEGMENT {
        let mut segment = Vec::new();
        lines.append(SEGMENT, &mut segment)?;
        segments.push(segment);
    }
    let mut rows = parse(&segments)?;
    for (index, segment) in segments.iter().enumerate() {
        let name = format!("lines/{:016x}-{index:08}.seg", 1);
        fs::write(paths.spool("bench").join(name), segment).context("write a segment")?;
    }
    drop(segments);
    let started = Instant::now();
    let collected = Collector::open(paths.clone(), Settings::default(), Disk::default())?.drain()?;
    ensure!(collected == LINES, "{collected} of {LINES} lines were collected");
    rows.push(Row::rate("collect: spool to event log", "lines/s", rate(LINES, started)));
    rows.extend(ingest(&paths).await?);
    Ok(rows)
}

fn parse(segments: &[Vec<u8>]) -> Result<Vec<Row>> {
    let own = std::process::id();
    let (started, before) = (Instant::now(), processes::cpu(own)?);
    let mut parsed = 0_u64;
    for line in segments.iter().flat_map(|segment| segment.split_inclusive(|&byte| byte == b'\n')) {
        std::hint::black_box(netsvc_wire::parse(line)?);
        parsed += 1;
    }
    ensure!(parsed == LINES, "{parsed} of {LINES} lines were parsed");
    let fast = rate(parsed, started);
    let cpu = processes::cpu(own)?.saturating_sub(before);
    Ok(vec![
        Row::rate("parse", "lines/s", fast).against(baseline::PARSE),
        Row::cost("parse: CPU of a line", "µs", per(cpu, parsed)).against(baseline::PARSE_CPU),
    ])
}

async fn ingest(paths: &Paths) -> Result<Vec<Row>> {
    let store = Store::open(&paths.database().display().to_string()).await?;
    let mut ingester = Ingester::open(store.clone(), paths, Disk::default()).await?;
    let own = std::process::id();
    let (started, before) = (Instant::now(), processes::cpu(own)?);
    let mut ingested = 0;
    loop {
        match ingester.step().await? {
            0 => break,
            count => ingested += u64::try_from(count)?,
        }
    }
    ingester.checkpoint().await?;
    let fast = rate(ingested, started);
    let cpu = processes::cpu(own)?.saturating_sub(before);
    let stored = store.totals().await?.events;
    ensure!(stored == LINES, "{stored} of {LINES} lines are rows");
    drop(ingester);
    let times = latency(paths, &store).await;
    store.close().await;
    let mut rows = vec![
        Row::rate("ingest into SQLite", "lines/s", fast)
            .against(baseline::INGEST)
            .note("with credentials and sessions, to the checkpoint"),
        Row::cost("ingest: CPU of a line", "µs", per(cpu, ingested)).against(baseline::INGEST_CPU),
    ];
    rows.extend(times?);
    Ok(rows)
}

/// Writes single lines into a spool and waits for the message that each is a row.
async fn latency(paths: &Paths, store: &Store) -> Result<Vec<Row>> {
    let bus = Bus::local();
    let mut ingested = bus.subscribe("log.ingested".parse()?);
    let again = store.clone();
    let workers = vec![
        (Worker::Collector, body(|context| collector::run(context, Settings::default()))),
        (
            Worker::Ingester,
            body(move |context| ingester::run(context, again.clone(), ingester::Keep::default())),
        ),
    ];
    let stop = watch::Sender::new(false);
    let host = Host { paths: paths.clone(), bus };
    let running = tokio::spawn(supervise(host, workers, Backoff::default(), stop.subscribe()));
    let path = paths.spool("bench").join(format!("lines/{:016x}-{:08}.seg", 2, 0));
    let mut segment =
        fs::OpenOptions::new().create(true).append(true).open(path).context("open a segment")?;
    let mut lines = Lines::new(2)?;
    let mut times = Vec::new();
    // The first one waits for the workers to start.
    for _ in 0..=TIMED {
        let mut line = Vec::new();
        lines.append(1, &mut line)?;
        let started = Instant::now();
        segment.write_all(&line).context("write a line")?;
        timeout(PATIENCE, ingested.next()).await.context("wait for a line to be a row")?;
        times.push(started.elapsed());
    }
    stop.send_replace(true);
    running.await.context("end the workers")?;
    times.remove(0);
    let row =
        |name: &str, percent| Row::cost(format!("line to row, {name}"), "ms", millis(at(&times, percent)));
    Ok(vec![row("median", 50), row("99 %", 99)])
}

/// The value below which `percent` of `times` are.
pub(crate) fn at(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * percent / 100).or(sorted.last()).copied().unwrap_or_default()
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Microseconds of `cpu` for each of `count`.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn per(cpu: Duration, count: u64) -> f64 {
    micros(cpu) / count.max(1) as f64
}

/// How many a second since `started`.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(crate) fn rate(count: u64, started: Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64()
}
