//! The worker list: the only place that knows a worker's name, role, order and wake-up.
//!
//! Heartbeat name = registry key = unit name = verb. The top crate binds the bodies with a match
//! over [`Worker`], so a worker without a body does not compile.

use std::{str::FromStr, time::Duration};

/// Which hosts run a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Only the master.
    Master,
    /// Only agents.
    Agent,
    /// Both.
    Either,
}

/// When a worker's pass runs.
#[derive(Clone, Copy, Debug)]
pub struct Wake {
    /// Bus patterns that wake it.
    pub topics: &'static [&'static str],
    /// Longest sleep without a message.
    pub tick: Duration,
}

/// What is true of a worker whatever it does.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Hosts that run it.
    pub role: Role,
    /// Workers that start before it.
    pub after: &'static [Worker],
    /// When it wakes.
    pub wake: Wake,
    /// Second verb for the command line.
    pub alias: Option<&'static str>,
}

macro_rules! workers {
    ($(#[doc = $about:literal] $variant:ident = $name:literal { $($spec:tt)* })+) => {
        /// Every worker there is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Worker { $(#[doc = $about] $variant,)+ }

        impl Worker {
            /// All workers, in the order of the list.
            pub const ALL: &'static [Worker] = &[$(Worker::$variant),+];

            /// Verb, unit, heartbeat and lock name.
            pub fn name(self) -> &'static str {
                match self { $(Worker::$variant => $name,)+ }
            }

            /// One line about what it does.
            pub fn about(self) -> &'static str {
                match self { $(Worker::$variant => $about.trim_ascii(),)+ }
            }

            /// What is true of it.
            pub fn spec(self) -> Spec {
                match self { $(Worker::$variant => Spec { $($spec)* },)+ }
            }
        }
    };
}

workers! {
    /// Carry events between workers
    Bus = "bus" {
        role: Role::Either,
        after: &[],
        wake: Wake { topics: &[], tick: Duration::from_secs(10) },
        alias: None,
    }
    /// Keep the fleet as it is wanted, through netd
    Fleet = "fleet" {
        role: Role::Either,
        after: &[Worker::Bus],
        wake: Wake { topics: &["fleet.>"], tick: Duration::from_secs(30) },
        alias: None,
    }
    /// Read the spools of service processes into the event log
    Collector = "collector" {
        role: Role::Either,
        after: &[Worker::Bus],
        wake: Wake { topics: &[], tick: Duration::from_millis(250) },
        alias: Some("collect"),
    }
    /// Read the event log into the store
    Ingester = "ingester" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &["log.appended"], tick: Duration::from_millis(500) },
        alias: Some("ingest"),
    }
    /// Join events to attackers, sessions and traversals
    Correlator = "correlator" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Ingester],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(1) },
        alias: None,
    }
    /// Serve the REST interface and the event stream
    Api = "api" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(1) },
        alias: None,
    }
}

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

impl Worker {
    /// All workers so that each comes after those it needs.
    pub fn start_order() -> Vec<Worker> {
        let mut order: Vec<Worker> = Vec::new();
        // A pass over the list adds at least one worker as long as `after` has no cycle (tested).
        for _ in Worker::ALL {
            for &worker in Worker::ALL {
                let ready = worker.spec().after.iter().all(|needed| order.contains(needed));
                if ready && !order.contains(&worker) {
                    order.push(worker);
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_starts_after_what_it_needs() {
        let order = Worker::start_order();
        assert_eq!(order.len(), Worker::ALL.len());
        for (index, worker) in order.iter().enumerate() {
            assert!(worker.spec().after.iter().all(|needed| order[..index].contains(needed)));
        }
    }

    #[test]
    fn names_and_aliases_find_their_worker() {
        for &worker in Worker::ALL {
            assert_eq!(worker.name().parse(), Ok(worker));
            if let Some(alias) = worker.spec().alias {
                assert_eq!(alias.parse(), Ok(worker));
            }
        }
        assert!("decky".parse::<Worker>().is_err());
    }
}
