//! Bodies of answers. Captured bytes are shown escaped; where that is not the text itself, the exact
//! bytes come as base64 beside it.

mod attacker;
mod evidence;
mod fleet;
mod session;

pub use attacker::{Attacker, AttackerDetail, Contact, Counts, Traversal};
pub use evidence::{Artifact, ArtifactDetail, Credential, Sighting};
pub use fleet::{Decky, Stats, Tally};
pub use session::{Session, SessionDetail};

use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_store::record;
use netsvc_wire::{Class, escape::printable, stamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes that a peer sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Captured {
    /// For the screen: control characters, what is not UTF-8 and the backslash are escaped.
    pub text: String,
    /// The exact bytes, base64; absent when `text` is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl From<&[u8]> for Captured {
    fn from(bytes: &[u8]) -> Self {
        let text = printable(bytes).into_string();
        let base64 = (text.as_bytes() != bytes).then(|| STANDARD.encode(bytes));
        Captured { text, base64 }
    }
}

fn captured(bytes: Option<&Vec<u8>>) -> Option<Captured> {
    bytes.map(|bytes| Captured::from(bytes.as_slice()))
}

/// Names in lines are validated by our encoder, but a relay may have written the line.
fn shown(name: &str) -> String {
    printable(name.as_bytes()).into_string()
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Listing<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// `before=` of the next older page; absent when there are no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<i64>,
    /// `after=` of the next newer page; absent when there are no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<i64>,
}

impl<T: ToSchema> Listing<T> {
    /// A page of `rows` whose key is read by `key`.
    pub(crate) fn of<R>(rows: &[R], key: impl Fn(&R) -> i64) -> Self
    where
        T: for<'a> From<&'a R>,
    {
        Listing {
            items: rows.iter().map(T::from).collect(),
            older: rows.iter().map(&key).min(),
            newer: rows.iter().map(&key).max(),
        }
    }
}

/// `noise`, `scan`, `interaction` or `evidence`.
pub(crate) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Noise => "noise",
        Class::Scan => "scan",
        Class::Interaction => "interaction",
        Class::Evidence => "evidence",
    }
}

/// One field of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(flatten)]
    pub value: Captured,
}

/// One event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Position in the log.
    pub id: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// What happened.
    pub kind: String,
    /// How much it matters: noise, scan, interaction, evidence.
    pub class: &'static str,
    /// Address of the peer.
    pub src_ip: Option<String>,
    /// Port of the peer.
    pub src_port: Option<u16>,
    /// Port of the decky.
    pub dst_port: Option<u16>,
    /// Session.
    pub session: Option<String>,
    /// All fields in their order.
    pub fields: Vec<Field>,
}

impl From<&record::EventRow> for Event {
    fn from(row: &record::EventRow) -> Self {
        Event {
            id: row.id,
            at: stamp::format(row.at),
            decky: shown(&row.node),
            service: shown(&row.service),
            kind: shown(&row.kind),
            class: class_name(row.class),
            src_ip: row.src_ip.map(|address| address.to_string()),
            src_port: row.src_port,
            dst_port: row.dst_port,
            session: row.session.as_deref().map(shown),
            fields: row
                .fields
                .iter()
                .map(|(name, value)| Field { name: name.clone(), value: value.as_slice().into() })
                .collect(),
        }
    }
}
