//! Ending a deployment in whatever state it is: running, hanging, or dead already.

use super::{
    client::{ClientError, NetdClient},
    record::{self, Record},
};
use nix::sys::signal::Signal;
use std::{io, path::Path, time::Duration};
use tokio::time::{Instant, sleep, timeout};

/// Time that a killed process gets to be gone.
const DEATH_LIMIT: Duration = Duration::from_secs(10);

/// Ends `netd` and its processes and removes its run files. One that does not stop within `limit` is
/// killed. Spools and everything else below the root stay: they are evidence. Doing it twice is no error.
///
/// # Errors
/// [`ClientError::Clear`] when the run folder cannot be cleared.
pub async fn teardown(client: &NetdClient, run: &Path, limit: Duration) -> Result<(), ClientError> {
    let stopped = timeout(limit, client.stop()).await;
    if !matches!(stopped, Ok(Ok(()))) {
        // A socket without anybody behind it is the usual case; a process that hangs is recorded.
        record::processes(run).iter().for_each(|process| process.signal(Signal::SIGKILL));
    }
    take(run).await.map_err(ClientError::Clear)?;
    match std::fs::remove_file(client.socket()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ClientError::Clear(error)),
        _ => Ok(()),
    }
}

/// Takes the record, which ends what is left, and drops it, which removes its files. A process that was
/// killed holds it for a moment longer.
async fn take(run: &Path) -> io::Result<()> {
    let end = Instant::now() + DEATH_LIMIT;
    loop {
        match Record::take(run) {
            Ok(record) => {
                drop(record);
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && Instant::now() < end => {
                sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
