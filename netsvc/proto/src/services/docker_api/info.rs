//! What the engine tells of itself and of its host (`GET /info`).

use super::{
    engine::Engine,
    process::Phase,
    release::Release,
    view::{ROOT, stamp},
};
use netsvc_kit::Host;
use netsvc_persona::subkey;
use serde_json::{Map, Value, json};

/// Letters of an id of an engine (base 32 of RFC 4648).
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The document.
pub(super) fn info(host: &Host, engine: &Engine, release: &Release) -> Value {
    let mut all = Map::new();
    for part in [counts(host, engine), abilities(host, engine, release), machine(host), parts(release)] {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    Value::Object(all)
}

fn counts(host: &Host, engine: &Engine) -> Value {
    let count = |phase: Phase| engine.containers.iter().filter(|one| one.standing().phase == phase).count();
    let paused = engine.containers.iter().filter(|one| one.process.is_running() && one.is_paused()).count();
    json!({
        "ID": id(host), "Containers": engine.containers.len(),
        "ContainersRunning": count(Phase::Running).saturating_sub(paused), "ContainersPaused": paused,
        "ContainersStopped": count(Phase::Created) + count(Phase::Ended), "Images": engine.images.len(),
        "Driver": "overlay2",
        "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"],
            ["Native Overlay Diff", "true"], ["userxattr", "false"]],
        "Plugins": {
            "Volume": ["local"], "Network": ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"],
            "Authorization": null, "Log": ["awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file",
                "local", "logentries", "splunk", "syslog"],
        },
    })
}

fn abilities(host: &Host, engine: &Engine, release: &Release) -> Value {
    let mut value = json!({
        "MemoryLimit": true, "SwapLimit": true, "KernelMemory": true, "KernelMemoryTCP": true,
        "CpuCfsPeriod": true, "CpuCfsQuota": true, "CPUShares": true, "CPUSet": true, "PidsLimit": true,
        "IPv4Forwarding": true, "BridgeNfIptables": true, "BridgeNfIp6tables": true, "Debug": false,
        "NFd": 24 + engine.containers.len() * 4, "OomKillDisable": false,
        "NGoroutines": 38 + engine.containers.len() * 3, "SystemTime": stamp(host.clock()),
        "LoggingDriver": "json-file", "CgroupDriver": "systemd", "CgroupVersion": "2", "NEventsListener": 0,
    });
    if let Some(all) = value.as_object_mut().filter(|_| !release.is_old()) {
        all.shift_remove("KernelMemory");
        all.shift_remove("KernelMemoryTCP");
    }
    value
}

fn machine(host: &Host) -> Value {
    let persona = host.persona();
    json!({
        "KernelVersion": persona.os.kernel, "OperatingSystem": persona.os.pretty_name,
        "OSVersion": persona.os.version, "OSType": "linux", "Architecture": persona.os.machine,
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {
            "AllowNondistributableArtifactsCIDRs": [], "AllowNondistributableArtifactsHostnames": [],
            "InsecureRegistryCIDRs": ["127.0.0.0/8"],
            "IndexConfigs": { "docker.io": { "Name": "docker.io", "Mirrors": [], "Secure": true, "Official": true } },
            "Mirrors": [],
        },
        "NCPU": persona.hardware.cpus, "MemTotal": persona.hardware.memory_kib * 1024, "GenericResources": null,
        "DockerRootDir": ROOT, "HttpProxy": "", "HttpsProxy": "", "NoProxy": "", "Name": persona.hostname,
    })
}

fn parts(release: &Release) -> Value {
    let [containerd, runc, init] =
        release.parts.map(|(_, _, commit)| json!({ "ID": commit, "Expected": commit }));
    json!({
        "Labels": [], "ExperimentalBuild": false, "ServerVersion": release.version,
        "Runtimes": { "io.containerd.runc.v2": { "path": "runc" }, "runc": { "path": "runc" } },
        "DefaultRuntime": "runc",
        "Swarm": { "NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false,
            "Error": "", "RemoteManagers": null },
        "LiveRestoreEnabled": false, "Isolation": "", "InitBinary": "docker-init", "ContainerdCommit": containerd,
        "RuncCommit": runc, "InitCommit": init,
        "SecurityOptions": ["name=apparmor", "name=seccomp,profile=default", "name=cgroupns"],
        "Warnings": [warning()],
    })
}

/// The engine says that anybody can reach it.
fn warning() -> &'static str {
    "WARNING: API is accessible on http://0.0.0.0:2375 without encryption.\n         Access to the remote API is \
     equivalent to root access on the host. Refer\n         to the 'Docker daemon attack surface' section in the \
     documentation for\n         more information: https://docs.docker.com/go/attack-surface/"
}

/// Twelve groups of four letters.
fn id(host: &Host) -> String {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let (one, two) = (subkey::bytes(&key, &["engine id", "1"]), subkey::bytes(&key, &["engine id", "2"]));
    let letter = |byte: &u8| char::from(LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'A'));
    let letters: Vec<char> = one.iter().chain(&two).take(48).map(letter).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}
