//! Sessions.

use crate::{Event, Keystrokes, Texts, shown};
use decnet_model::record;
use netsvc_wire::{field, stamp};
use serde::Serialize;
use utoipa::ToSchema;

/// One session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// Id.
    pub id: String,
    /// Id of the first event.
    pub first_event: i64,
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Address of the peer.
    pub src_ip: Option<String>,
    /// Port of the peer.
    pub src_port: Option<u16>,
    /// Port of the decky.
    pub dst_port: Option<u16>,
    /// First event, RFC 3339.
    pub started_at: String,
    /// When it was closed, RFC 3339; absent while it is open.
    pub ended_at: Option<String>,
    /// Last event so far, RFC 3339.
    pub last_at: String,
    /// From the first event to the end, or to the last event while it is open, in milliseconds.
    pub duration_ms: i64,
    /// Events.
    pub events: u64,
    /// Commands, requests, queries.
    pub commands: u64,
    /// Secrets offered.
    pub credentials: u64,
    /// Payloads kept.
    pub artifacts: u64,
    /// Login name.
    pub principal: Option<String>,
    /// What the client calls itself.
    pub client: Option<String>,
    /// SHA-256 of the recording.
    pub recording: Option<String>,
    /// Bytes from the peer.
    pub bytes_in: Option<u64>,
    /// Bytes to the peer.
    pub bytes_out: Option<u64>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Whether it is a probe of our own.
    pub probe: bool,
    /// Exact bytes, base64, of the texts that are not shown as they are.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&record::Session> for Session {
    fn from(row: &record::Session) -> Self {
        let mut exact = Texts::default();
        Session {
            id: shown(&row.id),
            first_event: row.first_event,
            decky: shown(&row.node),
            service: shown(&row.service),
            src_ip: row.src_ip.map(|address| address.to_string()),
            src_port: row.src_port,
            dst_port: row.dst_port,
            started_at: stamp::format(row.started_at),
            ended_at: row.ended_at.map(stamp::format),
            last_at: stamp::format(row.last_at),
            duration_ms: (row.ended_at.unwrap_or(row.last_at) - row.started_at) / 1000,
            events: row.events,
            commands: row.commands,
            credentials: row.credentials,
            artifacts: row.artefacts,
            principal: exact.show_some("principal", row.principal.as_ref()),
            client: exact.show_some("client", row.client.as_ref()),
            recording: row.recording.as_deref().map(shown),
            bytes_in: row.bytes_in,
            bytes_out: row.bytes_out,
            reason: row.reason.as_deref().map(shown),
            probe: row.probe,
            exact,
        }
    }
}

/// A session and its first events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionDetail {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Its events, oldest first; of a long session the first, and more by `/events?session=`.
    pub timeline: Vec<Event>,
    /// Captures in which its packets are, oldest first; `/sessions/{id}/packets` has them as one.
    pub packets: Vec<SessionPackets>,
    /// How what was typed came, where a recording is kept and has keys in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keystrokes: Option<Keystrokes>,
}

/// A capture of all connections of a host to a port of a decky, of which a session is one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionPackets {
    /// SHA-256 of the artefact.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Packets.
    pub packets: u64,
    /// Last packet, RFC 3339.
    pub at: String,
    /// From the first packet to the last, in milliseconds.
    pub duration_ms: u64,
    /// Whether there were more packets.
    pub cut: bool,
}

impl From<&record::EventRow> for SessionPackets {
    fn from(row: &record::EventRow) -> Self {
        let number = |name| row.text(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        SessionPackets {
            sha256: row.text(field::SHA256).map(shown).unwrap_or_default(),
            size: number(field::SIZE),
            packets: number(field::PACKETS),
            at: stamp::format(row.at),
            duration_ms: number(field::DURATION_MS),
            cut: row.field(field::CUT).is_some(),
        }
    }
}
