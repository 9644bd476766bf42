//! What a container is asked to be: its command, its mounts and its rights, out of the request's JSON.

use super::image::Image;
use serde_json::{Map, Value, json};

/// Longest specification that is kept.
pub(super) const LONGEST: usize = 32 * 1024;
/// Most words of a command.
const WORDS: usize = 256;

/// A specification.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    /// Image as asked for.
    pub(super) image: String,
    /// All words that run.
    pub(super) words: Vec<String>,
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    /// Whether what the image brings is run as it is: a service that goes on until it is stopped.
    pub(super) is_service: bool,
    pub(super) environment: Vec<String>,
    pub(super) folder: String,
    pub(super) user: String,
    pub(super) host_name: String,
    pub(super) terminal: bool,
    pub(super) open_input: bool,
    /// Whether the first client that leaves ends the input.
    pub(super) input_once: bool,
    pub(super) privileged: bool,
    pub(super) removes_itself: bool,
    /// Mounts of paths or volumes: source, destination, whether it can be written to.
    pub(super) mounts: Vec<(String, String, bool)>,
    pub(super) network: String,
    pub(super) process_space: String,
    pub(super) capabilities: Vec<String>,
    /// Ports as they are published: container's with protocol, host's.
    pub(super) ports: Vec<(String, String)>,
    /// What was sent.
    pub(super) sent: Value,
}

impl Spec {
    /// Reads what was sent for a container of `image`.
    pub(super) fn read(sent: Value, image: &Image) -> Spec {
        let host = sent.get("HostConfig").cloned().unwrap_or_default();
        let text =
            |from: &Value, key: &str| from.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flag = |from: &Value, key: &str| from.get(key).and_then(Value::as_bool).unwrap_or_default();
        let own = sent.get("Entrypoint").filter(|value| !value.is_null()).map(words);
        let asked = words(sent.get("Cmd").unwrap_or(&Value::Null));
        // An entry point of one's own leaves the image's command out.
        let (entrypoint, command) = match own {
            Some(own) => (own, asked),
            None if asked.is_empty() => (image.entrypoint.clone(), image.command.clone()),
            None => (image.entrypoint.clone(), asked),
        };
        let shells = command.first().is_some_and(|word| is_shell(word));
        let is_service = !image.entrypoint.is_empty()
            && entrypoint == image.entrypoint
            && (command == image.command || !shells && image.command.is_empty());
        let all = entrypoint.iter().chain(&command).take(WORDS).cloned().collect();
        Spec {
            image: text(&sent, "Image"),
            words: all,
            entrypoint,
            command,
            is_service,
            environment: words(sent.get("Env").unwrap_or(&Value::Null)),
            folder: text(&sent, "WorkingDir"),
            user: text(&sent, "User"),
            host_name: text(&sent, "Hostname"),
            terminal: flag(&sent, "Tty"),
            open_input: flag(&sent, "OpenStdin"),
            input_once: flag(&sent, "StdinOnce"),
            privileged: flag(&host, "Privileged"),
            removes_itself: flag(&host, "AutoRemove"),
            mounts: mounts(&host),
            network: text(&host, "NetworkMode"),
            process_space: text(&host, "PidMode"),
            capabilities: words(host.get("CapAdd").unwrap_or(&Value::Null)),
            ports: ports(&host),
            sent,
        }
    }

    /// The words of the program that it runs; an entry point of images of services hands over to them.
    pub(super) fn program(&self) -> &[String] {
        let wrapped = self.entrypoint.first().is_some_and(|word| word.ends_with("entrypoint.sh"));
        if wrapped && !self.command.is_empty() { &self.command } else { &self.words }
    }

    /// Where the host's root stands in the container, if it does.
    pub(super) fn host_root(&self) -> Option<&str> {
        let found = self.mounts.iter().find(|(source, _, _)| source == "/");
        found.map(|(_, destination, _)| destination.as_str())
    }

    /// The command line of the client that asks for the same.
    pub(super) fn told(&self, name: &str) -> String {
        let mut words = vec!["docker".to_owned(), "create".to_owned()];
        let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
        if !name.is_empty() {
            option("--name", name);
        }
        for (source, destination, writable) in &self.mounts {
            option("-v", &format!("{source}:{destination}{}", if *writable { "" } else { ":ro" }));
        }
        for (key, value) in [("--network", &self.network), ("--pid", &self.process_space), ("-u", &self.user)]
        {
            if !value.is_empty() && value != "default" {
                option(key, value);
            }
        }
        for capability in &self.capabilities {
            option("--cap-add", capability);
        }
        for variable in &self.environment {
            option("-e", variable);
        }
        for (inner, outer) in &self.ports {
            option("-p", &format!("{outer}:{inner}"));
        }
        for (key, set) in
            [("--privileged", self.privileged), ("--rm", self.removes_itself), ("-t", self.terminal)]
        {
            if set {
                words.push(key.to_owned());
            }
        }
        words.push(self.image.clone());
        words.extend(self.command.iter().cloned());
        quoted(&words)
    }

