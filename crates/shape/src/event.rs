//! Events.

use crate::{Texts, shown};
use decnet_model::record::EventRow;
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

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
    /// Whether it came of a probe of our own.
    pub probe: bool,
    /// Host of the swarm that it comes from, by id; absent: this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Writer of the line, 16 hex digits.
    pub writer: String,
    /// Number of the line with its writer.
    pub number: u64,
    /// All fields in their order, escaped as on the screen.
    pub fields: Texts,
    /// Texts bytes, base64, of the fields that are not shown as they are.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&EventRow> for Event {
    fn from(row: &EventRow) -> Self {
        let (mut fields, mut exact) = (Texts::default(), Texts::default());
        for (name, value) in &row.fields {
            let name = fields.free(&shown(name));
            let text = exact.show(&name, value);
            fields.put(&name, text);
        }
        Event {
            id: row.id,
            at: stamp::format(row.at),
            decky: shown(&row.node),
            service: shown(&row.service),
            kind: shown(&row.kind),
            class: row.class.name(),
            src_ip: row.src_ip.map(|address| address.to_string()),
            src_port: row.src_port,
            dst_port: row.dst_port,
            session: row.session.as_deref().map(shown),
            probe: row.probe,
            host: row.host.as_deref().map(shown),
            writer: row.writer.to_string(),
            number: row.number,
            fields,
            exact,
        }
    }
}
