//! Updates of this host: a release that its operator has signed comes beside the one that runs, is started in its place
//! by one link, and has to prove itself; otherwise everything goes back.
//!
//! [`slots`] is the folder of releases, [`launch`] how a program goes on as one of them,
//! [`own`] which one a process is, [`staging`] what a release has
//! to be before anything changes, [`judge`] the process of the release before that watches over the new one,
//! [`ground`] what that does to this host, and [`keeping`] what it can put back. The steps are
//! [`decnet_swarm::update::machine`]'s.

mod ground;
mod judge;
mod keeping;
mod launch;
mod own;
mod slots;
mod staging;

pub(crate) use judge::{JUDGE, begin, main as judge_main};
pub(crate) use launch::enter;
pub use own::version;
pub use slots::Slots;
pub(crate) use staging::target;

use crate::commands::Context;
use anyhow::Result;
use decnet_model::worker::Worker;
use decnet_pipeline::runtime::WorkerContext;
use decnet_swarm::update::Shelf;
use std::time::{Duration, Instant};

/// Time between two attempts to have an update brought to its end.
const PAUSE: Duration = Duration::from_secs(10);

/// Runs the worker until it is told to stop: it has installed what the link has fetched. It only looks; the work is
/// done by a process of its own, which outlives this one.
///
/// # Errors
/// When that process cannot be started.
pub(crate) async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let (slots, shelf) = (Slots::new(&worker.paths), Shelf::new(&worker.paths));
    let tick = Worker::Updater.spec().wake.tick;
    let mut begun: Option<Instant> = None;
    // The power may have been lost before it was.
    slots.show();
    loop {
        worker.status.report(&serde_json::json!({ "release": version() }));
        let ordered = shelf.ordered();
        let new = ordered.is_some_and(|order| slots.told().is_none_or(|told| told.id != order.id));
        if (new || slots.noted().is_some()) && begun.is_none_or(|at| PAUSE <= at.elapsed()) {
            begun = Some(Instant::now());
            begin(context.settings())?;
        }
        tokio::select! {
            () = tokio::time::sleep(tick) => {}
            () = worker.stopped() => return Ok(()),
        }
    }
}
