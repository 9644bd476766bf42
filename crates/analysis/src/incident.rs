//! What a batch of stored events adds to incidents: the strokes of each address, and what ties addresses to one
//! campaign. However events are cut into batches, the same incidents come of them.

use crate::{listed, touch::Touch};
use decnet_model::{
    catalogue,
    record::{Contact, Counts, EventRow, IncidentDelta, Mark, MarkKind, MarkSeen, QUIET, Stage, Stroke},
};
use netsvc_wire::{Kind, Meaning, field};
use std::{collections::BTreeMap, net::IpAddr};

/// Services whose commands are verbs of the protocol that a client says before anybody has let it in.
const VERBS: &[&str] = &["ftp", "ftps", "imap", "pop3", "rsync", "sip", "smtp", "smtp_relay", "smtps"];

/// Bytes of a payload from which on its content ties addresses together: an empty file is nobody's.
const TELLING: u64 = 64;
/// Longest login name that is looked at.
const NAME: usize = 128;

/// What `rows`, in the order of their ids, add. Probes of our own are no incident.
pub fn delta(rows: &[EventRow]) -> IncidentDelta {
    let mut delta = IncidentDelta::default();
    let mut open: BTreeMap<IpAddr, usize> = BTreeMap::new();
    let mut contacts: BTreeMap<(usize, &str, &str), Contact> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.probe) {
        let Some(touch) = Touch::of_row(row) else { continue };
        let known = open.get(&touch.src_ip).copied();
        let goes_on = |index: &usize| {
            delta.strokes.get(*index).is_some_and(|stroke| touch.at.saturating_sub(stroke.last_seen) <= QUIET)
        };
        let index = known.filter(goes_on).unwrap_or_else(|| {
            delta.strokes.push(begin(row, &touch));
            delta.strokes.len() - 1
        });
        open.insert(touch.src_ip, index);
        if let Some(stroke) = delta.strokes.get_mut(index) {
            add(stroke, row, &touch);
        }
        let contact =
            contacts.entry((index, touch.node, touch.service)).or_insert_with(|| met(row.id, &touch));
        contact.first_seen = contact.first_seen.min(touch.at);
        contact.last_seen = contact.last_seen.max(touch.at);
        contact.counts.add_many(touch.kind, touch.class, touch.count);
        delta.marks.extend(mark(row).map(|mark| MarkSeen { stroke: index, at: touch.at, mark }));
    }
    for ((index, ..), contact) in contacts {
        if let Some(stroke) = delta.strokes.get_mut(index) {
            stroke.contacts.push(contact);
        }
    }
    delta
}

fn begin(row: &EventRow, touch: &Touch<'_>) -> Stroke {
    Stroke {
        src_ip: touch.src_ip,
        first_event: row.id,
        last_event: row.id,
        begun_at: touch.at,
        first_seen: touch.at,
        last_seen: touch.at,
        deed: Stage::Touched,
        deed_event: row.id,
        node: touch.node.to_owned(),
        service: touch.service.to_owned(),
        logins: 0,
        login_event: 0,
        principal: None,
        commands: 0,
        artefacts: 0,
        counts: Counts::default(),
        contacts: Vec::new(),
    }
}

fn met(event: i64, touch: &Touch<'_>) -> Contact {
    Contact {
        node: touch.node.to_owned(),
        service: touch.service.to_owned(),
        first_event: event,
        first_seen: touch.at,
        last_seen: touch.at,
        counts: Counts::default(),
    }
}

