//! Releases: what each says of itself.
//!
//! Source: the answer to `GET /` of the packages of apache.jfrog.io.

use netsvc_kit::Host;

/// A release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) version: &'static str,
    pub(super) major: u32,
    /// Revision that it was built from.
    pub(super) revision: &'static str,
    /// Release of Erlang.
    pub(super) erlang: &'static str,
    pub(super) features: &'static [&'static str],
}

const FEATURES: &[&str] =
    &["access-ready", "partitioned", "pluggable-storage-engines", "reshard", "scheduler"];

const USUAL: Release =
    Release { version: "3.3.3", major: 3, revision: "40afbcfc7", erlang: "24", features: FEATURES };

const RELEASES: &[Release] = &[
    Release {
        version: "2.3.1",
        major: 2,
        revision: "c298091a4",
        erlang: "19",
        features: &["pluggable-storage-engines", "scheduler"],
    },
    Release { version: "3.1.1", major: 3, revision: "ce596c65d", erlang: "20", features: FEATURES },
    Release { version: "3.2.2", major: 3, revision: "d5b746b7c", erlang: "24", features: FEATURES },
    Release { version: "3.3.2", major: 3, revision: "11a234070", erlang: "24", features: FEATURES },
    USUAL,
];

impl Release {
    /// The release of a host.
    pub(super) fn of(host: &Host) -> &'static Release {
        let version = host.product().map_or("", |product| product.version.as_str());
        RELEASES.iter().find(|release| release.version == version).unwrap_or(&USUAL)
    }

    /// Value of the Server field.
    pub(super) fn server(&self) -> String {
        format!("CouchDB/{} (Erlang OTP/{})", self.version, self.erlang)
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
