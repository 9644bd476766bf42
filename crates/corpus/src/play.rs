//! What an actor does while he is there, as events.

use crate::{
    actor::{Actor, Kind as Actors},
    draw::Draw,
};
use decnet_model::record::{EventRow, class_of};
use netsvc_wire::{Kind, WriterId, field, stamp::Micros};
use std::net::IpAddr;

/// Deckies that there are.
const DECKIES: usize = 24;
const SECOND: Micros = 1_000_000;

/// Events of one stay, in order.
struct Stay {
    rows: Vec<EventRow>,
    at: Micros,
    node: String,
    address: IpAddr,
    session: String,
}

/// Plays a stay; ids are given later.
pub(crate) fn stay(seed: u64, actor: &Actor, at: Micros, address: usize, turn: usize) -> Vec<EventRow> {
    let Some(address) = actor.addresses.get(address).copied() else { return Vec::new() };
    let mut draw = Draw::new(seed ^ (u64::from(actor.identity) << 20), 1000 + turn as u64);
    let kit = &actor.kit;
    let told = kit.told.as_ref().filter(|_| turn % 2 == 1 || draw.chance(40));
    let node = told.map_or_else(|| format!("srv-{}", draw.below(DECKIES)), |(node, _)| node.clone());
    let session = draw.hex(16);
    let mut stay = Stay { rows: Vec::new(), at, node, address, session };
    stay.event(Kind::Connect, &[]);
    let later = actor.later.as_ref().filter(|(from, _)| *from <= turn);
    let client = later.map_or(&kit.client, |(_, client)| client);
    stay.event(
        Kind::ClientFingerprint,
        &[(field::HASSH, &client.hassh), (field::CLIENT_VERSION, &client.version)],
    );
    if let Some(key) = kit.key.as_ref().filter(|_| draw.chance(60)) {
        stay.event(
            Kind::KeyOffer,
            &[(field::PRINCIPAL, "root"), (field::KEY_SHA256, key), (field::OUTCOME, "rejected")],
        );
    }
    let begin = if kit.slices { turn * kit.tries } else { draw.below(3) };
    for (name, secret) in kit.words.iter().cycle().skip(begin).take(kit.tries.min(kit.words.len())) {
        // Packets are lost, and lists are not always gone through.
        if draw.chance(90) {
            stay.login(name, secret, "rejected");
            stay.at += i64::try_from(draw.below(4)).unwrap_or(0) * SECOND;
        }
    }
    match told {
        Some((_, (name, secret))) => stay.login(name, secret, "accepted"),
        None if draw.chance(kit.luck) => stay.login("root", "123456", "accepted"),
        None => {
            stay.event(Kind::Disconnect, &[(field::BYTES_OUT, "900")]);
            return stay.rows;
        }
    }
    inside(&mut stay, actor, &mut draw);
    stay.event(Kind::Disconnect, &[(field::BYTES_OUT, "4200")]);
    stay.rows
}

/// What he does once he is in.
fn inside(stay: &mut Stay, actor: &Actor, draw: &mut Draw) {
    const PLAIN: &[&str] = &["uname -a", "cat /proc/cpuinfo", "free -m | grep Mem", "whoami", "crontab -l"];
    stay.event(Kind::SessionStart, &[(field::PRINCIPAL, "root")]);
    for _ in 0..draw.below(4) {
        if let Some(text) = PLAIN.get(draw.below(PLAIN.len())) {
            stay.event(Kind::Command, &[(field::COMMAND, text)]);
        }
    }
    for text in &actor.kit.commands {
        if draw.chance(80) {
            stay.event(Kind::Command, &[(field::COMMAND, text)]);
            stay.at += i64::try_from(draw.below(20)).unwrap_or(0) * SECOND;
        }
    }
    if let Some(dropper) = actor.kit.dropper.as_ref().filter(|_| draw.chance(85)) {
        // A worm comes from where it was before.
        let own = stay.address.to_string();
        let host = if actor.kind == Actors::Noise { &own } else { &dropper.host };
        let url = format!("http://{host}/{}", draw.word(4));
        stay.event(Kind::DownloadAttempt, &[(field::URL, &url)]);
        if draw.chance(70) {
            stay.event(Kind::FileCaptured, &[(field::SHA256, &dropper.payload), (field::SIZE, "40960")]);
        }
    }
}

impl Stay {
    fn login(&mut self, name: &str, secret: &str, outcome: &str) {
        let fields = [
            (field::PRINCIPAL, name),
            (field::SECRET_KIND, "plaintext"),
            (field::SECRET_PRINTABLE, secret),
            (field::OUTCOME, outcome),
        ];
        self.event(Kind::AuthAttempt, &fields);
    }

    fn event(&mut self, kind: Kind, fields: &[(&str, &str)]) {
        self.at += SECOND / 2;
        self.rows.push(EventRow {
            id: 0,
            writer: WriterId(1),
            number: 0,
            at: self.at,
            node: self.node.clone(),
            service: "ssh".into(),
            kind: kind.name().into(),
            src_ip: Some(self.address),
            src_port: None,
            dst_port: Some(22),
            session: Some(self.session.clone()),
            probe: false,
            host: None,
            class: class_of(kind.name()),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        });
    }
}
