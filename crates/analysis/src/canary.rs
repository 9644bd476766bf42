//! What became of canaries, read from the events that name one.

use decnet_model::{
    canary::is_id,
    record::{CanaryChannel, CanaryHit, EventRow},
};
use netsvc_wire::{Kind, field};

/// Bytes of a client's name and of what it asked for that are kept.
const KEPT: usize = 1024;

/// The times that canaries were taken or used, of `rows` in the order of their ids.
pub fn hits(rows: &[EventRow]) -> Vec<CanaryHit> {
    rows.iter().filter_map(hit).collect()
}

fn hit(row: &EventRow) -> Option<CanaryHit> {
    let canary = row.text(field::REFERENCE).filter(|id| is_id(id))?;
    let kind = Kind::from_name(&row.kind)?;
    let channel = match kind {
        Kind::FileRead => CanaryChannel::Read,
        Kind::Callback | Kind::Echo => row.text(field::CHANNEL)?.parse().ok()?,
        _ => return None,
    };
    let noise = if kind == Kind::Echo { row.text(field::REASON).unwrap_or("noise") } else { "" };
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|name| row.field(name)).unwrap_or_default();
        found.get(..KEPT).unwrap_or(found).to_vec()
    };
    Some(CanaryHit {
        event: row.id,
        canary: canary.to_owned(),
        at: row.at,
        channel,
        noise: noise.chars().take(60).collect(),
        count: row.number_field(field::COUNT).unwrap_or(1),
        src_ip: row.src_ip,
        node: row.node.clone(),
        service: row.service.clone(),
        client: first(&[field::USER_AGENT, field::CLIENT_VERSION]),
        target: first(&[field::TARGET, field::QUERY_NAME, field::PATH, field::PRINCIPAL, field::RCPT_TO]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{Class, WriterId};

    const ID: &str = "abcdefghijklmnopqr";

    fn row(id: i64, kind: &str, fields: &[(&str, &str)]) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at: 5,
            node: "web".into(),
            service: "ssh".into(),
            kind: kind.into(),
            src_ip: "192.0.2.1".parse().ok(),
            src_port: None,
            dst_port: None,
            session: None,
            probe: false,
            host: None,
            class: Class::Evidence,
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn taking_using_and_noise_are_told_apart() {
        let rows = [
            row(1, "file_read", &[("path", "/root/.env"), ("reference", ID)]),
            row(2, "file_read", &[("path", "/etc/passwd")]),
            row(
                3,
                "callback",
                &[("reference", ID), ("channel", "http"), ("target", "/x"), ("user_agent", "curl")],
            ),
            row(4, "echo", &[("reference", ID), ("channel", "dns"), ("reason", "repeated"), ("count", "7")]),
            row(5, "callback", &[("reference", ID), ("channel", "telepathy")]),
            row(6, "callback", &[("reference", "no id"), ("channel", "dns")]),
            row(7, "command", &[("reference", ID)]),
        ];
        let found: Vec<_> = hits(&rows)
            .into_iter()
            .map(|hit| {
                (hit.event, hit.channel.name(), hit.noise, hit.count, String::from_utf8(hit.target).unwrap())
            })
            .collect();
        let line = |event, channel, noise: &str, count, target: &str| {
            (event, channel, noise.to_owned(), count, target.to_owned())
        };
        assert_eq!(
            found,
            [
                line(1, "read", "", 1, "/root/.env"),
                line(3, "http", "", 1, "/x"),
                line(4, "dns", "repeated", 7, "")
            ]
        );
    }
}
