//! What hosts and programs of attackers can be recognised by, of the events that tell it: those of services, of the
//! sniffer and of the prober.

use decnet_model::record::{EventRow, Fingerprint, FingerprintKind};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, net::IpAddr};

/// Characters of a fingerprint, and of what it means.
const VALUE: usize = 200;
const DETAIL: usize = 200;

/// What `rows`, in the order of their ids, tell.
pub(crate) fn found(rows: &[EventRow]) -> Vec<Fingerprint> {
    let mut found: BTreeMap<(IpAddr, FingerprintKind, String), Fingerprint> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.probe) {
        let Some(address) = whose(row) else { continue };
        for (kind, value, detail) in told(row) {
            let made = || Fingerprint {
                src_ip: address,
                kind,
                value: value.clone(),
                detail: String::new(),
                node: String::new(),
                service: String::new(),
                events: 0,
                first_event: row.id,
                last_event: row.id,
                first_seen: row.at,
                last_seen: row.at,
            };
            let one = found.entry((address, kind, value.clone())).or_insert_with(made);
            one.events += 1;
            one.last_event = row.id;
            (one.first_seen, one.last_seen) = (one.first_seen.min(row.at), one.last_seen.max(row.at));
            (one.detail, one.node, one.service) = (detail, row.node.clone(), row.service.clone());
        }
    }
    found.into_values().collect()
}

/// Whom an event is about: of what the prober found out, whom it has asked.
fn whose(row: &EventRow) -> Option<IpAddr> {
    let address = match Kind::from_name(&row.kind) {
        Some(Kind::ProbeResult) => row.text(field::DST_IP)?.parse().ok()?,
        _ => row.src_ip?,
    };
    Some(address.to_canonical())
}

type Told = (FingerprintKind, String, String);

/// The fingerprints of an event, each with what it means.
fn told(row: &EventRow) -> Vec<Told> {
    let mut told = Vec::new();
    let mut add = |kind, value: Option<String>, detail: String| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            told.push((kind, value, detail));
        }
    };
    let text = |name| row.text(name).map(|text| shown(text, VALUE));
    match Kind::from_name(&row.kind) {
        Some(Kind::TcpFingerprint) => {
            let value = row.text(field::SIGNATURE).map(|text| shown(&anywhere(text), VALUE));
            add(FingerprintKind::Tcp, value, words(row, &[field::OS_GUESS, field::TOOL, field::DISTANCE]));
        }
        Some(Kind::CertificateSeen) => {
            let names = &[field::SUBJECT_NAME, field::ISSUER];
            add(FingerprintKind::Certificate, text(field::CERTIFICATE_SHA256), words(row, names));
        }
        Some(Kind::DhcpFingerprint) => {
            let names = &[field::VENDOR_CLASS, field::CLIENT_NAME, field::SRC_MAC];
            add(FingerprintKind::Dhcp, text(field::DHCP_PARAMETERS), words(row, names));
        }
        Some(Kind::SharedAddress) => {
            add(FingerprintKind::Shared, text(field::REASON), words(row, &[field::COUNT]));
        }
        Some(Kind::Beacon) => {
            let port = row.dst_port.map(|port| format!("port {port}"));
            let names = &[field::INTERVAL_MS, field::JITTER_PERCENT, field::COUNT];
            add(FingerprintKind::Beacon, port, words(row, names));
        }
        Some(Kind::Flow) => {
            let names = &[field::SKEW_PPM];
            let rate = row.text(field::CLOCK_HZ).map(|rate| format!("{} Hz", shown(rate, VALUE)));
            add(FingerprintKind::Clock, rate, words(row, names));
        }
        Some(Kind::ProbeResult) => {
            let kind = row.text(field::PROBE).and_then(|name| name.parse().ok());
            if let Some(kind) = kind {
                add(kind, text(field::VALUE), words(row, &[field::DST_PORT, field::SUBJECT_NAME]));
            }
        }
        _ => {}
    }
    for (kind, name, about) in [
        (FingerprintKind::Ja3, field::JA3, &[field::SNI][..]),
        (FingerprintKind::Ja4, field::JA4, &[field::SNI]),
        (FingerprintKind::Ja3s, field::JA3S, &[field::TLS_VERSION]),
        (FingerprintKind::Hassh, field::HASSH, &[field::CLIENT_VERSION]),
        (FingerprintKind::HasshServer, field::HASSH_SERVER, &[field::SERVER_VERSION]),
        (FingerprintKind::Http2, field::HTTP2_FINGERPRINT, &[field::USER_AGENT]),
    ] {
        add(kind, text(name), words(row, about));
    }
    told
}