    /// What of it gives the host away.
    pub(super) fn technique(&self) -> Option<&'static str> {
        let mounts = |wanted: &str| self.mounts.iter().any(|(source, _, _)| source == wanted);
        let below = |parents: &[&str]| {
            self.mounts.iter().any(|(source, _, _)| parents.iter().any(|parent| source.starts_with(parent)))
        };
        if mounts("/") {
            Some("container with the root of the host")
        } else if below(&["/var/run/docker.sock", "/run/docker.sock"]) {
            Some("container with the socket of the engine")
        } else if below(&["/etc", "/root", "/proc", "/var/spool/cron", "/home", "/sys/fs/cgroup"]) {
            Some("container with folders of the host")
        } else if self.privileged {
            Some("privileged container")
        } else if self.process_space == "host" {
            Some("container with the processes of the host")
        } else {
            self.capabilities
                .iter()
                .any(|name| name.contains("SYS_") || name == "ALL")
                .then_some("container with rights of the kernel")
        }
    }

    /// What the engine tells of its rights: the defaults with what was sent over them.
    pub(super) fn host_config(&self, old: bool) -> Value {
        let mut all = defaults(old);
        let sent = self.sent.get("HostConfig").and_then(Value::as_object);
        for (key, value) in &mut all {
            if let Some(given) = sent.and_then(|sent| sent.get(key)).filter(|given| !given.is_null()) {
                *value = given.clone();
            }
        }
        if all.get("NetworkMode") == Some(&json!("")) {
            all.insert("NetworkMode".to_owned(), json!("default"));
        }
        Value::Object(all)
    }
}

/// Whether `word` is a command line interpreter.
pub(super) fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next().unwrap_or(word), "sh" | "bash" | "ash" | "dash")
}

/// A list of texts, or one text as a list of one.
pub(super) fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().take(WORDS).filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn mounts(host: &Value) -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for bind in words(host.get("Binds").unwrap_or(&Value::Null)) {
        let mut parts = bind.splitn(3, ':');
        let (Some(source), Some(destination)) = (parts.next(), parts.next()) else { continue };
        let writable = !parts.next().is_some_and(|mode| mode.split(',').any(|word| word == "ro"));
        all.push((source.to_owned(), destination.to_owned(), writable));
    }
    for mount in host.get("Mounts").and_then(Value::as_array).into_iter().flatten().take(WORDS) {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let locked = mount.get("ReadOnly").and_then(Value::as_bool).unwrap_or_default();
        all.push((text("Source"), text("Target"), !locked));
    }
    all
}

fn ports(host: &Value) -> Vec<(String, String)> {
    let bindings = host.get("PortBindings").and_then(Value::as_object);
    let mut all = Vec::new();
    for (inner, outer) in bindings.into_iter().flatten().take(64) {
        for one in outer.as_array().into_iter().flatten().take(8) {
            let port = one.get("HostPort").and_then(Value::as_str).unwrap_or_default();
            all.push((inner.clone(), port.to_owned()));
        }
    }
    all
}

/// Words with quotes where a shell needs them.
pub(super) fn quoted(words: &[String]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
    let quote = |word: &String| match !word.is_empty() && word.bytes().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

fn defaults(old: bool) -> Map<String, Value> {
    let text = r#"{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{}},
"NetworkMode":"default","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,
"VolumeDriver":"","VolumesFrom":null,
"CapAdd":null,"CapDrop":null,"CgroupnsMode":"private","Dns":[],"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,
"GroupAdd":null,"IpcMode":"private","Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"","Privileged":false,
"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"","ShmSize":67108864,
"Runtime":"runc","ConsoleSize":[0,0],"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"",
"BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":null,"BlkioDeviceWriteBps":null,"BlkioDeviceReadIOps":null,
"BlkioDeviceWriteIOps":null,"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"",
"CpusetMems":"","Devices":[],"DeviceCgroupRules":null,"DeviceRequests":null,"KernelMemory":0,"KernelMemoryTCP":0,
"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,"OomKillDisable":null,"PidsLimit":null,"Ulimits":null,
"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":["/proc/asound","/proc/acpi",
"/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug",
"/proc/scsi","/sys/firmware"],"ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}"#;
    let mut all: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    if !old {
        all.shift_remove("KernelMemory");
        all.shift_remove("KernelMemoryTCP");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::docker_api::image::Reference;

    fn read(text: &str) -> Spec {
        let image = Image::pulled(&Reference::read("alpine").unwrap(), 0);
        Spec::read(serde_json::from_str(text).unwrap(), &image)
    }

    #[test]
    fn what_gives_the_host_away_is_named_and_told_as_a_command_line() {
        let spec = read(
            r#"{"Image":"alpine","Cmd":["chroot","/mnt","sh","-c","id; ls"],
                "HostConfig":{"Binds":["/:/mnt:ro"],"Privileged":true,"NetworkMode":"host"}}"#,
        );
        assert_eq!(spec.host_root(), Some("/mnt"));
        assert_eq!(spec.technique(), Some("container with the root of the host"));
        assert_eq!(
            spec.told("x"),
            "docker create --name x -v /:/mnt:ro --network host --privileged alpine chroot /mnt sh -c 'id; ls'"
        );
        assert_eq!(spec.host_config(true).get("Privileged"), Some(&json!(true)));
        assert_eq!(read(r#"{"Image":"alpine"}"#).words, ["/bin/sh"]);
        assert_eq!(read(r#"{"Image":"alpine"}"#).technique(), None);
    }
}
