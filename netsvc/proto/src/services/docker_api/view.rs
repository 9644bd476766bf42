//! Containers, images, volumes and networks as the API shows them.

use super::{
    engine::{Container, Engine, Network, Volume},
    image::Image,
    process::{Phase, Standing},
    release::Release,
    spec,
};
use crate::date;
use netsvc_persona::{Persona, subkey};
use serde_json::{Map, Value, json};

/// Time that is none.
const NEVER: &str = "0001-01-01T00:00:00Z";
/// Where the engine keeps things.
pub(super) const ROOT: &str = "/var/lib/docker";

/// A time with nanoseconds, as Go writes it.
pub(super) fn stamp(micros: i64) -> String {
    if micros == 0 {
        return NEVER.to_owned();
    }
    // The last three digits are those of a clock that nobody here has.
    let nanos = micros.rem_euclid(1_000_000) * 1000 + micros.rem_euclid(997);
    let fraction = format!("{nanos:09}");
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{}{dot}{fraction}Z", date::local(micros, 0))
}

/// A span of time, as `go-units` has it.
fn span(micros: i64) -> String {
    let seconds = (micros / 1_000_000).max(0);
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, ..60, _) => format!("{minutes} minutes"),
        (_, _, 1) => "About an hour".to_owned(),
        (_, _, ..48) => format!("{hours} hours"),
        (_, _, ..336) => format!("{} days", hours / 24),
        (_, _, ..1440) => format!("{} weeks", hours / 24 / 7),
        (_, _, ..17_520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

fn state(container: &Container, standing: Standing) -> &'static str {
    match standing.phase {
        Phase::Created => "created",
        Phase::Running if container.is_paused() => "paused",
        Phase::Running => "running",
        Phase::Ended => "exited",
    }
}

/// The line of a container in a list.
pub(super) fn listed(container: &Container, engine: &Engine, now: i64) -> Value {
    let standing = container.standing();
    let status = match standing.phase {
        Phase::Created => "Created".to_owned(),
        Phase::Running if container.is_paused() => format!("Up {} (Paused)", span(now - standing.started)),
        Phase::Running => format!("Up {}", span(now - standing.started)),
        Phase::Ended => format!("Exited ({}) {} ago", standing.status, span(now - standing.finished)),
    };
    let name = container.spec.image.clone();
    // A name that was taken away from the image is not shown any more.
    let known = engine.image(&name).is_some_and(|image| image.id == container.image);
    let image = if known { name } else { format!("sha256:{}", container.image) };
    json!({
        "Id": container.id, "Names": [format!("/{}", container.name())], "Image": image,
        "ImageID": format!("sha256:{}", container.image), "Command": command(container),
        "Created": container.created / 1_000_000, "Ports": ports(container, standing), "Labels": labels(container),
        "State": state(container, standing), "Status": status,
        "HostConfig": { "NetworkMode": network_mode(container) },
        "NetworkSettings": { "Networks": networks(container, engine, standing) }, "Mounts": mounts(container),
    })
}

fn command(container: &Container) -> String {
    let words = &container.spec.words;
    let quoted = |word: &String| if word.contains(' ') { format!("'{word}'") } else { word.clone() };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn labels(container: &Container) -> Value {
    container
        .spec
        .sent
        .get("Labels")
        .filter(|labels| labels.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}))
}

fn network_mode(container: &Container) -> String {
    let mode = &container.spec.network;
    if mode.is_empty() { "default".to_owned() } else { mode.clone() }
}

fn ports(container: &Container, standing: Standing) -> Value {
    let mut all = Vec::new();
    for (inner, outer) in container.spec.ports.iter().filter(|_| standing.phase == Phase::Running) {
        let (number, protocol) = inner.split_once('/').unwrap_or((inner, "tcp"));
        let (inner, outer) = (number.parse::<u16>().unwrap_or(0), outer.parse::<u16>().unwrap_or(0));
        all.push(json!({ "IP": "0.0.0.0", "PrivatePort": inner, "PublicPort": outer, "Type": protocol }));
    }
    Value::Array(all)
}

