//! The worker list: the only place that knows a worker's name, role, order and wake-up.
//!
//! Heartbeat name = registry key = unit name = verb. The top crate binds the bodies with a match
//! over [`Worker`], so a worker without a body does not compile.

mod action;
mod named;
mod process;

pub use action::{Action, UnknownAction};
pub use named::UnknownWorker;
pub use process::{Grants, Place, Process};

use process::LOCAL;
use std::time::Duration;

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

/// What a host is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// It keeps what is recorded and answers operators.
    Master,
    /// It carries deckies for a master.
    Agent,
    /// Both.
    Both,
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
    /// The process that it lives in, whose grants are the worker's.
    pub process: Process,
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
        process: Process::House,
    }
    /// Keep the fleet as it is wanted, through netd
    Fleet = "fleet" {
        role: Role::Either,
        after: &[Worker::Bus],
        wake: Wake { topics: &["fleet.>"], tick: Duration::from_secs(2) },
        alias: None,
        process: Process::Keeper,
    }
    /// Read the spools of service processes into the event log
    Collector = "collector" {
        role: Role::Either,
        after: &[Worker::Bus],
        wake: Wake { topics: &[], tick: Duration::from_millis(250) },
        alias: Some("collect"),
        process: Process::House,
    }
    /// Read the event log into the store
    Ingester = "ingester" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &["log.appended"], tick: Duration::from_millis(500) },
        alias: Some("ingest"),
        process: Process::House,
    }
    /// Join events to attackers, sessions and traversals
    Correlator = "correlator" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Ingester],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::House,
    }
    /// Say what each attacker is like: behaviour, phases, tools, risk
    Profiler = "profiler" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Ingester],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(2) },
        alias: None,
        process: Process::House,
    }
    /// Find secrets that were offered more than once
    ReuseCorrelator = "reuse-correlator" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Ingester],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(2) },
        alias: Some("reuse-correlate"),
        process: Process::House,
    }
    /// Join addresses that are one actor to identities
    Clusterer = "clusterer" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Profiler],
        wake: Wake { topics: &["attacker.scored"], tick: Duration::from_secs(2) },
        alias: None,
        process: Process::House,
    }
    /// Join identities that work together to campaigns
    CampaignClusterer = "campaign-clusterer" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Clusterer],
        wake: Wake { topics: &["identity.changed"], tick: Duration::from_secs(2) },
        alias: None,
        process: Process::House,
    }
    /// Say whose addresses of attackers are, by local files and by providers that are configured
    Enricher = "enricher" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Correlator],
        wake: Wake { topics: &["attacker.observed"], tick: Duration::from_secs(5) },
        alias: None,
        process: Process::House,
    }
    /// Tell people and programs of incidents
    Alerter = "alerter" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Correlator],
        wake: Wake { topics: &["incident.changed"], tick: Duration::from_secs(2) },
        alias: Some("webhook"),
        process: Process::House,
    }
    /// Answer those who have taken a canary along, and notice when one is used
    Canary = "canary" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Ingester],
        wake: Wake { topics: &["log.ingested", "canary.changed"], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Canary,
    }
    /// Say what packets tell of those who send them: systems, clients, clocks
    Sniffer = "sniffer" {
        role: Role::Either,
        after: &[Worker::Bus, Worker::Fleet],
        wake: Wake { topics: &["fleet.>"], tick: Duration::from_secs(2) },
        alias: None,
        process: Process::Sniffer,
    }
    /// Ask attackers what they are, where that is allowed
    Prober = "prober" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Correlator],
        wake: Wake { topics: &["attacker.observed"], tick: Duration::from_secs(5) },
        alias: None,
        process: Process::Prober,
    }
    /// Change deckies when it is time, as machines change that are looked after
    Mutator = "mutator" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Fleet],
        wake: Wake { topics: &[], tick: Duration::from_secs(15) },
        alias: None,
        process: Process::House,
    }
    /// Write what the people of the fleet's domains write to each other
    Emailgen = "emailgen" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Fleet],
        wake: Wake { topics: &["decky.*.state"], tick: Duration::from_secs(20) },
        alias: None,
        process: Process::House,
    }
    /// Write down what is done on deckies day after day, of their own accord
    Orchestrator = "orchestrator" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Fleet],
        wake: Wake { topics: &["decky.*.state"], tick: Duration::from_secs(20) },
        alias: Some("orchestrate"),
        process: Process::House,
    }
    /// Tell agents what is wanted of them, and hear how they stand
    Swarmctl = "swarmctl" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &[], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Swarm,
    }
    /// Take in what agents have recorded (RFC 5425)
    Listener = "listener" {
        role: Role::Master,
        after: &[Worker::Bus, Worker::Collector],
        wake: Wake { topics: &[], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Swarm,
    }
    /// Hear from the master what is wanted here, and tell it how things stand
    Link = "link" {
        role: Role::Agent,
        after: &[Worker::Bus, Worker::Fleet],
        wake: Wake { topics: &[], tick: Duration::from_secs(10) },
        alias: None,
        process: Process::Swarm,
    }
    /// Send what was recorded here to the master (RFC 5425)
    Forwarder = "forwarder" {
        role: Role::Agent,
        after: &[Worker::Bus, Worker::Collector],
        wake: Wake { topics: &[], tick: Duration::from_millis(200) },
        alias: None,
        process: Process::Swarm,
    }
    /// Install releases that the master hands on and the operator has signed
    Updater = "updater" {
        role: Role::Agent,
        after: &[Worker::Bus],
        wake: Wake { topics: &[], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Keeper,
    }
    /// Do what operators ask for through the interface
    Operator = "operator" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &[], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Keeper,
    }
    /// Serve the REST interface and the event stream
    Api = "api" {
        role: Role::Master,
        after: &[Worker::Bus],
        wake: Wake { topics: &["log.ingested"], tick: Duration::from_secs(1) },
        alias: None,
        process: Process::Api,
    }
    /// Serve the dashboard, and hand its requests on to the interface
    Web = "web" {
        role: Role::Master,
        after: &[],
        wake: Wake { topics: &[], tick: Duration::from_secs(10) },
        alias: None,
        process: Process::Api,
    }
}

impl Worker {
    /// Those of the workers that run on a host of `role`, so that each comes after those it needs.
    pub fn on(role: Role) -> Vec<Worker> {
        let here = |worker: &Worker| [role, Role::Either].contains(&worker.spec().role);
        Worker::start_order().into_iter().filter(here).collect()
    }

    /// What the worker may do where it runs by itself: no more than its process.
    pub fn grants(self) -> Grants {
        let grants = self.spec().process.grants();
        match self {
            Worker::Bus | Worker::Collector | Worker::Updater => Grants { families: LOCAL, ..grants },
            _ => grants,
        }
    }

    /// Whether a host with these duties runs it.
    pub fn is_for(self, duty: Duty) -> bool {
        match (self.spec().role, duty) {
            (Role::Either, _) | (_, Duty::Both) => true,
            (role, Duty::Master) => role == Role::Master,
            (role, Duty::Agent) => role == Role::Agent,
        }
    }

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
mod tests;
