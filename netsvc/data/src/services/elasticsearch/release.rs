//! Releases: what each says of itself.
//!
//! Source: the answer to `GET /` of the packages of artifacts.elastic.co.

use netsvc_kit::Host;
use serde_json::Value;

/// A release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    /// Version.
    pub(super) version: &'static str,
    /// Major and minor number.
    pub(super) line: (u32, u32),
    /// Revision that it was built from.
    pub(super) hash: &'static str,
    /// When it was built.
    date: &'static str,
    /// Version of Lucene.
    lucene: &'static str,
}

const fn release(
    version: &'static str,
    line: (u32, u32),
    hash: &'static str,
    date: &'static str,
    lucene: &'static str,
) -> Release {
    Release { version, line, hash, date, lucene }
}

/// What is shown where a host names none that is known.
const USUAL: Release = release(
    "7.17.12",
    (7, 17),
    "e3b0c3d3c5c130e1dc6d567d6baef1c73eeb2059",
    "2023-07-20T05:33:33.690180787Z",
    "8.11.1",
);

const RELEASES: &[Release] = &[
    release("6.8.0", (6, 8), "65b6179", "2019-05-15T20:06:13.172855Z", "7.7.0"),
    release(
        "7.9.1",
        (7, 9),
        "083627f112ba94dffc1232e8b42b73492789ef91",
        "2020-09-01T21:22:21.964974Z",
        "8.6.2",
    ),
    release(
        "7.10.2",
        (7, 10),
        "747e1cc71def077253878a59143c1f785afa92b9",
        "2021-01-13T00:42:12.435326Z",
        "8.7.0",
    ),
    release(
        "7.12.0",
        (7, 12),
        "78722783c38caa25a70982b5b042074cde5d3b3a",
        "2021-03-18T06:17:15.410153305Z",
        "8.8.0",
    ),
    release(
        "7.13.4",
        (7, 13),
        "c5f60e894ca0c61cdbae4f5a686d9f08bcefc942",
        "2021-07-14T18:33:36.673943207Z",
        "8.8.2",
    ),
    release(
        "7.17.3",
        (7, 17),
        "5ad023604c8d7416c9eb6c0eadb62b14e766caff",
        "2022-04-19T08:11:19.070913226Z",
        "8.11.1",
    ),
    USUAL,
    release(
        "8.4.3",
        (8, 4),
        "42f05b9372a9a4a470db3b52817899b99a76ee73",
        "2022-10-04T07:17:24.662462378Z",
        "9.3.0",
    ),
    release(
        "8.7.1",
        (8, 7),
        "f229ed3f893a515d590d0f39b05f68913e2d9b53",
        "2023-04-27T04:33:42.127815583Z",
        "9.5.0",
    ),
    release(
        "8.12.2",
        (8, 12),
        "48a287ab9497e852de30327444b0809e55d46466",
        "2024-02-19T10:04:32.774273190Z",
        "9.9.2",
    ),
    release(
        "8.15.0",
        (8, 15),
        "1a77947f34deddb41af25e6f0ddb8e830159c179",
        "2024-08-05T10:05:34.233336849Z",
        "9.11.1",
    ),
];

impl Release {
    /// The release of a host.
    pub(super) fn of(host: &Host) -> &'static Release {
        let version = host.product().map_or("", |product| product.version.as_str());
        RELEASES.iter().find(|release| release.version == version).unwrap_or(&USUAL)
    }

    /// Major number.
    pub(super) fn major(&self) -> u32 {
        self.line.0
    }

    /// Whether it names itself in each answer (from 7.14).
    pub(super) fn names_itself(&self) -> bool {
        (7, 14) <= self.line
    }

    /// Whether it warns of its own openness where nobody switched security off (7.13 to 7.17).
    pub(super) fn warns(&self) -> bool {
        ((7, 13)..(8, 0)).contains(&self.line)
    }

    /// The value of `Warning` that says so.
    pub(super) fn warning(&self) -> String {
        format!(
            "299 Elasticsearch-{}-{} \"Elasticsearch built-in security features are not enabled. Without \
                authentication, \
             your cluster could be accessible to anyone. See https://www.elastic.co/guide/en/elasticsearch/reference/\
             {}.{}/security-minimal-setup.html to enable security.\"",
            self.version, self.hash, self.line.0, self.line.1
        )
    }

    /// How the package of a system calls itself.
    pub(super) fn package(host: &Host) -> &'static str {
        let system = host.persona().os.id.as_str();
        if ["rocky", "centos", "fedora"].iter().any(|kin| system.starts_with(kin)) { "rpm" } else { "deb" }
    }

    /// The `version` of `GET /`.
    pub(super) fn told(&self, host: &Host) -> Value {
        let (wire, index) = match self.line {
            (8.., _) => ("7.17.0", "7.0.0"),
            (7, _) => ("6.8.0", "6.0.0-beta1"),
            _ => ("5.6.0", "5.0.0"),
        };
        // As many as there are: everybody asks for this, and a table that grows takes three times the room.
        let fields: [(&str, Value); 9] = [
            ("number", self.version.into()),
            ("build_flavor", "default".into()),
            ("build_type", Release::package(host).into()),
            ("build_hash", self.hash.into()),
            ("build_date", self.date.into()),
            ("build_snapshot", false.into()),
            ("lucene_version", self.lucene.into()),
            ("minimum_wire_compatibility_version", wire.into()),
            ("minimum_index_compatibility_version", index.into()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::products::PRODUCTS;
    use super::*;

    #[test]
    fn every_product_has_its_release() {
        for (_, (_, version, _)) in PRODUCTS.iter().flat_map(|products| products.shown) {
            assert!(RELEASES.iter().any(|release| release.version == *version), "{version}");
        }
    }
}
