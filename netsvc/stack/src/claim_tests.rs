//! Somebody else has a node's address, or says so.

use crate::{
    Port,
    arp::{self, Message},
    bytes::{BROADCAST, Mac},
    gate_tests::{
        Bench, GATEWAY, NODE, NODE_MAC, OTHER, PEER, PEER_MAC, Sent, arp_request, header, persona, segment,
    },
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, SYN, UDP},
};
use netsvc_wire::{Event, Kind, field};
use std::net::Ipv4Addr;

const CLAIMER: Mac = [0x02, 0xcc, 0, 0, 0, 9];

/// What happens on a segment where a host with the hardware address `mac` has the node's address, if it has.
struct Segment {
    bench: Bench,
    mac: Mac,
    has: bool,
    events: Vec<Event>,
    /// What the node has said of its address to everybody.
    defences: usize,
}

impl Segment {
    fn new(mac: Mac, has: bool) -> Self {
        let mut bench = Bench::new();
        bench.gate.live(bench.now, &mut Vec::new(), &mut Sent::default());
        Segment { bench, mac, has, events: Vec::new(), defences: 0 }
    }

    fn feed(&mut self, frame: Vec<u8>) {
        let sent = self.bench.feed(Port::Segment, frame);
        self.answer(sent);
    }

    /// The host hears what is sent.
    fn answer(&mut self, sent: Vec<(Port, Vec<u8>)>) {
        for (_, frame) in sent.iter().filter(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_ARP) {
            let message = Message::parse(frame).unwrap();
            let to = packet::destination_mac(frame).unwrap();
            if message.sender == NODE && message.target == NODE {
                self.defences += 1;
            }
            let asked = message.sender.is_unspecified() && message.target == NODE;
            if asked && self.has && (to == self.mac || to == BROADCAST) {
                self.feed(arp::reply(&message, self.mac, NODE));
            }
        }
    }

    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds * 4 {
            self.bench.now += 250_000;
            let mut sent = Sent::default();
            self.bench.gate.tick(self.bench.now, &mut self.events, &mut sent);
            self.answer(sent.0);
        }
    }

    fn is_there(&mut self) -> bool {
        let asked = arp_request(BROADCAST, NODE);
        let answered = !self.bench.feed(Port::Segment, asked).is_empty();
        let frame = packet::frame(NODE_MAC, PEER_MAC, ETHERTYPE_IPV4, &segment(PEER, 5000, NODE, 22, SYN));
        assert_eq!(!self.bench.feed(Port::Segment, frame).is_empty(), answered);
        answered
    }

    /// Outcomes and techniques that were told.
    fn told(&self) -> Vec<String> {
        let text = |event: &Event, name: &str| {
            let found = event.fields.iter().find(|(key, _)| *key == name);
            String::from_utf8(found.map(|(_, value)| value.clone()).unwrap_or_default()).unwrap()
        };
        let about = |event: &&Event| matches!(event.kind, Kind::AddressConflict | Kind::SpooferDetected);
        let brief = |event: &Event| {
            let [outcome, technique, from] =
                [field::OUTCOME, field::TECHNIQUE, field::SRC_IP].map(|name| text(event, name));
            assert_eq!(text(event, field::DST_MAC), "52:54:00:01:02:03");
            format!("{outcome}{technique} {from}").trim_end().to_owned()
        };
        self.events.iter().filter(about).map(brief).collect()
    }
}

fn announcement(mac: Mac) -> Vec<u8> {
    arp::announcement(mac, NODE)
}

#[test]
fn a_node_goes_when_another_host_really_has_its_address_and_comes_back() {
    let mut segment = Segment::new(CLAIMER, true);
    segment.feed(announcement(CLAIMER));
    assert_eq!(segment.defences, 1);
    assert!(segment.is_there(), "it stays until it is sure");
    segment.pass(12);
    assert_eq!(segment.told(), ["defended", "withdrawn"]);
    assert!(!segment.is_there());
    let absent = segment.bench.gate.absent();
    assert_eq!((absent[0].node.as_str(), absent[0].mac.as_str()), ("web-01", "02:cc:00:00:00:09"));
    // The others are not touched.
    assert_eq!(segment.bench.feed(Port::Segment, arp_request(BROADCAST, OTHER)).len(), 1);
    segment.pass(900);
    assert!(!segment.is_there());
    segment.has = false;
    segment.pass(400);
    assert_eq!(segment.told(), ["defended", "withdrawn", "returned"]);
    assert!(segment.is_there() && segment.bench.gate.absent().is_empty());
}

