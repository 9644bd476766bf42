//! What systemd is told of a unit of ours (`Type=notify`): that its workers run, how they do, and, for its watchdog,
//! that none of them hangs.

use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::runtime::Note;
use netsvc_wire::stamp::now;
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether the workers run.
const LOOK: Duration = Duration::from_millis(100);
/// Time between two reports where there is no watchdog.
const QUIET: Duration = Duration::from_secs(20);

/// Tells of `workers` until `stop` is true; nothing where nobody listens.
pub(crate) fn begin(paths: Paths, workers: Vec<Worker>, stop: watch::Receiver<bool>) {
    if std::env::var_os("NOTIFY_SOCKET").is_some() {
        tokio::spawn(tell(paths, workers, stop));
    }
}

async fn tell(paths: Paths, workers: Vec<Worker>, mut stop: watch::Receiver<bool>) {
    let begun = now();
    let mut microseconds = 0;
    let watched = sd_notify::watchdog_enabled(false, &mut microseconds);
    let period = if watched { Duration::from_micros(microseconds / 3) } else { QUIET };
    let mut ready = false;
    loop {
        let notes: Vec<Option<Note>> = workers.iter().map(|&worker| Note::noted(&paths, worker)).collect();
        let fresh = |note: &Option<Note>| note.as_ref().is_some_and(|note| begun <= note.at);
        if !ready && notes.iter().all(fresh) {
            ready = true;
            say(&[NotifyState::Ready]);
        }
        if ready {
            say(&[NotifyState::Status(&standing(&notes))]);
            // A worker that was stopped has no note, and a failing one is started again: neither hangs.
            if !notes.iter().flatten().any(|note| note.is_stale(now())) {
                say(&[NotifyState::Watchdog]);
            }
        }
        let ended = async { stop.wait_for(|stop| *stop).await.is_ok() };
        tokio::select! {
            () = tokio::time::sleep(if ready { period } else { LOOK }) => {}
            _ = ended => return say(&[NotifyState::Stopping]),
        }
    }
}

/// A line for `systemctl status`.
fn standing(notes: &[Option<Note>]) -> String {
    let bad = notes.iter().flatten().filter(|note| note.is_bad(now()));
    let words = |note: &Note| {
        let why = note.report.trouble.as_ref().or(note.report.last_error.as_ref());
        // A message of the protocol is a line.
        format!("{}: {}", note.worker, why.map_or("hangs", String::as_str)).replace(['\n', '\r'], " ")
    };
    let bad: Vec<String> = bad.map(words).collect();
    if bad.is_empty() { "all is well".to_owned() } else { bad.join("; ") }
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
