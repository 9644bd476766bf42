//! What carries the fleet: the loopback runtime in this process, or `netd` with the native one.

use crate::{
    Config, Error,
    error::system,
    lab, stage,
    standing::{NativeStanding, Standing},
};
use decnet_engine::{
    docker::{self, Carrier, Docker, DockerConfig},
    lab::Lab,
    loopback::{self, Loopback, LoopbackConfig},
    native::{self, Native, NetdClient, NetdConfig, spawn_netd},
    plan::Backend,
};
use decnet_model::{
    fleet::{Fleet, Network},
    paths::Paths,
    runtime::Runtime,
};
use nix::unistd::geteuid;
use std::{path::Path, process::Child, time::Duration};
use tokio::{sync::watch, time::timeout};

/// Time that a `netd` of an earlier run gets to end by itself, and one of ours to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// What [`Running::standing`] attempts.
const LOOK: &str = "look at the runtime";

/// A runtime that was started for a fleet.
pub(super) struct Running {
    place: Place,
    kind: Kind,
}

enum Kind {
    Loopback(Box<Loopback>),
    Native(Netd),
    Docker(Box<Docker>),
}

/// What a runtime cannot change without being started anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    runtime: Runtime,
    interface: Option<String>,
    lab: bool,
    /// Of containers, the network that they are on.
    network: Option<Network>,
    /// Of containers, whether they are said to share the MAC of the interface.
    ipvlan: Option<bool>,
}

struct Netd {
    backend: Native,
    pid: u32,
    /// The process that holds the lab's namespaces.
    holder: Option<u32>,
    /// True once the process has ended; never for one that an earlier run left us.
    ended: watch::Receiver<bool>,
}

impl Place {
    fn of(fleet: &Fleet) -> Self {
        let (native, docker) = (fleet.runtime == Runtime::Native, fleet.runtime == Runtime::Docker);
        Place {
            runtime: fleet.runtime,
            // The lab knows its own.
            interface: fleet.network.interface.clone().filter(|_| docker || (native && !fleet.lab)),
            lab: fleet.lab && native,
            network: Some(fleet.network.clone()).filter(|_| docker),
            ipvlan: fleet.ipvlan.filter(|_| docker),
        }
    }
}

impl Running {
    /// Starts the runtime that `fleet` needs, with the lab if it stands in it.
    pub(super) async fn start(config: &Config, fleet: &Fleet) -> Result<Self, Error> {
        let place = Place::of(fleet);
        let kind = match place.runtime {
            Runtime::Native => Kind::Native(start_native(config, fleet, &place).await?),
            Runtime::Loopback => Kind::Loopback(Box::new(start_loopback(config).await?)),
            Runtime::Docker => Kind::Docker(Box::new(start_docker(config, fleet).await?)),
        };
        Ok(Running { place, kind })
    }

    /// Takes up what of `fleet` says how it is made, and not what it is.
    pub(super) fn heed(&self, fleet: &Fleet) {
        if let Kind::Docker(docker) = &self.kind {
            docker.set_at_once(fleet.parallel);
        }
    }

    pub(super) fn fits(&self, fleet: &Fleet) -> bool {
        self.place == Place::of(fleet)
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        match &self.kind {
            Kind::Loopback(loopback) => loopback.as_ref(),
            Kind::Native(netd) => &netd.backend,
            Kind::Docker(docker) => docker.as_ref(),
        }
    }

    /// Ends when the runtime is seen to be gone; never for one that cannot go by itself.
    pub(super) async fn ended(&self) {
        match &self.kind {
            Kind::Native(netd) => {
                let mut ended = netd.ended.clone();
                if ended.wait_for(|ended| *ended).await.is_ok() {
                    return;
                }
            }
            Kind::Loopback(_) | Kind::Docker(_) => {}
        }
        std::future::pending().await
    }

