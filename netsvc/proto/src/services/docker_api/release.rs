//! Releases of the engine: what each says of its API and of what it was built with.
//!
//! Sources: `docker version` of the packages of download.docker.com and of Debian 12.

use netsvc_kit::Host;

/// A release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    /// Version of the engine.
    pub(super) version: &'static str,
    /// Newest version of the API.
    pub(super) api: (u32, u32),
    /// Oldest version of the API.
    pub(super) least: (u32, u32),
    /// Revision that it was built from.
    pub(super) commit: &'static str,
    /// Release of Go.
    pub(super) go: &'static str,
    /// When it was built.
    pub(super) built: &'static str,
    /// containerd, runc and docker-init, with their revisions.
    pub(super) parts: [(&'static str, &'static str, &'static str); 3],
    /// Name of the platform; empty in packages of distributions.
    pub(super) platform: &'static str,
}

const COMMUNITY: &str = "Docker Engine - Community";
const INIT: (&str, &str, &str) = ("docker-init", "0.19.0", "de40ad0");

/// What Debian 12 has.
const DEBIAN: Release = Release {
    version: "20.10.24+dfsg1",
    api: (1, 41),
    least: (1, 12),
    commit: "5d6db84",
    go: "go1.19.8",
    built: "2023-05-18T08:38:34.000000000+00:00",
    parts: [
        ("containerd", "1.6.20~ds1", "1.6.20~ds1-1+b1"),
        ("runc", "1.1.5+ds1", "1.1.5+ds1-1+deb12u1"),
        ("docker-init", "0.19.0", ""),
    ],
    platform: "",
};

const RELEASES: &[Release] = &[
    Release {
        version: "20.10.21",
        api: (1, 41),
        least: (1, 12),
        commit: "3056208",
        go: "go1.18.7",
        built: "2022-10-25T18:00:19.000000000+00:00",
        parts: [
            ("containerd", "1.6.9", "1c90a442489720eec95342e1789ee8a5e1b9536f"),
            ("runc", "1.1.4", "v1.1.4-0-g5fd4c4d"),
            INIT,
        ],
        platform: COMMUNITY,
    },
    DEBIAN,
    Release {
        version: "23.0.1",
        api: (1, 42),
        least: (1, 12),
        commit: "bc3805a",
        go: "go1.19.5",
        built: "2023-02-09T19:46:56.000000000+00:00",
        parts: [
            ("containerd", "1.6.16", "31aa4358a36870b21a992d3ad2bef29e1d693bec"),
            ("runc", "1.1.4", "v1.1.4-0-g5fd4c4d"),
            INIT,
        ],
        platform: COMMUNITY,
    },
    Release {
        version: "24.0.5",
        api: (1, 43),
        least: (1, 12),
        commit: "a61e2b4",
        go: "go1.20.6",
        built: "2023-07-21T20:35:45.000000000+00:00",
        parts: [
            ("containerd", "1.6.21", "3dce8eb055cbb6872793272b4f20ed16117344f8"),
            ("runc", "1.1.7", "v1.1.7-0-g860f061"),
            INIT,
        ],
        platform: COMMUNITY,
    },
    Release {
        version: "24.0.7",
        api: (1, 43),
        least: (1, 12),
        commit: "311b9ff",
        go: "go1.20.10",
        built: "2023-10-26T09:07:41.000000000+00:00",
        parts: [
            ("containerd", "1.6.24", "61f9fd88f79f081d64d6fa3bb1a0dc71ec870523"),
            ("runc", "1.1.9", "v1.1.9-0-gccaecfc"),
            INIT,
        ],
        platform: COMMUNITY,
    },
    Release {
        version: "25.0.3",
        api: (1, 44),
        least: (1, 24),
        commit: "f417435",
        go: "go1.21.6",
        built: "2024-02-06T21:14:17.000000000+00:00",
        parts: [
            ("containerd", "1.6.28", "ae07eda36dd25f8a1b98dfbf587313b99c0190bb"),
            ("runc", "1.1.12", "v1.1.12-0-g51d5e94"),
            INIT,
        ],
        platform: COMMUNITY,
    },
];

impl Release {
    /// The release of a host.
    pub(super) fn of(host: &Host) -> &'static Release {
        let version = host.product().map_or("", |product| product.version.as_str());
        let known = RELEASES.iter().find(|release| release.version == version);
        known.unwrap_or(&DEBIAN)
    }

    /// Whether it is older than 23.0, which no longer tells of memory of the kernel.
    pub(super) fn is_old(&self) -> bool {
        self.api < (1, 42)
    }

    /// Text of its API.
    pub(super) fn api_text(&self) -> String {
        format!("{}.{}", self.api.0, self.api.1)
    }

    /// Text of the oldest version of the API that it speaks.
    pub(super) fn least_text(&self) -> String {
        format!("{}.{}", self.least.0, self.least.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::docker_api::products::PRODUCTS;

    #[test]
    fn every_product_has_its_release() {
        for (_, (_, version, _)) in PRODUCTS.iter().flat_map(|products| products.shown) {
            assert!(RELEASES.iter().any(|release| release.version == *version), "{version}");
        }
    }
}
