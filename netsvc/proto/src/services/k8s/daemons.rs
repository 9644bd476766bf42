//! Kubernetes by system: the kubelet is what runs on the host itself.

use netsvc_kit::declared::{Changed, Daemon, Laid};

pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "kubernetes",
    binary: "/usr/bin/kubelet",
    command: "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
              --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml \
              --container-runtime-endpoint=unix:///var/run/containerd/containerd.sock",
    unit: "kubelet",
    about: "kubelet: The Kubernetes Node Agent",
    package: ("kubelet", "Node agent for Kubernetes clusters"),
    size: (1_866_000, 98_400),
    files: &[
        Laid::folder("/etc/kubernetes", 0o755, Changed::Installed),
        Laid::folder("/etc/kubernetes/manifests", 0o700, Changed::Installed),
        Laid::folder("/etc/kubernetes/pki", 0o755, Changed::Installed),
        Laid::folder("/var/lib/kubelet", 0o700, Changed::Installed),
        Laid::folder("/var/lib/etcd", 0o700, Changed::Lately),
    ],
    ..Daemon::ROOT
}];
