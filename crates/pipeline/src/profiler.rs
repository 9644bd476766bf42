//! The workers that fold events: the profiler and the correlator of reused secrets.

use crate::{
    fold::{Fold, FoldError, Folder, Profiles, Secrets},
    runtime::{Pass, Running, Work, WorkerContext, run_passes},
};
use decnet_bus::Subject;
use decnet_store::Store;
use serde_json::json;
use std::time::Duration;

/// Pause after each batch, so that the ingester gets its turn at the store.
const PAUSE: Duration = Duration::from_millis(100);

/// A fold, and whom it wakes.
struct Folding<F: Fold> {
    folder: Folder<F>,
    tells: Subject,
}

/// Says what attackers are like until the worker is told to stop, then what is left.
///
/// # Errors
/// [`FoldError`]; the worker can be started again and goes on at its cursor.
pub fn run(context: WorkerContext, store: Store) -> Running<FoldError> {
    Box::pin(work(context, store))
}

async fn work(context: WorkerContext, store: Store) -> Result<(), FoldError> {
    let mut folding =
        Folding::<Profiles> { folder: Folder::open(store).await?, tells: Subject::AttackerScored };
    run_passes(context, &mut folding).await
}

/// Finds secrets that come again until the worker is told to stop, then what is left.
///
/// # Errors
/// [`FoldError`]; the worker can be started again and goes on at its cursor.
pub fn run_reuse(context: WorkerContext, store: Store) -> Running<FoldError> {
    Box::pin(work_on_reuse(context, store))
}

async fn work_on_reuse(context: WorkerContext, store: Store) -> Result<(), FoldError> {
    let mut folding =
        Folding::<Secrets> { folder: Folder::open(store).await?, tells: Subject::CredentialReused };
    run_passes(context, &mut folding).await
}

impl<F: Fold> Pass for Folding<F> {
    type Error = FoldError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, FoldError> {
        let before = self.folder.counters().updates;
        let events = self.folder.step().await?;
        let counters = self.folder.counters();
        context.status.report(&counters);
        if events == 0 {
            return Ok(Work::Done);
        }
        if before < counters.updates {
            let payload = json!({ "updates": counters.updates - before, "cursor": counters.cursor });
            context.bus.publish(&self.tells.topic(), &payload);
        }
        if !context.is_stopping() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Work::More)
    }
}
