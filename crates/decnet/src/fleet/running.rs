//! What carries the fleet: the loopback runtime in this process, or `netd` with the native one.

use super::stage;
use crate::commands::{Context, lab};
use anyhow::{Context as _, Result};
use decnet_engine::{
    lab::Lab,
    loopback::{self, Loopback, LoopbackConfig},
    native::{self, Native, NetdClient, NetdConfig, spawn_netd},
    plan::Backend,
};
use decnet_model::{fleet::Fleet, paths::Paths};
use nix::unistd::geteuid;
use serde_json::{Value, json};
use std::{path::PathBuf, process::Child, time::Duration};
use tokio::{sync::watch, time::timeout};

/// Time that a `netd` of an earlier run gets to end by itself, and one of ours to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// A runtime that was started for a fleet.
pub(super) struct Running {
    place: Place,
    kind: Kind,
}

enum Kind {
    Loopback(Box<Loopback>),
    Native(Netd),
}

/// What a runtime cannot change without being started anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    runtime: String,
    interface: Option<String>,
    lab: bool,
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
        let native = fleet.runtime == native::NAME;
        Place {
            runtime: fleet.runtime.clone(),
            // The lab knows its own.
            interface: fleet.network.interface.clone().filter(|_| native && !fleet.lab),
            lab: fleet.lab && native,
        }
    }
}

impl Running {
    /// Starts the runtime that `fleet` needs, with the lab if it stands in it.
    pub(super) async fn start(context: &Context, fleet: &Fleet) -> Result<Self> {
        let place = Place::of(fleet);
        let kind = if place.runtime == native::NAME {
            Kind::Native(start_native(context, fleet, &place).await?)
        } else {
            let config = LoopbackConfig {
                stage: stage::config(context)?,
                offset: loopback::OFFSET,
                low_ports: false,
                every_port: true,
            };
            Kind::Loopback(Box::new(Loopback::start(config).await.context("start the runtime")?))
        };
        Ok(Running { place, kind })
    }

    pub(super) fn fits(&self, fleet: &Fleet) -> bool {
        self.place == Place::of(fleet)
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        match &self.kind {
            Kind::Loopback(loopback) => loopback.as_ref(),
            Kind::Native(netd) => &netd.backend,
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
            Kind::Loopback(_) => {}
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

    /// How it does, for `status`.
    pub(super) async fn standing(&self) -> Result<Value> {
        match &self.kind {
            Kind::Loopback(loopback) => {
                let status = loopback.status().await.context("look at the runtime")?;
                Ok(json!({
                    "runtime": loopback::NAME, "carrier": "kernel", "isolation": status.isolation,
                    "uid": stage::user(), "process": status.pid, "restarts": status.restarts,
                    "nodes": status.nodes, "listeners": status.listeners,
                }))
            }
            Kind::Native(netd) => self.native_standing(netd).await,
        }
    }

    async fn native_standing(&self, netd: &Netd) -> Result<Value> {
        let status = netd.backend.client().status().await.context("look at the runtime")?;
        let pid = |verb: &str| status.processes.iter().find(|process| process.verb == verb)?.pid;
        Ok(json!({
            "runtime": status.runtime, "carrier": status.carrier, "device": status.device,
            "interface": status.interface, "lab": self.place.lab, "holder": netd.holder,
            "isolation": status.isolation, "rootless": status.rootless,
            // From inside a user namespace our own user is root; from here it is what we are.
            "uid": status.stage_uid.unwrap_or(geteuid().as_raw()), "netd": status.pid,
            "process": pid("serve"), "gate": pid("gate"),
            "restarts": status.processes.iter().map(|process| process.restarts).sum::<u64>(),
            "nodes": status.nodes, "listeners": status.listeners, "packets": status.packets,
            "drops": status.drops,
        }))
    }

    /// Ends it in good order, by force if need be.
    pub(super) async fn stop(&self, paths: &Paths) {
        match &self.kind {
            Kind::Loopback(loopback) => loopback.stop().await,
            Kind::Native(netd) => {
                if let Err(error) = native::teardown(netd.backend.client(), &paths.run(), LIMIT).await {
                    tracing::warn!(error = %decnet_engine::plan::chain(&error), "netd could not be ended");
                }
            }
        }
    }
}

async fn start_native(context: &Context, fleet: &Fleet, place: &Place) -> Result<Netd> {
    let paths = context.paths();
    let lab = if place.lab { Some(the_lab(&paths, fleet)?) } else { None };
    let holder = lab.as_ref().map(|lab| lab.state().holder());
    let interface = lab.as_ref().map(|lab| lab.state().interface.clone()).or(place.interface.clone());
    let interface = interface.context("the fleet names no interface for the runtime native")?;
    let config = NetdConfig::new(paths.run(), interface, stage::config(context)?);
    let client = NetdClient::new(&config.socket);
    if let Some(pid) = left_over(&client, &paths, &config.interface, holder).await {
        tracing::info!(pid, "the netd of an earlier run carries on");
        let (_, ended) = watch::channel(false);
        return Ok(Netd { backend: Native::new(client), pid, holder, ended });
    }
    native::teardown(&client, &paths.run(), LIMIT).await.context("end what an earlier run left")?;
    let program = std::env::current_exe().context("find this program")?;
    let (child, client) = spawn_netd(&program, &config, lab.as_ref()).await?;
    let (pid, ended) = (child.id(), watch(child));
    Ok(Netd { backend: Native::new(client), pid, holder, ended })
}

/// The lab that the fleet stands in, started if it is not up.
fn the_lab(paths: &Paths, fleet: &Fleet) -> Result<Lab> {
    if let Some(lab) = Lab::find(&paths.run()) {
        return Ok(lab);
    }
    let wanted = lab::Up { network: fleet.network.clone(), attackers: 1, json: false };
    Ok(lab::ensure_up(paths, &wanted)?.0)
}

/// The `netd` of an earlier run of ours that was killed, if it is still there and in the same place.
async fn left_over(client: &NetdClient, paths: &Paths, interface: &str, holder: Option<u32>) -> Option<u32> {
    let text = fs_err::read(standing_file(paths)).ok()?;
    let noted: Value = serde_json::from_slice(&text).ok()?;
    let status = timeout(LIMIT, client.status()).await.ok()?.ok()?;
    let same = noted.get("netd") == Some(&json!(status.pid))
        && noted.get("holder") == Some(&json!(holder))
        && status.interface == interface;
    same.then_some(status.pid)
}

/// The file in which [`Running::standing`] is kept.
pub(super) fn standing_file(paths: &Paths) -> PathBuf {
    paths.run().join("runtime.json")
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