fn mounts(container: &Container) -> Value {
    let one = |(source, destination, writable): &(String, String, bool)| {
        if source.starts_with('/') {
            return json!({
                "Type": "bind", "Source": source, "Destination": destination,
                "Mode": if *writable { "" } else { "ro" }, "RW": writable, "Propagation": "rprivate",
            });
        }
        json!({
            "Type": "volume", "Name": source, "Source": format!("{ROOT}/volumes/{source}/_data"),
            "Destination": destination, "Driver": "local", "Mode": "z", "RW": writable, "Propagation": "",
        })
    };
    Value::Array(container.spec.mounts.iter().map(one).collect())
}

fn networks(container: &Container, engine: &Engine, standing: Standing) -> Value {
    let mode = network_mode(container);
    let name = if mode == "default" { "bridge".to_owned() } else { mode };
    let network = engine.networks.iter().find(|network| network.name == name || network.id == name);
    let running = standing.phase == Phase::Running;
    let bridged = running && network.is_some_and(|network| network.driver == "bridge");
    let text = |value: &str| if bridged { value.to_owned() } else { String::new() };
    let endpoint = hex::encode(subkey::bytes(container.id.as_bytes(), &["endpoint"]));
    let named = if network.is_none() && name.starts_with("container:") { return json!({}) } else { name };
    json!({ named: {
        "IPAMConfig": null, "Links": null, "Aliases": null,
        "NetworkID": network.filter(|_| running).map(|network| network.id.clone()).unwrap_or_default(),
        "EndpointID": if running { endpoint } else { String::new() },
        "Gateway": text("172.17.0.1"), "IPAddress": text(&container.address()),
        "IPPrefixLen": if bridged { 16 } else { 0 }, "IPv6Gateway": "", "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": text(&format!("02:42:ac:11:00:{:02x}", container.slot + 2)), "DriverOpts": null,
    } })
}

/// All that is told of a container.
pub(super) fn inspected(container: &Container, engine: &Engine, release: &Release) -> Value {
    let standing = container.standing();
    let running = standing.phase == Phase::Running;
    let folder = format!("{ROOT}/containers/{}", container.id);
    let file = |name: &str| {
        if standing.phase == Phase::Created { String::new() } else { format!("{folder}/{name}") }
    };
    let mut words = container.spec.words.iter();
    let path = words.next().cloned().unwrap_or_default();
    let layers = subkey::bytes(container.id.as_bytes(), &["layers"]);
    let layer = format!("{ROOT}/overlay2/{}", hex::encode(layers));
    json!({
        "Id": container.id, "Created": stamp(container.created), "Path": path,
        "Args": words.collect::<Vec<_>>(),
        "State": {
            "Status": state(container, standing), "Running": running, "Paused": running && container.is_paused(),
            "Restarting": false, "OOMKilled": false, "Dead": false,
            "Pid": if running { 2000 + container.slot * 37 } else { 0 }, "ExitCode": standing.status, "Error": "",
            "StartedAt": stamp(standing.started), "FinishedAt": stamp(standing.finished),
        },
        "Image": format!("sha256:{}", container.image), "ResolvConfPath": file("resolv.conf"),
        "HostnamePath": file("hostname"), "HostsPath": file("hosts"),
        "LogPath": file(&format!("{}-json.log", container.id)), "Name": format!("/{}", container.name()),
        "RestartCount": 0, "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "",
        "AppArmorProfile": if container.spec.privileged { "unconfined" } else { "docker-default" },
        "ExecIDs": null, "HostConfig": container.spec.host_config(release.is_old()),
        "GraphDriver": { "Data": {
            "LowerDir": format!("{layer}-init/diff"), "MergedDir": format!("{layer}/merged"),
            "UpperDir": format!("{layer}/diff"), "WorkDir": format!("{layer}/work"),
        }, "Name": "overlay2" },
        "Mounts": mounts(container), "Config": config(container),
        "NetworkSettings": settings(container, engine, standing),
    })
}

