//! The options of the workers that serve people: they go before the settings that they are.

use crate::settings::{Layer, Name, Origin};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use decnet_model::worker::Worker;
use std::path::PathBuf;

/// Options of the worker `bus`.
#[derive(Args, Debug)]
struct Bus {
    /// Socket to serve
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Group whose members may connect, by name or number
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Seconds between two heartbeats
    #[arg(long, value_name = "SECONDS")]
    heartbeat: Option<String>,
}

/// Options of the worker `api`.
#[derive(Args, Debug)]
struct Api {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Threads that answer requests
    #[arg(long, value_name = "COUNT")]
    workers: Option<String>,
}

/// Options of the worker `web`.
#[derive(Args, Debug)]
struct Web {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on
    #[arg(long, alias = "port", value_name = "PORT")]
    web_port: Option<String>,
    /// Name or address of the API
    #[arg(long, value_name = "HOST")]
    api_host: Option<String>,
    /// Port of the API
    #[arg(long, value_name = "PORT")]
    api_port: Option<String>,
}

/// Options of the controller of a swarm.
#[derive(Args, Debug)]
pub struct Controller {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Port to listen on
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
}

/// Options of the worker `listener`.
#[derive(Args, Debug)]
struct Listener {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
}

/// Options of the worker `forwarder`.
#[derive(Args, Debug)]
struct Forwarder {
    /// Name or address of the master, in place of that which was joined
    #[arg(long, value_name = "HOST")]
    master_host: Option<String>,
}

/// Adds the options of `worker` to its verb.
pub fn with_options(worker: Worker, verb: Command) -> Command {
    match worker {
        Worker::Bus => Bus::augment_args(verb),
        Worker::Api => Api::augment_args(verb),
        Worker::Web => Web::augment_args(verb),
        Worker::Listener => Listener::augment_args(verb),
        Worker::Forwarder => Forwarder::augment_args(verb),
        _ => verb,
    }
}

/// The settings that the options of `worker` are.
pub fn settings(worker: Worker, given: &ArgMatches) -> Layer {
    match worker {
        Worker::Bus => Bus::from_arg_matches(given).map(Bus::settings),
        Worker::Api => Api::from_arg_matches(given).map(Api::settings),
        Worker::Web => Web::from_arg_matches(given).map(Web::settings),
        Worker::Swarmctl => Controller::from_arg_matches(given).map(Controller::settings),
        Worker::Listener => Listener::from_arg_matches(given).map(Listener::settings),
        Worker::Forwarder => Forwarder::from_arg_matches(given).map(Forwarder::settings),
        _ => return Layer::new(),
    }
    .unwrap_or_default()
}

impl Bus {
    fn settings(self) -> Layer {
        let socket = self.socket.map(|path| path.display().to_string());
        layer([
            (Name::BusSocket, socket, "socket"),
            (Name::BusGroup, self.group, "group"),
            (Name::BusHeartbeat, self.heartbeat, "heartbeat"),
        ])
    }
}

impl Api {
    fn settings(self) -> Layer {
        layer([
            (Name::ApiHost, self.host, "host"),
            (Name::ApiPort, self.port, "port"),
            (Name::ApiWorkers, self.workers, "workers"),
        ])
    }
}

impl Web {
    fn settings(self) -> Layer {
        layer([
            (Name::WebHost, self.host, "host"),
            (Name::WebPort, self.web_port, "web-port"),
            (Name::ApiHost, self.api_host, "api-host"),
            (Name::ApiPort, self.api_port, "api-port"),
        ])
    }
}

impl Controller {
    fn settings(self) -> Layer {
        layer([(Name::SwarmctlHost, self.host, "host"), (Name::SwarmctlPort, self.port, "port")])
    }
}

impl Listener {
    fn settings(self) -> Layer {
        layer([(Name::ListenerHost, self.host, "host"), (Name::SwarmSyslogPort, self.port, "port")])
    }
}

impl Forwarder {
    fn settings(self) -> Layer {
        layer([(Name::SwarmMasterHost, self.master_host, "master-host")])
    }
}

fn layer<const N: usize>(given: [(Name, Option<String>, &'static str); N]) -> Layer {
    let value = |(name, text, flag): (Name, Option<String>, &'static str)| {
        Some((name.knob().variable.to_owned(), text?, Origin::Flag(flag)))
    };
    given.into_iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli, settings::Settings};

    #[test]
    fn options_of_workers_are_settings() {
        for (line, name, value) in [
            ("swarmctl --host 192.0.2.1 --no-listener", Name::SwarmctlHost, "192.0.2.1"),
            ("swarmctl --port 9770", Name::SwarmctlPort, "9770"),
            ("listener --host 192.0.2.1", Name::ListenerHost, "192.0.2.1"),
            ("listener --port 6515 --daemon", Name::SwarmSyslogPort, "6515"),
            ("forwarder --master-host m.example", Name::SwarmMasterHost, "m.example"),
            ("api --port 8001", Name::ApiPort, "8001"),
            ("web --port 8081", Name::WebPort, "8081"),
            ("bus --socket /run/b.sock", Name::BusSocket, "/run/b.sock"),
        ] {
            let words = ["decnet"].into_iter().chain(line.split(' '));
            let matches = cli::command().try_get_matches_from(words).unwrap();
            let (verb, inner) = matches.subcommand().unwrap();
            let layer = settings(verb.parse().unwrap(), inner);
            let settings = Settings::resolve(&[layer]).unwrap();
            assert_eq!(settings.text(name), value, "{line}");
            assert!(settings.origin(name).to_string().starts_with("--"), "{line}");
        }
    }
}