    /// Why the runtime no longer carries anything, if so.
    pub(super) async fn lost(&self, paths: &Paths) -> Option<&'static str> {
        let Kind::Native(netd) = &self.kind else { return None };
        if netd.holder.is_some() && Lab::find(&paths.run()).map(|lab| lab.state().holder()) != netd.holder {
            return Some("the lab has ended");
        }
        let answer = timeout(LIMIT, netd.backend.client().status()).await;
        let there = matches!(&answer, Ok(Ok(status)) if status.pid == netd.pid);
        (*netd.ended.borrow() || !there).then_some("netd has ended")
    }

    /// Whether what is to answer at deckies is there; while it is started again it is not. `None`: nobody can say.
    pub(super) async fn serves(&self) -> Option<bool> {
        match &self.kind {
            // Each decky has processes of its own.
            Kind::Docker(_) => None,
            Kind::Loopback(loopback) => Some(loopback.status().await.ok()?.pid.is_some()),
            Kind::Native(netd) => {
                let status = timeout(LIMIT, netd.backend.client().status()).await.ok()?.ok()?;
                let up =
                    |verb: &str| status.processes.iter().any(|one| one.verb == verb && one.pid.is_some());
                Some(up("serve") && up("gate"))
            }
        }
    }

    /// Whether deckies are not as they were made, though nobody asked for that: only containers can be.
    pub(super) async fn has_drifted(&self) -> bool {
        match &self.kind {
            Kind::Docker(docker) => docker.has_drifted().await,
            Kind::Loopback(_) | Kind::Native(_) => false,
        }
    }

    /// How it does, for `status`.
    pub(super) async fn standing(&self) -> Result<Standing, Error> {
        match &self.kind {
            Kind::Loopback(loopback) => {
                let status = loopback.status().await.map_err(|error| Error::Runtime(LOOK, error))?;
                Ok(Standing {
                    runtime: Runtime::Loopback,
                    carrier: "kernel".to_owned(),
                    isolation: status.isolation,
                    uid: stage::user(),
                    process: status.pid,
                    restarts: status.restarts,
                    nodes: status.nodes,
                    listeners: status.listeners,
                    native: None,
                })
            }
            Kind::Native(netd) => self.native_standing(netd).await,
            Kind::Docker(docker) => {
                let status = docker.status();
                Ok(Standing {
                    runtime: Runtime::Docker,
                    carrier: carrier(self.place.interface.as_deref(), self.place.ipvlan).name().to_owned(),
                    isolation: "containers".to_owned(),
                    uid: stage::user(),
                    process: None,
                    restarts: status.restarts,
                    nodes: status.nodes,
                    listeners: status.listeners,
                    native: None,
                })
            }
        }
    }

    async fn native_standing(&self, netd: &Netd) -> Result<Standing, Error> {
        let status = netd.backend.client().status().await.map_err(|error| Error::Netd(LOOK, error))?;
        let pid = |verb: &str| status.processes.iter().find(|process| process.verb == verb)?.pid;
        Ok(Standing {
            runtime: Runtime::Native,
            process: pid("serve"),
            // From inside a user namespace our own user is root; from here it is what we are.
            uid: status.stage_uid.unwrap_or(geteuid().as_raw()),
            restarts: status.processes.iter().map(|process| process.restarts).sum(),
            nodes: status.nodes,
            listeners: status.listeners,
            native: Some(NativeStanding {
                gate: pid("gate"),
                device: status.device,
                interface: status.interface,
                lab: self.place.lab,
                holder: netd.holder,
                rootless: status.rootless,
                netd: status.pid,
                packets: status.packets,
                drops: status.drops,
                absent: status.absent,
            }),
            carrier: status.carrier,
            isolation: status.isolation,
        })
    }

    /// Ends it in good order, by force if need be.
    pub(super) async fn stop(&self, paths: &Paths) {
        match &self.kind {
            Kind::Loopback(loopback) => loopback.stop().await,
            Kind::Docker(docker) => docker.stop().await,
            Kind::Native(netd) => {
                if let Err(error) = native::teardown(netd.backend.client(), &paths.run(), LIMIT).await {
                    tracing::warn!(error = %decnet_engine::plan::chain(&error), "netd could not be ended");
                }
            }
        }
    }
}

async fn start_loopback(config: &Config) -> Result<Loopback, Error> {
    let stage = stage::config(config)?;
    let settings = LoopbackConfig { stage, offset: loopback::OFFSET, low_ports: false, every_port: true };
    Loopback::start(settings).await.map_err(|error| Error::Runtime("start the runtime", error))
}

