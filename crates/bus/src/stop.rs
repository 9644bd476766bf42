//! The end of a task, as its owner tells of it.

use tokio::sync::watch;

/// Waits until `stop` is true or nobody is left to set it.
pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    // The value behind the result is borrowed from the channel and must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}
