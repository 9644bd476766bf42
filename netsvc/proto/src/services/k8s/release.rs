//! Releases: what each says of itself.
//!
//! Source: `GET /version` of the images of registry.k8s.io.

use crate::services::http::h2::dialect::{self, Dialect};
use netsvc_kit::Host;
use serde_json::{Value, json};

/// A release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) version: &'static str,
    minor: &'static str,
    commit: &'static str,
    built: &'static str,
    go: &'static str,
    /// Tags of etcd, CoreDNS and the pause container that kubeadm installs with it.
    pub(super) etcd: &'static str,
    pub(super) dns: &'static str,
}

const USUAL: Release = Release {
    version: "1.28.2",
    minor: "28",
    commit: "89a4ea3e1e4ddd7f7572286090359983e0387b2f",
    built: "2023-09-13T09:29:07Z",
    go: "go1.20.8",
    etcd: "3.5.9-0",
    dns: "v1.10.1",
};

const RELEASES: &[Release] = &[
    Release {
        version: "1.24.0",
        minor: "24",
        commit: "4ce5a8954017644c5420bae81d72b09b735c21f0",
        built: "2022-05-03T13:38:19Z",
        go: "go1.18.1",
        etcd: "3.5.3-0",
        dns: "v1.8.6",
    },
    Release {
        version: "1.26.0",
        minor: "26",
        commit: "b46a3f887ca979b1a5d14fd39cb1af43e7e5d12d",
        built: "2022-12-08T19:51:45Z",
        go: "go1.19.4",
        etcd: "3.5.6-0",
        dns: "v1.9.3",
    },
    Release {
        version: "1.27.3",
        minor: "27",
        commit: "25b4e43193bcda6c7328a6d147b1fb73a33f1598",
        built: "2023-06-14T09:47:40Z",
        go: "go1.20.5",
        etcd: "3.5.7-0",
        dns: "v1.10.1",
    },
    USUAL,
    Release {
        version: "1.30.0",
        minor: "30",
        commit: "7c48c2bd72b9bf5c44d21d7338cc7bea77d0ad2a",
        built: "2024-04-17T17:27:03Z",
        go: "go1.22.2",
        etcd: "3.5.12-0",
        dns: "v1.11.1",
    },
];

impl Release {
    /// The release of a host.
    pub(super) fn of(host: &Host) -> &'static Release {
        Release::named(host.product().map_or("", |product| product.version.as_str()))
    }

    /// The release with this version, or the usual one.
    pub(super) fn named(version: &str) -> &'static Release {
        RELEASES.iter().find(|release| release.version == version).unwrap_or(&USUAL)
    }

    /// The second number of its version.
    pub(super) fn number(&self) -> u32 {
        self.minor.parse().unwrap_or_default()
    }

    /// How its API server or its kubelet speaks HTTP/2.
    pub(super) fn dialect(&self, kubelet: bool) -> Dialect {
        match (kubelet, self.number()) {
            // Built with a Go before 1.20.
            (true, ..=26) => dialect::GO_OLD,
            (true, _) => dialect::GO,
            (false, ..=25) => dialect::KUBE_1_24,
            (false, ..=28) => dialect::KUBE_1_26,
            (false, _) => dialect::KUBE,
        }
    }

    /// `GET /version`.
    pub(super) fn told(&self) -> Value {
        json!({
            "major": "1", "minor": self.minor, "gitVersion": format!("v{}", self.version), "gitCommit": self.commit,
            "gitTreeState": "clean", "buildDate": self.built, "goVersion": self.go, "compiler": "gc",
            "platform": "linux/amd64",
        })
    }
}

#[cfg(test)]
mod unit {
    use super::super::products::PRODUCTS;
    use super::*;

    #[test]
    fn every_product_has_its_release() {
        for (_, (_, version, _)) in PRODUCTS.iter().flat_map(|products| products.shown) {
            assert!(RELEASES.iter().any(|release| release.version == *version), "{version}");
        }
    }
}
