//! A pod in which something is run or reached: what it takes itself for, and what of the host is in it.

use super::{patch, store::uuid};
use crate::container::{self, Inside, Network};
use netsvc_kit::{Charge, Host};
use netsvc_persona::subkey;
use serde_json::Value;

/// How much more than its text and its values a tree takes.
const TREE: usize = 4;

/// A pod with what somebody wants of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// Its namespace and name.
    pub(super) space: String,
    pub(super) name: String,
    /// The pod.
    pub(super) pod: Value,
    pub(super) words: Vec<String>,
    pub(super) terminal: bool,
    /// Which channels of the program are wanted.
    pub(super) input: bool,
    pub(super) output: bool,
    pub(super) errors: bool,
    /// What the pod takes, as long as somebody has it.
    pub(super) _held: Charge,
}

impl Target {
    /// A pod that nothing is wanted of yet.
    pub(super) fn of(space: &str, name: &str, pod: Value) -> Self {
        let (bytes, _) = patch::measure(&pod);
        let (space, name, held) = (space.to_owned(), name.to_owned(), Charge::current(bytes * TREE));
        Target { space, name, pod, _held: held, ..Target::default() }
    }

    /// Image of its first container.
    pub(super) fn image(&self) -> &str {
        self.pod.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default()
    }

    /// What the pod calls itself.
    pub(super) fn uid(&self) -> &str {
        self.pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default()
    }

    /// The command line that it is about.
    pub(super) fn line(&self) -> String {
        let line = quoted(&self.words);
        match root(&self.pod).filter(|root| !root.is_empty()) {
            Some(root) => container::without_root(&line, &root),
            None => line,
        }
    }

    /// Whether the root of the host is mounted in it.
    pub(super) fn has_host(&self) -> bool {
        root(&self.pod).is_some()
    }

    /// What its shell takes the machine for.
    pub(super) fn inside(&self, host: &Host) -> Inside {
        let pod = &self.pod;
        let ip = pod.pointer("/status/podIP").and_then(Value::as_str).unwrap_or("10.244.0.9");
        let networked = pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true));
        let key = host.persona().subkey.hex_bytes().unwrap_or_default();
        let drawn = hex::encode(subkey::bytes(&key, &["k8s", "pod", self.uid()]));
        let tail = drawn.get(..6).unwrap_or("a1b2c3");
        let pairs: Vec<&str> =
            [(0, 2), (2, 4), (4, 6)].iter().filter_map(|(from, to)| tail.get(*from..*to)).collect();
        let network = (!networked).then(|| Network {
            host_name: self.name.clone(),
            address: ip.parse().ok(),
            prefix: 24,
            gateway: "10.244.0.1".parse().ok(),
            mac: format!("5a:{}:{}:0c", pairs.join(":"), drawn.get(6..8).unwrap_or("4e")),
        });
        Inside {
            files: format!("{}.pod-{}", host.persona().node, uuid(&drawn)),
            system: system(self.image()),
            network,
        }
    }
}

/// Words as a shell reads them again.
pub(super) fn quoted(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&byte))
    };
    let one =
        |word: &String| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Where a pod has the host's root.
fn root(pod: &Value) -> Option<String> {
    let volumes = pod.pointer("/spec/volumes")?.as_array()?;
    let of_host = volumes
        .iter()
        .find(|volume| volume.pointer("/hostPath/path").and_then(Value::as_str) == Some("/"))?;
    let name = of_host.get("name")?;
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    let mounts =
        containers.iter().filter_map(|container| container.get("volumeMounts")?.as_array()).flatten();
    let mut there = mounts.filter(|mount| mount.get("name") == Some(name));
    Some(there.next()?.get("mountPath")?.as_str()?.trim_end_matches('/').to_owned())
}

/// System in an image of this name.
fn system(image: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| image.contains(word));
    if has(&["ubuntu"]) {
        "ubuntu2204"
    } else if has(&["centos", "rocky", "fedora"]) {
        "rocky9"
    } else if has(&["alpine", "busybox", "flannel"]) {
        "alpine319"
    } else if has(&["debian", "nginx", "node", "postgres", "redis", "python", "bookworm", "kube-"]) {
        "debian12"
    } else {
        "alpine319"
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_root_of_the_host_is_found_where_it_is_mounted() {
        let pod = json!({ "spec": {
            "containers": [{ "volumeMounts": [{ "name": "h", "mountPath": "/host/" }] }],
            "volumes": [{ "name": "h", "hostPath": { "path": "/" } }],
        } });
        assert_eq!(root(&pod).as_deref(), Some("/host"));
        assert_eq!(root(&json!({ "spec": { "volumes": [] } })), None);
        let words = ["chroot", "/host", "sh", "-c", "cat /host/etc/shadow"].map(str::to_owned).to_vec();
        let target = Target { pod, words, ..Target::default() };
        assert_eq!(target.line(), "chroot / sh -c 'cat /etc/shadow'");
    }
}
