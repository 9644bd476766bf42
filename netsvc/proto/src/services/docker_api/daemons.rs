//! The engine by system: the unit of the packages, told to listen on the network.

use netsvc_kit::declared::{Changed, Daemon, Laid};

const FILES: &[Laid] = &[
    Laid::folder("/etc/docker", 0o755, Changed::Installed),
    Laid::file("/etc/docker/daemon.json", 0o644, Changed::Installed, CONFIGURATION),
    Laid::folder("/var/lib/docker", 0o710, Changed::Installed),
];
const CONFIGURATION: &str = "\
{
  \"features\": { \"buildkit\": false },
  \"hosts\": [\"unix:///var/run/docker.sock\", \"tcp://0.0.0.0:2375\"]
}
";

pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "docker",
    binary: "/usr/bin/dockerd",
    command: "/usr/bin/dockerd --containerd=/run/containerd/containerd.sock",
    unit: "docker",
    about: "Docker Application Container Engine",
    package: ("docker-ce", "Docker: the open-source application container engine"),
    epoch: "5:",
    size: (1_546_200, 81_400),
    files: FILES,
    ..Daemon::ROOT
}];