/// A signature without where its host is: the distance is another on each way.
fn anywhere(signature: &str) -> String {
    let mut parts = signature.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(version), Some(ttl), Some(rest)) => {
            let (ttl, distance) = ttl.split_once('+').unwrap_or((ttl, ""));
            let first = ttl.parse::<u16>().ok().zip(distance.parse::<u16>().ok());
            match first {
                Some((ttl, distance)) => format!("{version}:{}:{rest}", ttl.saturating_add(distance)),
                None => signature.to_owned(),
            }
        }
        _ => signature.to_owned(),
    }
}

/// Values of fields that are there: the name before those that do not speak for themselves.
fn words(row: &EventRow, names: &[&str]) -> String {
    let word = |name: &&str| {
        let value = row.text(name).filter(|value| !value.is_empty())?;
        let value = shown(value, DETAIL / 2);
        Some(match *name {
            field::DISTANCE => format!("{value} routers away"),
            field::DST_PORT => format!("port {value}"),
            field::COUNT => format!("{value} of them"),
            field::INTERVAL_MS => format!("every {value} ms"),
            field::JITTER_PERCENT => format!("give or take {value} %"),
            field::SKEW_PPM => format!("{value} ppm fast"),
            _ => value,
        })
    };
    shown(&names.iter().filter_map(word).collect::<Vec<_>>().join(", "), DETAIL)
}

fn shown(text: &str, most: usize) -> String {
    text.chars().take(most).map(|one| if one.is_control() { '?' } else { one }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::WriterId;

    fn row(id: i64, kind: Kind, fields: &[(&str, &str)]) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at: id * 10,
            node: "web-01".into(),
            service: "sniffer".into(),
            kind: kind.name().into(),
            src_ip: (kind != Kind::ProbeResult).then(|| IpAddr::from([192, 0, 2, 1])),
            src_port: None,
            dst_port: Some(443),
            session: None,
            probe: false,
            host: None,
            class: decnet_model::record::class_of(kind.name()),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        }
    }

    fn lines(rows: &[EventRow]) -> Vec<String> {
        let line = |one: &Fingerprint| {
            format!("{} {} {} ({}) x{}", one.src_ip, one.kind.name(), one.value, one.detail, one.events)
        };
        found(rows).iter().map(line).collect()
    }

    #[test]
    fn what_tells_is_kept_with_what_it_means() {
        let rows = [
            row(
                1,
                Kind::TcpFingerprint,
                &[("signature", "4:61+3:0:1460:mss*44,7:mss:df:0"), ("os_guess", "Linux"), ("distance", "3")],
            ),
            row(
                2,
                Kind::TcpFingerprint,
                &[("signature", "4:60+4:0:1460:mss*44,7:mss:df:0"), ("os_guess", "Linux"), ("distance", "4")],
            ),
            row(3, Kind::TlsHandshake, &[("ja3", "aa"), ("ja4", "bb"), ("sni", "x.example")]),
            row(4, Kind::ClientFingerprint, &[("hassh", "cc"), ("client_version", "SSH-2.0-Go")]),
            row(
                5,
                Kind::ProbeResult,
                &[("dst_ip", "192.0.2.1"), ("probe", "jarm"), ("value", "dd"), ("dst_port", "443")],
            ),
            row(6, Kind::Command, &[("command", "id")]),
        ];
        assert_eq!(
            lines(&rows),
            [
                "192.0.2.1 tcp 4:64:0:1460:mss*44,7:mss:df:0 (Linux, 4 routers away) x2",
                "192.0.2.1 ja3 aa (x.example) x1",
                "192.0.2.1 ja4 bb (x.example) x1",
                "192.0.2.1 hassh cc (SSH-2.0-Go) x1",
                "192.0.2.1 jarm dd (port 443) x1",
            ]
        );
        let probes: Vec<EventRow> = rows.into_iter().map(|row| EventRow { probe: true, ..row }).collect();
        assert!(lines(&probes).is_empty());
    }

    #[test]
    fn values_fit_their_columns_whatever_a_peer_sends() {
        let long = "\u{e9}\n".repeat(5000);
        let found = found(&[row(1, Kind::TlsHandshake, &[("ja3", &long), ("sni", &long)])]);
        assert!(
            found
                .iter()
                .all(|one| one.value.chars().count() <= VALUE && one.detail.chars().count() <= DETAIL)
        );
        assert!(found.iter().all(|one| !one.value.contains('\n')));
    }
}
