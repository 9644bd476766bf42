//! `hold`: does nothing until it is told to end. The network namespace of its container lives as long.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Runs until it is told to end.
///
/// # Errors
/// When signals cannot be waited for.
pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    runtime.block_on(told_to_end()?);
    Ok(())
}

/// Asks for SIGTERM and SIGINT, without which the first process of a container gets neither, and gives what waits for
/// one of them. Called in a runtime.
///
/// # Errors
/// When signals cannot be waited for.
pub(crate) fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
