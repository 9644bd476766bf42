//! What the worker notices among stored events.

use super::*;
use crate::make::{Draw, make};
use decnet_model::{
    canary::{Asked, Origin},
    record::{CanaryKind, class_of},
};
use netsvc_wire::WriterId;

fn row(kind: &str, fields: &[(&str, &[u8])]) -> EventRow {
    EventRow {
        id: 7,
        writer: WriterId(1),
        number: 1,
        at: 5,
        node: "web".into(),
        service: "ssh".into(),
        kind: kind.into(),
        src_ip: "192.0.2.1".parse().ok(),
        src_port: Some(4000),
        dst_port: None,
        session: None,
        probe: false,
        host: None,
        class: class_of(kind),
        fields: fields.iter().map(|(name, value)| ((*name).into(), value.to_vec())).collect(),
    }
}

#[test]
fn a_secret_is_known_wherever_it_is_offered() {
    let mut draw = Draw::new().unwrap();
    let mut made = |kind: CanaryKind, target: Option<&str>| {
        let asked = Asked { target: target.map(str::to_owned), ..Asked::of(kind) };
        make(&asked, &Origin::default(), &mut draw, "eve", 1).unwrap()
    };
    let note = made(CanaryKind::Password, None);
    let key = made(CanaryKind::SshKey, None);
    let mail = made(CanaryKind::Email, Some("m.example"));
    let text = String::from_utf8(note.content.clone()).unwrap();
    let password = text.split("pass: ").nth(1).unwrap().trim().to_owned();
    let domain = format!("CORP\\{}", note.canary.lead.split(' ').next().unwrap().to_uppercase());
    let print = key.canary.lead.split(' ').next().unwrap().to_owned();
    let secrets: Vec<_> = [&note, &key, &mail].iter().flat_map(|made| made.secrets.clone()).collect();
    let rows: Vec<_> = [&note, &key, &mail].iter().map(|made| made.canary.clone()).collect();
    let book = Book::of(&rows, secrets);
    let encoded = STANDARD.encode(&password);
    let envelope = format!("TO:<{}> NOTIFY=NEVER", mail.canary.lead.to_uppercase());
    for (event, expected) in [
        (
            row("auth_attempt", &[("principal", b"x"), ("secret_b64", encoded.as_bytes())]),
            Some(&note.canary.id),
        ),
        (row("auth_attempt", &[("secret_printable", password.as_bytes())]), Some(&note.canary.id)),
        (row("auth_attempt", &[("secret_printable", b"hunter2")]), None),
        (
            row("auth_attempt", &[("principal", domain.as_bytes()), ("secret_kind", b"ntlmssp_v2")]),
            Some(&note.canary.id),
        ),
        (row("auth_attempt", &[("principal", b"CORP\\other"), ("secret_kind", b"ntlmssp_v2")]), None),
        (row("key_offer", &[("key_sha256", print.as_bytes())]), Some(&key.canary.id)),
        (row("key_offer", &[("key_sha256", password.as_bytes())]), None),
        (row("rcpt_to", &[("rcpt_to", envelope.as_bytes())]), Some(&mail.canary.id)),
        (row("command", &[("command", password.as_bytes())]), None),
    ] {
        let told = offered(&event, &book);
        let reference = told.as_ref().and_then(|event| {
            event.fields.iter().find(|(name, _)| *name == field::REFERENCE).map(|(_, id)| id.clone())
        });
        assert_eq!(reference, expected.map(|id| id.clone().into_bytes()), "{event:?}");
        if let Some(told) = told {
            assert_eq!((told.node.as_str(), told.app.as_str(), told.kind), ("web", "ssh", Kind::Callback));
        }
    }
}

#[test]
fn what_finds_no_room_is_looked_at_again() {
    let mut draw = Draw::new().unwrap();
    let note = make(&Asked::of(CanaryKind::Password), &Origin::default(), &mut draw, "eve", 1).unwrap();
    let text = String::from_utf8(note.content.clone()).unwrap();
    let password = text.split("pass: ").nth(1).unwrap().trim().to_owned();
    let book = Book::of(std::slice::from_ref(&note.canary), note.secrets.clone());
    let offer = |id| EventRow { id, ..row("auth_attempt", &[("secret_printable", password.as_bytes())]) };
    let rows = [offer(3), EventRow { id: 4, ..row("command", &[]) }, offer(5), offer(6)];
    let mut room = 1;
    let first = tell(&rows, &book, 2, |_| {
        room -= 1;
        room >= 0
    });
    assert_eq!(first, Told { last: 4, secrets: 1, full: true });
    assert_eq!(tell(&rows[2..], &book, 4, |_| false), Told { last: 4, secrets: 0, full: true });
    assert_eq!(tell(&rows[2..], &book, 4, |_| true), Told { last: 6, secrets: 2, full: false });
}
