//! The parts of an object that all have, ids, times and markings.

use super::Stix;
use crate::{origin::Origin, uuid::Uuid};
use decnet_model::export::Tlp;
use netsvc_wire::stamp::{self, Micros};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The media type of objects (STIX 2.1 §1.6.4).
pub const MEDIA: &str = "application/stix+json;version=2.1";
/// The namespace of ids of observables (STIX 2.1 §2.9).
const OBSERVABLES: Uuid = Uuid::of_bytes([
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
]);

/// A time as STIX has it: to the millisecond.
pub fn stamp(at: Micros) -> String {
    let text = stamp::format(at);
    format!("{}Z", text.get(..23).unwrap_or_default())
}

/// The id of an object.
pub(super) fn id_of(object: &Value) -> Value {
    object.get("id").cloned().unwrap_or_default()
}

/// The id of an object that [`Common::at`] makes.
pub(super) fn id_by(origin: &Origin, kind: &str, name: &str) -> Value {
    format!("{kind}--{}", origin.id(&format!("{kind} {name}"))).into()
}

/// The id of who says it.
pub(super) fn sayer(origin: &Origin) -> String {
    format!("identity--{}", origin.id("identity identity"))
}

/// What every domain object and relationship begins with.
pub(super) struct Common {
    pub(super) object: Map<String, Value>,
}

impl Common {
    /// An object of a kind that is told apart from others of its kind by `name`, with the times of its first and its
    /// last version.
    pub(super) fn at(stix: &Stix<'_>, kind: &str, name: &str, created: Micros, modified: Micros) -> Self {
        let id = stix.origin.id(&format!("{kind} {name}"));
        let mut object = Map::new();
        object.insert("type".into(), kind.into());
        object.insert("spec_version".into(), "2.1".into());
        object.insert("id".into(), format!("{kind}--{id}").into());
        object.insert("created_by_ref".into(), sayer(stix.origin).into());
        object.insert("created".into(), stamp(created).into());
        object.insert("modified".into(), stamp(modified.max(created)).into());
        object.insert("object_marking_refs".into(), json!([marking_id(stix.wanted.tlp)]));
        Common { object }
    }

    /// The object with how sure it is.
    pub(super) fn sure(mut self, confidence: u8) -> Map<String, Value> {
        self.object.insert("confidence".into(), confidence.into());
        self.object
    }
}

/// The type of an address.
pub(super) fn address_kind(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }
}

/// An observable that is told apart by all of its properties.
pub(super) fn observable(tlp: Tlp, kind: &str, properties: Value) -> Value {
    // One property: what JCS (RFC 8785) would order is in order.
    let id = Uuid::named(OBSERVABLES, &properties.to_string());
    let mut object = Map::new();
    object.insert("type".into(), kind.into());
    object.insert("spec_version".into(), "2.1".into());
    object.insert("id".into(), format!("{kind}--{id}").into());
    object.insert("object_marking_refs".into(), json!([marking_id(tlp)]));
    if let Value::Object(properties) = properties {
        object.extend(properties);
    }
    object.into()
}

/// A file by its SHA-256; its size tells it apart from nothing.
pub(super) fn file(tlp: Tlp, sha256: &str, size: u64) -> Value {
    let mut file = observable(tlp, "file", json!({ "hashes": { "SHA-256": sha256 } }));
    if let Value::Object(file) = &mut file {
        file.insert("size".into(), size.into());
    }
    file
}

/// A marking: four are part of STIX 2.1 (§7.2.1.4, there still called as in version 1 of the protocol), the fifth is
/// the one that OASIS gives it in its extension for version 2.
fn marking_of(tlp: Tlp) -> (&'static str, &'static str, &'static str) {
    match tlp {
        Tlp::Clear => ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:WHITE", "white"),
        Tlp::Green => ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN", "green"),
        Tlp::Amber => ("f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER", "amber"),
        Tlp::AmberStrict => ("939a9414-2ddd-4d32-a0cd-375ea402b003", "TLP:AMBER+STRICT", "amber+strict"),
        Tlp::Red => ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED", "red"),
    }
}

fn marking_id(tlp: Tlp) -> String {
    format!("marking-definition--{}", marking_of(tlp).0)
}

/// The object of a marking, as the standard has it.
pub(super) fn marking(tlp: Tlp) -> Value {
    let (_, name, word) = marking_of(tlp);
    let id = marking_id(tlp);
    match tlp {
        Tlp::AmberStrict => json!({
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": id,
            "created": "2022-10-11T16:35:31.000Z",
            "name": name,
            "extensions": {
                "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                    "extension_type": "property-extension",
                    "tlp_2_0": word,
                },
            },
        }),
        _ => json!({
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": id,
            "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp",
            "name": name,
            "definition": { "tlp": word },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observables_have_the_ids_that_everybody_gives_them() {
        // As the library stix2 3.0.2 (OASIS) makes them.
        let id = |object: &Value| object.get("id").and_then(Value::as_str).unwrap().to_owned();
        let value = |kind, value: &str| id(&observable(Tlp::Green, kind, json!({ "value": value })));
        assert_eq!(value("ipv4-addr", "192.0.2.1"), "ipv4-addr--8dded90c-40c0-545a-8027-5b212bb37e8e");
        assert_eq!(value("ipv6-addr", "2001:db8::1"), "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26");
        assert_eq!(id(&file(Tlp::Green, &"a".repeat(64), 5)), "file--75cb38d5-2055-5354-b75a-8299a2d670b5");
        for (login, expected) in [
            ("root", "user-account--3d209579-8f71-5179-b6a3-49509efb52cc"),
            ("a\"\u{e9}\\x1b", "user-account--8d3cdb58-bb1f-5a6b-9880-ca5eee03e479"),
        ] {
            let account = observable(Tlp::Green, "user-account", json!({ "account_login": login }));
            assert_eq!(id(&account), expected);
        }
    }

    #[test]
    fn a_time_is_to_the_millisecond() {
        assert_eq!(stamp(1_764_000_000_123_999), "2025-11-24T16:00:00.123Z");
    }
}
