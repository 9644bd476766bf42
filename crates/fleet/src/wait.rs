//! What became of a fleet that was asked for.

use crate::{
    Config,
    error::{Error, stored},
    intent, supervisor,
};
use decnet_model::{
    fleet::DeckyName,
    record::{DeckyActual, DeckyDesired},
};
use decnet_store::Store;
use netsvc_persona::Persona;
use std::time::{Duration, Instant};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until every decky of `wanted` in number runs, at most until `patience` is over; `progress` hears
/// how many do.
///
/// # Errors
/// [`Error::NotUp`] names those that failed.
pub async fn up(
    config: &Config,
    store: &Store,
    wanted: usize,
    patience: Duration,
    progress: impl Fn(usize),
) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let rows = store.decky_list().await.map_err(stored("read the deckies"))?;
        let asked = || rows.iter().filter(|row| row.desired == DeckyDesired::Running);
        let running = asked().filter(|row| row.actual.is_up()).count();
        let failed = asked().filter(|row| row.actual == DeckyActual::Failed);
        let failed: Vec<_> = failed.map(|row| (row.name.clone(), row.reason.clone())).collect();
        progress(running);
        if running == wanted {
            return Ok(());
        }
        if running + failed.len() == wanted || patience < begun.elapsed() {
            let log = config.paths.messages();
            return Err(Error::NotUp { running, wanted, failed, log });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until no decky of `ours` runs any more; `progress` hears how many still do.
///
/// # Errors
/// [`Error::NotGone`] when `patience` is over.
pub async fn gone(
    store: &Store,
    ours: impl Fn(&str) -> bool,
    patience: Duration,
    progress: impl Fn(usize),
) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let rows = store.decky_list().await.map_err(stored("read the deckies"))?;
        let left = rows.iter().filter(|row| ours(&row.name) && row.actual.is_up()).count();
        progress(left);
        if left == 0 {
            return Ok(());
        }
        if patience < begun.elapsed() {
            return Err(Error::NotGone { left, after: patience });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until `decky` has a persona of a later generation than `old`; `None`: nobody works on it.
///
/// # Errors
/// [`Error::OldPersona`] when `patience` is over.
pub async fn persona(
    config: &Config,
    store: &Store,
    decky: &DeckyName,
    old: u32,
    patience: Duration,
) -> Result<Option<Persona>, Error> {
    let begun = Instant::now();
    let works = supervisor::running(&config.paths).is_some();
    loop {
        let now = intent::persona(store, decky).await?.filter(|now| old < now.generation);
        if now.is_some() || !works {
            return Ok(now);
        }
        if patience < begun.elapsed() {
            return Err(Error::OldPersona(decky.clone()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
