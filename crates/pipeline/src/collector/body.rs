//! The collector as a worker.

use super::{CollectError, Collector, Progress, Settings, watch::Watch};
use crate::{
    disk::Disk,
    eventlog::Position,
    runtime::{Running, WorkerContext, chain},
};
use decnet_bus::Subject;
use serde_json::json;
use std::time::{Duration, Instant};

/// Time in which changes gather before they are read: one wake-up for a burst of lines.
const GATHER: Duration = Duration::from_millis(5);

/// Time between two tries on a disk that refuses.
const RETRY: Duration = Duration::from_secs(1);
/// Tries between two words about it.
const SILENT: u32 = 60;

/// Collects until the worker is told to stop, then reads what is left, syncs and leaves a checkpoint. While
/// the disk refuses, for want of room above all, it tries again every second and says so in its status.
///
/// # Errors
/// [`CollectError`]; the collector can be started again and goes on where the log ends.
pub fn run(context: WorkerContext, settings: Settings) -> Running<CollectError> {
    Box::pin(work(context, settings))
}

async fn work(mut context: WorkerContext, settings: Settings) -> Result<(), CollectError> {
    let mut refusals = 0;
    loop {
        let error = match collect(&mut context, &settings, &mut refusals).await {
            Err(error) if error.is_of_disk() && !context.is_stopping() => error,
            ended => return ended,
        };
        let cause = chain(&error);
        if refusals % SILENT == 0 {
            tracing::error!(error = cause, "the disk refuses what was recorded; spools keep it meanwhile");
        }
        refusals += 1;
        context.status.set_trouble(Some(cause));
        tokio::select! {
            () = context.stopped() => {}
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// Collects until the worker is told to stop or something fails.
async fn collect(
    context: &mut WorkerContext,
    settings: &Settings,
    refusals: &mut u32,
) -> Result<(), CollectError> {
    let (paths, own) = (context.paths.clone(), settings.clone());
    let tick = context.worker.spec().wake.tick;
    let mut watch = Watch::new()?;
    let mut collector = background(move || Collector::open(paths, own, Disk::default())).await??;
    loop {
        let stopping = context.is_stopping();
        watch.look(&context.paths.spools());
        let (back, result) = background(move || {
            let result = collector.pass(Instant::now());
            (collector, result)
        })
        .await?;
        collector = back;
        let progress = result?;
        announce(context, &progress);
        let counters = collector.counters();
        let stalled = "the event log is over its budget and not ingested: spools wait".to_owned();
        *refusals = 0;
        context.status.set_trouble(Some(stalled).filter(|_| counters.stalled));
        context.status.report(&counters);
        if progress.more {
            continue;
        }
        if stopping {
            return background(move || collector.close()).await?;
        }
        tokio::select! {
            () = context.stopped() => {}
            () = tokio::time::sleep(tick) => {}
            () = watch.changed() => tokio::time::sleep(GATHER).await,
        }
    }
}

/// One message for all lines of a pass.
fn announce(context: &WorkerContext, progress: &Progress) {
    if progress.lines == 0 {
        return;
    }
    let Position { segment, offset } = progress.end;
    let payload = json!({ "lines": progress.lines, "segment": segment, "offset": offset });
    context.bus.publish(&Subject::LogAppended.topic(), &payload);
}

/// Runs what waits for the disk where it holds nobody up.
async fn background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CollectError> {
    tokio::task::spawn_blocking(work).await.map_err(CollectError::Background)
}
