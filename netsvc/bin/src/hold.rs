//! `hold`: does nothing until it is told to end. The network namespace of its container lives as long.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM or SIGINT; the first process of a container gets neither without asking for them.
///
/// # Errors
/// When signals cannot be waited for.
pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        Ok(())
    })
}
