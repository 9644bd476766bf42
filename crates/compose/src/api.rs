//! The project as requests of the Docker API (v1.41; a daemon that speaks 1.44 wants the MAC elsewhere).

use crate::project::{
    Attached, Carrier, Container, HEALTH_RETRIES, HEALTH_SECONDS, LABEL_SITE, LOG, Place, project_name,
};
use serde_json::{Map, Value, json};

/// A container to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// Its name.
    pub name: String,
    /// Body of `POST /containers/create`.
    pub body: Value,
}

/// The request that makes `container`. `base`: id of the container whose network it shares.
pub fn create(place: &Place, container: &Container, base: Option<&str>) -> Created {
    let env: Vec<_> = container.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut body = json!({
        "Image": container.image,
        "Hostname": container.hostname.as_deref().unwrap_or_default(),
        "Domainname": container.domain.as_deref().unwrap_or_default(),
        "User": container.user.as_deref().unwrap_or_default(),
        "Env": env,
        "Labels": labels(place, container),
        "StopTimeout": STOP_SECONDS,
        "HostConfig": host(place, container, base),
    });
    if let Value::Object(body) = &mut body {
        if !container.command.is_empty() {
            body.insert("Cmd".to_owned(), json!(container.command));
        }
        if let Some(health) = &container.health {
            let test: Vec<_> =
                std::iter::once("CMD").chain(health.command.iter().map(String::as_str)).collect();
            let interval = u64::from(health.interval) * SECOND;
            let timeout = u64::from(HEALTH_SECONDS) * SECOND;
            let check =
                json!({ "Test": test, "Interval": interval, "Timeout": timeout, "Retries": HEALTH_RETRIES });
            body.insert("Healthcheck".to_owned(), check);
        }
        if let Attached::Network { ip, mac, .. } = &container.attached {
            let mut endpoint = json!({ "IPAMConfig": { "IPv4Address": ip } });
            if let (Some(mac), Value::Object(endpoint)) = (mac, &mut endpoint) {
                endpoint.insert("MacAddress".to_owned(), json!(mac));
                // Where daemons before API 1.44 look.
                body.insert("MacAddress".to_owned(), json!(mac));
            }
            let network = project_name(&place.site);
            body.insert("NetworkingConfig".to_owned(), json!({ "EndpointsConfig": { network: endpoint } }));
        }
    }
    Created { name: container.name(&place.site), body }
}

/// Nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// What a container gets to end by itself.
const STOP_SECONDS: u32 = 5;

/// Ours, and those by which Compose finds what the file names.
fn labels(place: &Place, container: &Container) -> Map<String, Value> {
    let own = container.labels(&place.site);
    let mut labels: Map<_, _> = own.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    for (key, value) in [
        ("com.docker.compose.project", project_name(&place.site)),
        ("com.docker.compose.service", container.key.clone()),
        ("com.docker.compose.container-number", "1".to_owned()),
        ("com.docker.compose.oneoff", "False".to_owned()),
    ] {
        labels.insert(key.to_owned(), json!(value));
    }
    labels
}

fn host(place: &Place, container: &Container, base: Option<&str>) -> Value {
    let mounts: Vec<_> = container
        .mounts
        .iter()
        .map(|mount| {
            json!({ "Type": "bind", "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only })
        })
        .collect();
    let memory = container.writable.iter();
    let memory: Map<_, _> =
        memory.map(|path| (path.clone(), json!(format!("size={}", Container::WRITABLE)))).collect();
    let log: Map<_, _> = LOG.into_iter().map(|(option, value)| (option.to_owned(), json!(value))).collect();
    let mut host = json!({
        "Sysctls": container.sysctls,
        "ReadonlyRootfs": true,
        "Tmpfs": memory,
        "Mounts": mounts,
        "Memory": container.memory,
        "MemorySwap": container.memory,
        "PidsLimit": container.pids,
        "NanoCpus": u64::from(container.milli_cpus) * (SECOND / 1000),
        "CapDrop": ["ALL"],
        "CapAdd": container.capabilities,
        "SecurityOpt": ["no-new-privileges"],
        "RestartPolicy": { "Name": "no" },
        "LogConfig": { "Type": "json-file", "Config": log },
    });
    if let Value::Object(host) = &mut host {
        let mode = match &container.attached {
            Attached::Network { dns, .. } => {
                host.insert("Dns".to_owned(), json!([dns]));
                project_name(&place.site)
            }
            Attached::To(name) => format!("container:{}", base.unwrap_or(name)),
        };
        host.insert("NetworkMode".to_owned(), json!(mode));
    }
    host
}

/// Body of `POST /networks/create`.
pub fn network(place: &Place) -> Value {
    let mut config = json!({ "Subnet": place.network.to_string() });
    if let (Some(gateway), Value::Object(config)) = (place.network.gateway, &mut config) {
        config.insert("Gateway".to_owned(), json!(gateway));
    }
    let parent = place.network.interface.as_deref().unwrap_or_default();
    let options = match place.carrier {
        Carrier::Bridge => json!({}),
        Carrier::Macvlan => json!({ "parent": parent }),
        Carrier::Ipvlan => json!({ "parent": parent, "ipvlan_mode": "l2" }),
    };
    json!({
        "Name": project_name(&place.site),
        "CheckDuplicate": true,
        "Driver": place.carrier.name(),
        "Internal": place.carrier == Carrier::Bridge,
        "IPAM": { "Driver": "default", "Config": [config] },
        "Options": options,
        "Labels": { LABEL_SITE: place.site },
    })
}
