//! Workers that wake, do all the work there is, and sleep.

use super::WorkerContext;
use decnet_bus::{Inbox, Pattern};
use std::future::Future;

/// What a pass left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing: sleep until the next message or tick.
    Done,
    /// More than one pass may do: come again at once.
    More,
}

/// One pass of a worker. Running it twice changes nothing.
pub trait Pass: Send {
    /// Why a pass fails; the worker is then started anew.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Does a bounded amount of the work there is.
    fn run(&mut self, context: &WorkerContext) -> impl Future<Output = Result<Work, Self::Error>> + Send;
}

/// Runs passes until the worker is to stop; then once more for each until no work is left, so that what
/// came before the stop is done.
///
/// # Errors
/// That of the pass that failed.
pub async fn run_passes<P: Pass>(mut context: WorkerContext, pass: &mut P) -> Result<(), P::Error> {
    let wake = context.worker.spec().wake;
    let mut inboxes = subscribe(&context, wake.topics);
    loop {
        let stopping = context.is_stopping();
        inboxes.iter_mut().for_each(Inbox::clear);
        if pass.run(&context).await? == Work::More {
            continue;
        }
        if stopping {
            return Ok(());
        }
        tokio::select! {
            () = context.stopped() => {}
            () = tokio::time::sleep(wake.tick) => {}
            () = any(&mut inboxes) => {}
        }
    }
}

fn subscribe(context: &WorkerContext, topics: &[&str]) -> Vec<Inbox> {
    let mut inboxes = Vec::new();
    for topic in topics {
        match topic.parse::<Pattern>() {
            Ok(pattern) => inboxes.push(context.bus.subscribe(pattern)),
            Err(error) => tracing::error!(%error, "wake-up pattern of a worker is wrong, the tick remains"),
        }
    }
    inboxes
}

/// Waits for a message in any inbox; an inbox that has ended never wakes.
async fn any(inboxes: &mut [Inbox]) {
    let mut waits: Vec<_> = inboxes.iter_mut().map(|inbox| Box::pin(inbox.next())).collect();
    std::future::poll_fn(|task| {
        let ready = waits
            .iter_mut()
            .any(|wait| matches!(Future::poll(wait.as_mut(), task), std::task::Poll::Ready(Some(_))));
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