fn add(stroke: &mut Stroke, row: &EventRow, touch: &Touch<'_>) {
    stroke.last_event = row.id;
    stroke.first_seen = stroke.first_seen.min(touch.at);
    stroke.last_seen = stroke.last_seen.max(touch.at);
    stroke.counts.add_many(touch.kind, touch.class, touch.count);
    let kind = Kind::from_name(touch.kind);
    let deed = kind.map_or(Stage::Touched, |kind| stage(kind, touch.service, let_in(row)));
    if deed > stroke.deed {
        (stroke.deed, stroke.deed_event) = (deed, row.id);
        (stroke.node, stroke.service) = (touch.node.to_owned(), touch.service.to_owned());
    }
    let count = |number: &mut u64| *number = number.saturating_add(touch.count);
    match kind.map(Kind::meaning) {
        Some(Meaning::Secret | Meaning::Key) if deed == Stage::LoggedIn => {
            count(&mut stroke.logins);
            stroke.login_event = row.id;
            stroke.principal =
                row.field(field::PRINCIPAL).map(|name| name.get(..NAME).unwrap_or(name).to_vec());
        }
        Some(Meaning::Command) if deed == Stage::Executed => count(&mut stroke.commands),
        Some(Meaning::Payload | Meaning::Mail) => count(&mut stroke.artefacts),
        _ => {}
    }
}

pub(crate) fn let_in(row: &EventRow) -> bool {
    row.field(field::OUTCOME) == Some(b"accepted")
}

/// How far somebody came who did this.
pub(crate) fn stage(kind: Kind, service: &str, let_in: bool) -> Stage {
    match kind.meaning() {
        Meaning::Own
        | Meaning::Opened
        | Meaning::Closed
        | Meaning::Client
        | Meaning::Packets
        | Meaning::Flood => Stage::Touched,
        Meaning::Contact => match kind {
            Kind::PortScan | Kind::UdpProbe | Kind::ArpSweep | Kind::PingSweep | Kind::OddPacket => {
                Stage::Scanned
            }
            _ => Stage::Touched,
        },
        Meaning::Secret | Meaning::Key if let_in => Stage::LoggedIn,
        Meaning::Secret | Meaning::Key => Stage::Tried,
        Meaning::Session | Meaning::Recording => Stage::LoggedIn,
        Meaning::Command => match kind {
            // Whoever speaks another protocol to a port is told as one who says unknown commands.
            Kind::UnknownCommand if !ends_at_a_shell(service) => Stage::Touched,
            Kind::Request => Stage::Touched,
            // Whoever asks for a name has not come yet.
            Kind::Query if service == "llmnr" => Stage::Touched,
            Kind::Command if VERBS.contains(&service) => Stage::Touched,
            _ => Stage::Executed,
        },
        Meaning::Deed => match kind {
            Kind::MailFrom | Kind::RcptTo => Stage::Touched,
            _ => Stage::Executed,
        },
        Meaning::Payload | Meaning::Mail => Stage::Left,
    }
}

fn ends_at_a_shell(service: &str) -> bool {
    catalogue::find(service).is_some_and(|service| service.command_line)
}