fn config(container: &Container) -> Value {
    let spec = &container.spec;
    let sent = |key: &str| spec.sent.get(key).cloned().unwrap_or(Value::Null);
    let flag = |key: &str| spec.sent.get(key).and_then(Value::as_bool).unwrap_or_default();
    let mut environment = spec.environment.clone();
    if !environment.iter().any(|variable| variable.starts_with("PATH=")) {
        environment.push("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    }
    let list = |words: &Vec<String>| if words.is_empty() { Value::Null } else { json!(words) };
    json!({
        "Hostname": host_name(container), "Domainname": "", "User": spec.user, "AttachStdin": flag("AttachStdin"),
        "AttachStdout": flag("AttachStdout"), "AttachStderr": flag("AttachStderr"), "Tty": spec.terminal,
        "OpenStdin": spec.open_input, "StdinOnce": spec.input_once, "Env": environment, "Cmd": list(&spec.command),
        "Image": spec.image, "Volumes": sent("Volumes"), "WorkingDir": spec.folder,
        "Entrypoint": list(&spec.entrypoint), "OnBuild": null, "Labels": labels(container),
    })
}

/// Name of the host as the container sees it.
pub(super) fn host_name(container: &Container) -> String {
    if container.spec.host_name.is_empty() {
        container.short().to_owned()
    } else {
        container.spec.host_name.clone()
    }
}

fn settings(container: &Container, engine: &Engine, standing: Standing) -> Value {
    let networks = networks(container, engine, standing);
    let usual = networks.get("bridge").cloned().unwrap_or_default();
    let text = |key: &str| usual.get(key).cloned().unwrap_or_else(|| json!(""));
    let number = |key: &str| usual.get(key).cloned().unwrap_or_else(|| json!(0));
    let mut published = Map::new();
    for (inner, outer) in container.spec.ports.iter().filter(|_| standing.phase == Phase::Running) {
        published.insert(inner.clone(), json!([{ "HostIp": "0.0.0.0", "HostPort": outer }]));
    }
    let sandbox = hex::encode(subkey::bytes(container.id.as_bytes(), &["sandbox"]));
    let running = standing.phase == Phase::Running;
    let key = format!("/var/run/docker/netns/{}", sandbox.get(..12).unwrap_or_default());
    json!({
        "Bridge": "", "SandboxID": if running { sandbox } else { String::new() }, "HairpinMode": false,
        "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0, "Ports": published,
        "SandboxKey": if running { key } else { String::new() }, "SecondaryIPAddresses": null,
        "SecondaryIPv6Addresses": null, "EndpointID": text("EndpointID"), "Gateway": text("Gateway"),
        "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "IPAddress": text("IPAddress"),
        "IPPrefixLen": number("IPPrefixLen"), "IPv6Gateway": "", "MacAddress": text("MacAddress"),
        "Networks": networks,
    })
}

/// The line of an image in a list.
pub(super) fn image_listed(image: &Image, release: &Release) -> Value {
    let mut value = json!({
        "Containers": -1, "Created": image.created / 1_000_000, "Id": format!("sha256:{}", image.id), "Labels": null,
        "ParentId": "", "RepoDigests": digests(image), "RepoTags": image.tags, "SharedSize": -1,
        "Size": image.size(),
    });
    if let Some(all) = value.as_object_mut().filter(|_| release.api < (1, 44)) {
        all.insert("VirtualSize".to_owned(), json!(image.size()));
    }
    value
}

fn digests(image: &Image) -> Value {
    let name = |tag: &String| tag.rsplit_once(':').map_or(tag.clone(), |(name, _)| name.to_owned());
    match image.tags.first() {
        Some(tag) if !image.manifest.is_empty() => {
            json!([format!("{}@sha256:{}", name(tag), image.manifest)])
        }
        _ => json!([]),
    }
}

/// All that is told of an image.
pub(super) fn image_inspected(image: &Image) -> Value {
    let layer = |at: usize| {
        format!("sha256:{}", hex::encode(subkey::bytes(image.id.as_bytes(), &["diff", &at.to_string()])))
    };
    let ports: Map<String, Value> = image.ports.iter().map(|port| (port.clone(), json!({}))).collect();
    let list = |words: &Vec<String>| if words.is_empty() { Value::Null } else { json!(words) };
    let mut config = json!({
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": false, "AttachStdout": false,
        "AttachStderr": false, "Tty": false, "OpenStdin": false, "StdinOnce": false,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": list(&image.command),
        "Image": "", "Volumes": null, "WorkingDir": "", "Entrypoint": list(&image.entrypoint), "OnBuild": null,
        "Labels": null,
    });
    if let Some(all) = config.as_object_mut().filter(|_| !ports.is_empty()) {
        all.insert("ExposedPorts".to_owned(), Value::Object(ports));
    }
    json!({
        "Id": format!("sha256:{}", image.id), "RepoTags": image.tags, "RepoDigests": digests(image), "Parent": "",
        "Comment": "", "Created": stamp(image.created), "DockerVersion": "20.10.23", "Author": "", "Config": config,
        "Architecture": "amd64", "Os": "linux", "Size": image.size(), "VirtualSize": image.size(),
        "GraphDriver": { "Data": { "MergedDir": format!("{ROOT}/overlay2/{}/merged", image.id) }, "Name": "overlay2" },
        "RootFS": { "Type": "layers", "Layers": (0..image.layers.len()).map(layer).collect::<Vec<_>>() },
        "Metadata": { "LastTagTime": NEVER },
    })
}

/// A volume.
pub(super) fn volume(volume: &Volume) -> Value {
    json!({
        "CreatedAt": format!("{}Z", date::local(volume.created, 0)), "Driver": "local", "Labels": volume.labels,
        "Mountpoint": format!("{ROOT}/volumes/{}/_data", volume.name), "Name": volume.name, "Options": null,
        "Scope": "local",
    })
}

/// A network.
pub(super) fn network(network: &Network, engine: &Engine) -> Value {
    let bridged = network.driver == "bridge";
    let at = engine.networks.iter().position(|other| other.id == network.id).unwrap_or_default();
    let usual = network.name == "bridge";
    let third = if usual { 17 } else { 15 + at };
    let range = json!([{ "Subnet": format!("172.{third}.0.0/16"), "Gateway": format!("172.{third}.0.1") }]);
    let options = if usual {
        json!({
            "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.enable_icc": "true",
            "com.docker.network.bridge.enable_ip_masquerade": "true",
            "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
            "com.docker.network.bridge.name": "docker0", "com.docker.network.driver.mtu": "1500",
        })
    } else {
        json!({})
    };
    json!({
        "Name": network.name, "Id": network.id, "Created": stamp(network.created), "Scope": "local",
        "Driver": network.driver, "EnableIPv6": false,
        "IPAM": { "Driver": "default", "Options": null, "Config": if bridged { range } else { json!([]) } },
        "Internal": false, "Attachable": false, "Ingress": false, "ConfigFrom": { "Network": "" },
        "ConfigOnly": false, "Containers": {}, "Options": options, "Labels": {},
    })
}

/// What is told of the release.
pub(super) fn version(release: &Release, persona: &Persona) -> Value {
    let mut parts = vec![json!({
        "Name": "Engine", "Version": release.version, "Details": {
            "ApiVersion": release.api_text(), "Arch": "amd64", "BuildTime": release.built, "Experimental": "false",
            "GitCommit": release.commit, "GoVersion": release.go, "KernelVersion": persona.os.kernel,
            "MinAPIVersion": release.least_text(), "Os": "linux",
        }
    })];
    for (name, version, commit) in release.parts {
        parts.push(json!({ "Name": name, "Version": version, "Details": { "GitCommit": commit } }));
    }
    json!({
        "Platform": { "Name": release.platform }, "Components": parts, "Version": release.version,
        "ApiVersion": release.api_text(), "MinAPIVersion": release.least_text(), "GitCommit": release.commit,
        "GoVersion": release.go, "Os": "linux", "Arch": "amd64", "KernelVersion": persona.os.kernel,
        "BuildTime": release.built,
    })
}

/// Processes of a container, as `top` lists them.
pub(super) fn processes(container: &Container) -> Value {
    let line = spec::quoted(&container.spec.words);
    let pid = (2000 + container.slot * 37).to_string();
    let parent = (1970 + container.slot * 37).to_string();
    json!({
        "Processes": [["root", pid, parent, "0", "00:00", "?", "00:00:00", line]],
        "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_written_as_go_does() {
        assert_eq!(
            (stamp(0), stamp(1_795_238_403_000_000).get(..19)),
            (NEVER.to_owned(), Some("2026-11-21T05:20:03"))
        );
        for (seconds, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (90, "About a minute"),
            (3599, "59 minutes"),
            (4000, "About an hour"),
            (86_400, "24 hours"),
            (86_400 * 3, "3 days"),
            (86_400 * 20, "2 weeks"),
            (86_400 * 100, "3 months"),
            (86_400 * 800, "2 years"),
        ] {
            assert_eq!(span(seconds * 1_000_000), text);
        }
    }
}