async fn start_docker(config: &Config, fleet: &Fleet) -> Result<Docker, Error> {
    let folder = config.paths.containers();
    let settings = DockerConfig {
        socket: docker::socket(),
        site: docker::site_name(config.paths.root()),
        folder,
        network: fleet.network.clone(),
        carrier: carrier(fleet.network.interface.as_deref(), fleet.ipvlan),
        stage: stage::config(config)?,
    };
    Docker::start(settings).await.map_err(|error| Error::Runtime("start the runtime", error))
}

/// What carries frames between containers and the interface: as it is said, else as Wi-Fi wants it, which lets no
/// second MAC in.
fn carrier(interface: Option<&str>, ipvlan: Option<bool>) -> Carrier {
    let Some(name) = interface else { return Carrier::Bridge };
    let is_wireless = || Path::new("/sys/class/net").join(name).join("wireless").exists();
    if ipvlan.unwrap_or_else(is_wireless) { Carrier::Ipvlan } else { Carrier::Macvlan }
}

async fn start_native(config: &Config, fleet: &Fleet, place: &Place) -> Result<Netd, Error> {
    let paths = &config.paths;
    let lab = if place.lab { Some(the_lab(config, fleet)?) } else { None };
    let holder = lab.as_ref().map(|lab| lab.state().holder());
    let interface = lab.as_ref().map(|lab| lab.state().interface.clone()).or(place.interface.clone());
    let interface = interface.ok_or(Error::NoInterface)?;
    let settings = NetdConfig::new(paths.run(), interface, stage::config(config)?);
    let client = NetdClient::new(&settings.socket);
    if let Some(pid) = left_over(&client, paths, &settings.interface, holder).await {
        tracing::info!(pid, "the netd of an earlier run carries on");
        let (_, ended) = watch::channel(false);
        return Ok(Netd { backend: Native::new(client), pid, holder, ended });
    }
    let ended = native::teardown(&client, &paths.run(), LIMIT).await;
    ended.map_err(|error| Error::Netd("end what an earlier run left", error))?;
    let program = config.program().map_err(system("find this program"))?;
    let started = spawn_netd(&program, &settings, lab.as_ref()).await;
    let (child, client) = started.map_err(|error| Error::Netd("start the runtime", error))?;
    let (pid, ended) = (child.id(), watch(child));
    Ok(Netd { backend: Native::new(client), pid, holder, ended })
}

/// The lab that the fleet stands in, started if it is not up.
fn the_lab(config: &Config, fleet: &Fleet) -> Result<Lab, Error> {
    if let Some(lab) = Lab::find(&config.paths.run()) {
        return Ok(lab);
    }
    let wanted = lab::Wanted { network: fleet.network.clone(), ..lab::Wanted::default() };
    Ok(lab::ensure_up(config, &wanted)?.0)
}

/// The `netd` of an earlier run of ours that was killed, if it is still there and in the same place.
async fn left_over(client: &NetdClient, paths: &Paths, interface: &str, holder: Option<u32>) -> Option<u32> {
    let noted = Standing::read(paths)?.native?;
    let status = timeout(LIMIT, client.status()).await.ok()?.ok()?;
    let same = (noted.netd, noted.holder) == (status.pid, holder) && status.interface == interface;
    same.then_some(status.pid)
}

/// True once `child` has ended.
fn watch(mut child: Child) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    std::thread::spawn(move || {
        let _ = child.wait();
        sender.send_replace(true);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_containers_is_as_it_was_said() {
        for (interface, ipvlan, wanted) in [
            (None, None, Carrier::Bridge),
            (None, Some(true), Carrier::Bridge),
            (Some("no-such-if"), None, Carrier::Macvlan),
            (Some("no-such-if"), Some(true), Carrier::Ipvlan),
            (Some("no-such-if"), Some(false), Carrier::Macvlan),
        ] {
            assert_eq!(carrier(interface, ipvlan), wanted, "{interface:?} {ipvlan:?}");
        }
    }

    #[test]
    fn another_carrier_is_another_runtime() {
        let fleet = Fleet::of(Runtime::Docker, "192.0.2.0/24".parse().unwrap());
        let shared = Fleet { ipvlan: Some(true), ..fleet.clone() };
        assert_ne!(Place::of(&fleet), Place::of(&shared));
        let native = |fleet: &Fleet| Fleet { runtime: Runtime::Native, ..fleet.clone() };
        assert_eq!(Place::of(&native(&fleet)), Place::of(&native(&shared)), "nothing else has one");
    }
}