/// What an event has that ties its address to others.
fn mark(row: &EventRow) -> Option<Mark> {
    if let Some(id) = row.field(field::REFERENCE).filter(|id| !id.is_empty() && id.len() <= NAME) {
        let telling = row.kind != Kind::Echo.name();
        return telling.then(|| Mark { kind: MarkKind::Canary, value: id.to_vec() });
    }
    match Kind::meaning_of(&row.kind)? {
        Meaning::Secret => {
            let name = row.text(field::PRINCIPAL)?.trim().to_lowercase();
            let telling = !listed::name(&name) && name.len() <= NAME;
            telling.then(|| Mark { kind: MarkKind::Principal, value: name.into_bytes() })
        }
        Meaning::Key => {
            let key = row.field(field::KEY_SHA256).filter(|key| key.len() <= NAME)?;
            Some(Mark { kind: MarkKind::Key, value: key.to_vec() })
        }
        Meaning::Payload => {
            let hash = row.field(field::SHA256).filter(|hash| hash.len() == 64)?;
            let telling = row.number_field::<u64>(field::SIZE).is_some_and(|size| TELLING <= size);
            telling.then(|| Mark { kind: MarkKind::Payload, value: hash.to_vec() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{WriterId, stamp::Micros};

    fn row(id: i64, at: Micros, address: &str, kind: &str, fields: &[(&str, &str)]) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at,
            node: if id % 2 == 0 { "even".into() } else { "odd".into() },
            service: "ssh".into(),
            kind: kind.into(),
            src_ip: address.parse().ok(),
            src_port: None,
            dst_port: None,
            session: None,
            probe: false,
            host: None,
            class: decnet_model::record::class_of(kind),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn a_pause_ends_a_stroke_and_the_furthest_deed_names_it() {
        let accepted = [("principal", "root"), ("outcome", "accepted")];
        let rows = [
            row(1, 0, "192.0.2.1", "connect", &[]),
            row(2, 10, "192.0.2.2", "connect", &[]),
            row(3, 20, "192.0.2.1", "auth_attempt", &[("principal", "root"), ("outcome", "rejected")]),
            row(4, 30, "192.0.2.1", "auth_attempt", &accepted),
            row(5, 40, "192.0.2.1", "command", &[("command", "id")]),
            row(6, 40 + QUIET, "192.0.2.1", "command", &[("command", "id")]),
            row(7, 41 + 2 * QUIET, "192.0.2.1", "disconnect", &[]),
            EventRow { probe: true, ..row(8, 50, "127.255.0.1", "connect", &[]) },
        ];
        let strokes = delta(&rows).strokes;
        let seen: Vec<_> = strokes
            .iter()
            .map(|one| (one.first_event, one.last_event, one.deed, one.deed_event, one.commands, one.logins))
            .collect();
        assert_eq!(
            seen,
            [
                (1, 6, Stage::Executed, 5, 2, 1),
                (2, 2, Stage::Touched, 2, 0, 0),
                (7, 7, Stage::Touched, 7, 0, 0)
            ]
        );
        assert_eq!(
            (strokes[0].principal.as_deref(), strokes[0].node.as_str()),
            (Some(b"root".as_slice()), "odd")
        );
        assert_eq!((strokes[0].contacts.len(), strokes[0].counts.events), (2, 5));
    }

    #[test]
    fn every_kind_has_a_stage() {
        for (kind, service, let_in, expected) in [
            ("request", "http", false, Stage::Touched),
            ("port_scan", "gate", false, Stage::Scanned),
            ("auth_attempt", "ftp", false, Stage::Tried),
            ("auth_attempt", "ftp", true, Stage::LoggedIn),
            ("key_offer", "ssh", true, Stage::LoggedIn),
            ("command", "ftp", false, Stage::Touched),
            ("command", "redis", false, Stage::Executed),
            ("command", "telnet", false, Stage::Executed),
            ("unknown_command", "memcached", false, Stage::Touched),
            ("unknown_command", "ssh", false, Stage::Executed),
            ("query", "mysql", false, Stage::Executed),
            ("query", "llmnr", false, Stage::Touched),
            ("poisoner_detected", "llmnr", false, Stage::Executed),
            ("command", "rsync", false, Stage::Touched),
            ("exploit_attempt", "http", false, Stage::Executed),
            ("rcpt_to", "smtp", false, Stage::Touched),
            ("session_recorded", "ssh", false, Stage::LoggedIn),
            ("file_captured", "ftp", false, Stage::Left),
            ("message_stored", "smtp", false, Stage::Left),
        ] {
            assert_eq!(stage(Kind::from_name(kind).unwrap(), service, let_in), expected, "{kind} {service}");
        }
    }

    #[test]
    fn names_that_everybody_tries_tie_nobody() {
        let hash = "ab".repeat(32);
        for (kind, fields, expected) in [
            ("auth_attempt", vec![("principal", "Root")], None),
            ("auth_attempt", vec![("principal", "SVC-Backup")], Some("svc-backup")),
            ("auth_attempt", vec![], None),
            ("key_offer", vec![("key_sha256", "SHA256:x")], Some("SHA256:x")),
            ("file_captured", vec![("sha256", hash.as_str()), ("size", "64")], Some(hash.as_str())),
            ("file_captured", vec![("sha256", hash.as_str()), ("size", "0")], None),
            ("session_recorded", vec![("sha256", hash.as_str()), ("size", "640")], None),
            ("command", vec![("principal", "svc-backup")], None),
        ] {
            let found = mark(&row(1, 0, "192.0.2.1", kind, &fields));
            let found = found.map(|mark| String::from_utf8(mark.value).unwrap());
            assert_eq!(found.as_deref(), expected, "{kind} {fields:?}");
        }
    }
}