#[test]
fn who_does_not_answer_for_what_he_says_is_told_of_and_moves_nobody() {
    let mut segment = Segment::new(CLAIMER, false);
    // He is known by an address of his own.
    let mut own = arp::request(CLAIMER, Ipv4Addr::new(10, 66, 0, 77), NODE);
    packet::address(&mut own, BROADCAST, CLAIMER);
    segment.feed(own);
    for _ in 0..40 {
        segment.feed(announcement(CLAIMER));
        segment.pass(1);
    }
    assert_eq!(segment.told(), ["defended", "kept", "arp_spoofing 10.66.0.77"]);
    assert!(segment.is_there());
    assert_eq!(segment.defences, 2, "no more, however often he says it");
    // Later it is told again.
    segment.pass(300);
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    assert_eq!(segment.told().len(), 6);
}

#[test]
fn a_gateway_that_answers_for_everybody_moves_nobody() {
    let mut segment = Segment::new(CLAIMER, true);
    let mut gateway = arp::request(CLAIMER, GATEWAY, NODE);
    packet::address(&mut gateway, BROADCAST, CLAIMER);
    segment.feed(gateway);
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    assert_eq!(segment.told(), ["defended", "kept"]);
    assert!(segment.is_there());
}

#[test]
fn a_node_that_is_told_to_stay_stays() {
    let mut segment = Segment::new(CLAIMER, true);
    segment.bench.gate.nodes.get_mut(&NODE).unwrap().stays = true;
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    assert_eq!(segment.told(), ["defended", "kept"]);
    assert!(segment.is_there());
}

#[test]
fn a_node_that_is_told_to_stay_while_it_is_gone_comes_back() {
    let mut segment = Segment::new(CLAIMER, true);
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    assert!(!segment.is_there());
    let mut told = persona("web-01", NODE, "52:54:00:01:02:03");
    told.life.stays = true;
    segment.bench.gate.add(&told, &[], &[], &mut Sent::default()).unwrap();
    // He who has the address is heard meanwhile.
    segment.feed(announcement(CLAIMER));
    segment.pass(1);
    assert_eq!(segment.told(), ["defended", "withdrawn", "returned"]);
    assert!(segment.is_there() && segment.bench.gate.absent().is_empty());
    segment.pass(700);
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    assert!(segment.is_there(), "it stays");
}

#[test]
fn a_packet_of_another_host_with_the_address_is_looked_into() {
    let packet = segment(NODE, 5000, OTHER, 22, SYN);
    let mut segment = Segment::new(CLAIMER, true);
    let frame = packet::frame([0x52, 0x54, 0, 1, 2, 4], CLAIMER, ETHERTYPE_IPV4, &packet);
    segment.feed(frame);
    segment.pass(12);
    assert_eq!(segment.told(), ["suspected", "withdrawn"]);
}

#[test]
fn an_address_that_a_server_gives_to_another_is_looked_into() {
    let mut lease = vec![0; 240];
    lease[..3].copy_from_slice(&[2, 1, 6]);
    lease[16..20].copy_from_slice(&NODE.octets());
    lease[28..34].copy_from_slice(&CLAIMER);
    lease[236..240].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    lease.extend([53, 1, 5, 255]);
    let length = u16::try_from(8 + lease.len()).unwrap().to_be_bytes();
    let datagram = [&[0, 67, 0, 68, length[0], length[1], 0, 0][..], &lease].concat();
    let packet = packet::ipv4(&header(GATEWAY, Ipv4Addr::BROADCAST, UDP), datagram);
    for (has, told) in [(true, ["suspected", "withdrawn"]), (false, ["suspected", "kept"])] {
        let mut segment = Segment::new(CLAIMER, has);
        segment.feed(packet::frame(BROADCAST, PEER_MAC, ETHERTYPE_IPV4, &packet));
        assert_eq!(segment.defences, 0, "nobody has claimed it yet");
        segment.pass(12);
        assert_eq!(segment.told(), told);
        assert_eq!(segment.is_there(), !has);
    }
}

#[test]
fn who_asks_before_he_takes_the_address_is_answered_and_told() {
    let mut segment = Segment::new(CLAIMER, false);
    let mut asked = arp::request(CLAIMER, Ipv4Addr::UNSPECIFIED, NODE);
    packet::address(&mut asked, BROADCAST, CLAIMER);
    for _ in 0..5 {
        assert_eq!(segment.bench.feed(Port::Segment, asked.clone()).len(), 1);
    }
    segment.pass(12);
    assert_eq!(segment.told(), ["asked for"]);
    assert!(segment.is_there());
}

#[test]
fn a_node_that_is_taken_away_while_it_is_gone_stays_away() {
    let mut segment = Segment::new(CLAIMER, true);
    segment.feed(announcement(CLAIMER));
    segment.pass(12);
    segment.bench.gate.remove("web-01");
    assert!(segment.bench.gate.absent().is_empty());
    segment.has = false;
    segment.pass(700);
    assert!(!segment.is_there());
}
