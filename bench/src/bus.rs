//! The bus over its socket: broker, publisher and every subscriber in a process of its own.

use crate::{
    baseline,
    child::{self, Helper},
    pipeline::{at, micros, rate},
    place::Place,
    table::Row,
};
use anyhow::{Context as _, Result, ensure};
use decnet_bus::{Bus, Rights, Topic};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::watch,
    time::{interval, timeout},
};

/// How many subscribers.
const SUBSCRIBERS: [usize; 2] = [1, 4];
/// Messages as fast as they are taken.
const FAST: u64 = 20_000;
/// Messages at [`PACE`], and how often; the round with the median of late ones counts.
const PACED: u64 = 1_000;
const ROUNDS: usize = 3;
/// Time between two of them: 1,000 a second.
const PACE: Duration = Duration::from_millis(1);
/// A subscriber says how far it is every so many messages; twice as many are under way at most, which
/// every queue holds.
const WINDOW: u64 = 128;
/// Longest wait for a message.
const PATIENCE: Duration = Duration::from_secs(5);
/// Fills a payload to about 150 bytes.
const FILLING: &str = "203.0.113.7 web-01 ssh auth_attempt 0123456789abcdef0123456789abcdef root hunter2";

/// What a subscriber saw.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    received: u64,
    median_us: f64,
    late_us: f64,
}

/// Measures throughput and latency.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let socket = place.folder("bus")?.join("bus.sock");
    let _broker = Helper::start(Command::new(place.own()).arg("bus-broker").arg(&socket))?;
    let mut rows = Vec::new();
    for subscribers in SUBSCRIBERS {
        let (took, _) = round(place, &socket, subscribers, FAST, false).await?;
        let name = format!("bus, {subscribers} subscriber{}", if subscribers == 1 { "" } else { "s" });
        let first = subscribers == 1;
        let note = if first { "nothing lost (of the original's 35 % were)" } else { "to each, nothing lost" };
        rows.push(
            Row::rate(format!("{name}: messages"), "1/s", took)
                .against(first.then_some(baseline::BUS_RATE))
                .note(note),
        );
        let seen = paced(place, &socket, subscribers).await?;
        let (median, late) = baseline::BUS_LATENCY;
        rows.push(
            Row::cost(format!("{name}: latency, median"), "µs", seen.median_us)
                .against(first.then_some(median))
                .note("at 1,000/s"),
        );
        rows.push(
            Row::cost(format!("{name}: latency, 99 %"), "µs", seen.late_us).against(first.then_some(late)),
        );
    }
    Ok(rows)
}

/// The middle one of several rounds at a thousand messages a second.
async fn paced(place: &Place, socket: &Path, subscribers: usize) -> Result<Seen> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(place, socket, subscribers, PACED, true).await?.1);
    }
    rounds.sort_by(|one, other| one.late_us.total_cmp(&other.late_us));
    rounds.into_iter().nth(ROUNDS / 2).context("no round")
}

/// Messages per second, and what the slowest subscriber saw.
async fn round(
    place: &Place,
    socket: &Path,
    subscribers: usize,
    count: u64,
    paced: bool,
) -> Result<(f64, Seen)> {
    let bus = Bus::unix(socket, "publisher");
    let mut progress = bus.subscribe("bench.progress".parse()?);
    timeout(PATIENCE, progress.ready()).await.context("subscribe")?;
    let mut helpers = Vec::new();
    for number in 0..subscribers {
        let mut command = Command::new(place.own());
        command.arg("bus-subscriber").arg(socket).arg(number.to_string()).arg(count.to_string());
        helpers.push(Helper::start(&mut command)?);
    }
    let topic: Topic = "bench.data".parse()?;
    let mut clock = interval(PACE);
    let mut reached = vec![0_u64; subscribers];
    let started = Instant::now();
    for number in 1..=count {
        if paced {
            clock.tick().await;
        }
        bus.publish(&topic, &json!({ "number": number, "at": now()?, "filling": FILLING }));
        while reached.iter().min().is_some_and(|slowest| slowest + 2 * WINDOW <= number) {
            let message = timeout(PATIENCE, progress.next()).await.context("wait for a subscriber")?;
            let message = message.context("the bus ended")?;
            let field = |name: &str| message.payload.get(name).and_then(serde_json::Value::as_u64);
            let who = field("who").and_then(|who| reached.get_mut(usize::try_from(who).ok()?));
            if let (Some(place), Some(number)) = (who, field("number")) {
                *place = number;
            }
        }
    }
    let mut slowest: Option<Seen> = None;
    for helper in helpers {
        let text = tokio::task::spawn_blocking(move || helper.finish()).await??;
        let seen: Seen = serde_json::from_str(&text).context("read what a subscriber saw")?;
        ensure!(seen.received == count, "a subscriber received {} of {count} messages", seen.received);
        if slowest.as_ref().is_none_or(|slowest| slowest.late_us < seen.late_us) {
            slowest = Some(seen);
        }
    }
    Ok((rate(count, started), slowest.context("no subscriber")?))
}

/// Helper process: serves the bus until the parent ends.
pub(crate) async fn broker(socket: &Path) -> Result<()> {
    let server = decnet_bus::Server::bind(socket, Rights::own())?;
    let stop = watch::Sender::new(false);
    let serving = tokio::spawn(server.run(stop.subscribe()));
    child::ready();
    tokio::task::spawn_blocking(child::until_parent_ends).await?;
    stop.send_replace(true);
    Ok(serving.await?)
}

/// Helper process: receives `count` messages and prints what it saw.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) async fn subscriber(socket: &Path, who: u64, count: u64) -> Result<()> {
    let bus = Bus::unix(socket, "subscriber");
    let mut inbox = bus.subscribe("bench.data".parse()?);
    timeout(PATIENCE, inbox.ready()).await.context("subscribe")?;
    let topic: Topic = "bench.progress".parse()?;
    child::ready();
    let mut times = Vec::new();
    while let Ok(Some(message)) = timeout(PATIENCE, inbox.next()).await {
        let field = |name: &str| message.payload.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        times.push(Duration::from_nanos(now()?.saturating_sub(field("at"))));
        let number = field("number");
        if number.is_multiple_of(WINDOW) {
            bus.publish(&topic, &json!({ "who": who, "number": number }));
        }
        if number == count {
            break;
        }
    }
    let seen = Seen {
        received: u64::try_from(times.len())?,
        median_us: micros(at(&times, 50)),
        late_us: micros(at(&times, 99)),
    };
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

/// Nanoseconds since the epoch: one clock for all processes.
fn now() -> Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?)
}
