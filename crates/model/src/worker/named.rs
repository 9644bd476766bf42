//! A worker by its name, or by its other one.

use super::Worker;
use std::str::FromStr;

/// No worker has this name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no worker is called {0:?}")]
pub struct UnknownWorker(pub String);

impl FromStr for Worker {
    type Err = UnknownWorker;
    fn from_str(name: &str) -> Result<Self, UnknownWorker> {
        Worker::ALL
            .iter()
            .copied()
            .find(|worker| worker.name() == name || worker.spec().alias == Some(name))
            .ok_or_else(|| UnknownWorker(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_has_one_name_and_perhaps_another_and_no_two_share_one() {
        for (name, worker) in
            [("alerter", Worker::Alerter), ("webhook", Worker::Alerter), ("collect", Worker::Collector)]
        {
            assert_eq!(name.parse(), Ok(worker));
        }
        assert_eq!("webhok".parse::<Worker>(), Err(UnknownWorker("webhok".to_owned())));
        let names = Worker::ALL.iter().map(|worker| worker.name());
        let mut all: Vec<&str> =
            names.chain(Worker::ALL.iter().filter_map(|worker| worker.spec().alias)).collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
    }
}
