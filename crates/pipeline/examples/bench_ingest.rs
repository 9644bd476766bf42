//! Lines per second through each stage of the pipeline, and the time from a line in a spool to its row, on
//! the disk that holds the temporary folder.
//!
//! `cargo run --release -p decnet-pipeline --example bench_ingest [LINES]`

#![expect(clippy::print_stdout, reason = "a program for people")]

use decnet_bus::Bus;
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::{
    collector::{self, Collector, Settings},
    disk::Disk,
    ingester::{self, Ingester},
    runtime::{Backoff, Host, body, supervise},
};
use decnet_store::Store;
use netsvc_wire::{Encoder, Event, Kind, WriterId, field, parse};
use std::{error::Error, fs, io::Write, time::Instant};
use tokio::sync::watch;

/// Lines of a spool segment of the usual 8 MiB, about.
const SEGMENT: u64 = 30_000;

fn main() -> Result<(), Box<dyn Error>> {
    let lines: u64 = std::env::args().nth(1).map_or(Ok(300_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("bench-ingest-{}", std::process::id()));
    let paths = Paths::new(&folder);
    fs::create_dir_all(paths.spool("bench").join("lines"))?;
    let result = run(&paths, lines);
    fs::remove_dir_all(&folder)?;
    result
}

fn run(paths: &Paths, lines: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let segments = encoded(lines)?;
    report("encode", lines, started);

    let started = Instant::now();
    let mut parsed = 0_u64;
    for line in segments.iter().flat_map(|segment| segment.split_inclusive(|&byte| byte == b'\n')) {
        parse(line)?;
        parsed += 1;
    }
    report("parse", parsed, started);

    for (index, segment) in segments.iter().enumerate() {
        let name = format!("lines/{:016x}-{index:08}.seg", 1);
        fs::write(paths.spool("bench").join(name), segment)?;
    }
    let started = Instant::now();
    let mut collector = Collector::open(paths.clone(), Settings::default(), Disk::default())?;
    let collected = collector.drain()?;
    report("collect", collected, started);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&paths.database().display().to_string()).await?;
        let mut ingester = Ingester::open(store.clone(), paths, Disk::default()).await?;
        let started = Instant::now();
        let mut ingested = 0;
        loop {
            match ingester.step().await? {
                0 => break,
                count => ingested += count as u64,
            }
        }
        ingester.checkpoint().await?;
        report("ingest", ingested, started);
        latency(paths, &store).await?;
        store.close().await;
        Ok(())
    })
}

/// Writes single lines into a spool and waits for the message that each is a row.
async fn latency(paths: &Paths, store: &Store) -> Result<(), Box<dyn Error>> {
    let bus = Bus::local();
    let mut ingested = bus.subscribe("log.ingested".parse()?);
    let again = store.clone();
    let workers = vec![
        (Worker::Collector, body(|context| collector::run(context, Settings::default()))),
        (Worker::Ingester, body(move |context| ingester::run(context, again.clone()))),
    ];
    let stop = watch::Sender::new(false);
    let host = Host { paths: paths.clone(), bus };
    let running = tokio::spawn(supervise(host, workers, Backoff::default(), stop.subscribe()));
    let path = paths.spool("bench").join(format!("lines/{:016x}-{:08}.seg", 2, 0));
    let mut segment = fs::OpenOptions::new().create(true).append(true).open(path)?;
    let lines = encoded_by(2, 101)?.concat();
    let mut times = Vec::new();
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let started = Instant::now();
        segment.write_all(line)?;
        ingested.next().await;
        times.push(started.elapsed());
    }
    stop.send_replace(true);
    running.await?;
    // The first one waits for the workers to start.
    times.remove(0);
    times.sort_unstable();
    let at = |percent: usize| times.get(percent).copied().unwrap_or_default();
    println!("line to row: median {:?}, 95 % {:?}, longest {:?}", at(50), at(95), at(99));
    Ok(())
}

/// Lines as an SSH brute force makes them.
fn encoded(lines: u64) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    encoded_by(1, lines)
}

fn encoded_by(writer: u64, lines: u64) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut encoder = Encoder::new("ev@32473".parse().map_err(|_| "SD-ID")?, WriterId(writer));
    let mut segments = vec![Vec::new()];
    for number in 0..lines {
        if number > 0 && number % SEGMENT == 0 {
            segments.push(Vec::new());
        }
        let kind = if number % 3 == 0 { Kind::Connect } else { Kind::AuthAttempt };
        let at = 1_764_000_000_000_000 + i64::try_from(number)?;
        let event = Event::new(
            at,
            format!("web-{:02}", number % 50).parse().map_err(|_| "node")?,
            "ssh".parse().map_err(|_| "app")?,
            kind,
        )
        .with(field::SRC_IP, format!("192.0.2.{}", number % 200 + 1))
        .with(field::SRC_PORT, (1024 + number % 60_000).to_string())
        .with(field::DST_PORT, "22")
        .with(field::SESSION, format!("{:016x}", number / 5))
        .with(field::PRINCIPAL, "root")
        .with(field::SECRET_KIND, "plaintext")
        .with(field::SECRET_PRINTABLE, format!("hunter{}", number % 1000))
        .with(field::OUTCOME, "rejected");
        let segment = segments.last_mut().ok_or("no segment")?;
        encoder.encode(&event, segment)?;
    }
    Ok(segments)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn report(stage: &str, lines: u64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!("{stage:<8} {lines:>9} lines {seconds:>8.3} s {:>11.0} lines/s", lines as f64 / seconds);
}
