//! A name server for one zone: an answer to each question, whoever asks. Every name below the zone has the same
//! address, so that no answer says which names are known.

use simple_dns::{
    CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
    rdata::{A, HINFO, NS, OPT, RData, SOA},
};
use std::net::Ipv4Addr;

/// Seconds that an address may be kept: short, so that a later use is seen.
const TTL: u32 = 60;
/// Seconds that what belongs to the zone may be kept.
const ZONE_TTL: u32 = 3600;
/// Bytes of a question that are looked at.
const LONGEST: usize = 2048;
/// Bytes of a datagram that we take (RFC 9715).
const DATAGRAM: u16 = 1232;

/// The zone that is answered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, in small letters.
    pub name: String,
    /// The address of every name in it.
    pub address: Option<Ipv4Addr>,
}

/// What comes of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The answer; none for what is no question.
    pub answer: Option<Vec<u8>>,
    /// The name below the zone that was asked for, as it was written, and the type.
    pub asked: Option<(String, u16)>,
}

/// Answers `question`.
pub fn answer(question: &[u8], zone: &Zone) -> Answered {
    // What says that it is an answer gets none, or two servers could talk for ever.
    let is_answer = question.get(2).is_none_or(|flags| flags & 0x80 != 0);
    if question.len() < 12 || LONGEST < question.len() || is_answer {
        return Answered::default();
    }
    let Ok(packet) = Packet::parse(question) else {
        return Answered { answer: Some(refused(question, RCODE::FormatError)), asked: None };
    };
    let mut reply = Packet::new_reply(packet.id());
    *reply.opcode_mut() = packet.opcode();
    if packet.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    if packet.opt().is_some() {
        *reply.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: DATAGRAM, version: 0 });
    }
    let mut asked = None;
    match packet.questions.as_slice() {
        _ if packet.opcode() != OPCODE::StandardQuery => *reply.rcode_mut() = RCODE::NotImplemented,
        [one] => {
            reply.questions.push(one.clone());
            asked = fill(&mut reply, one, zone);
        }
        _ => *reply.rcode_mut() = RCODE::FormatError,
    }
    let answer = reply.build_bytes_vec_compressed().ok();
    Answered { answer: Some(answer.unwrap_or_else(|| refused(question, RCODE::ServerFailure))), asked }
}

/// Fills in what is known; returns the name below the zone that was asked for.
fn fill<'a>(reply: &mut Packet<'a>, question: &Question<'a>, zone: &'a Zone) -> Option<(String, u16)> {
    let name = text(&question.qname);
    let low = name.to_ascii_lowercase();
    let below = low.strip_suffix(zone.name.as_str()).filter(|rest| rest.is_empty() || rest.ends_with('.'));
    let (Some(below), QCLASS::CLASS(CLASS::IN) | QCLASS::ANY) = (below, question.qclass) else {
        *reply.rcode_mut() = RCODE::Refused;
        return None;
    };
    if matches!(question.qtype, QTYPE::AXFR | QTYPE::IXFR) {
        *reply.rcode_mut() = RCODE::Refused;
        return None;
    }
    reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    let own = |ttl: u32, data: RData<'a>| ResourceRecord::new(question.qname.clone(), CLASS::IN, ttl, data);
    let apex = below.is_empty();
    match question.qtype {
        QTYPE::TYPE(TYPE::A) => {
            let address = zone.address.map(|address| RData::A(A { address: address.into() }));
            reply.answers.extend(address.map(|address| own(TTL, address)));
        }
        QTYPE::TYPE(TYPE::SOA) if apex => reply.answers.extend(authority(zone).map(|soa| own(ZONE_TTL, soa))),
        QTYPE::TYPE(TYPE::NS) if apex => {
            let server = own_name("ns1", &zone.name);
            reply.answers.extend(server.map(|server| own(ZONE_TTL, RData::NS(NS(server)))));
        }
        // RFC 8482 §4.2.
        QTYPE::ANY => {
            let os = simple_dns::CharacterString::new(b"");
            if let (Ok(cpu), Ok(os)) = (simple_dns::CharacterString::new(b"RFC8482"), os) {
                reply.answers.push(own(ZONE_TTL, RData::HINFO(HINFO { cpu, os })));
            }
        }
        _ => {}
    }
    if reply.answers.is_empty() {
        // Nothing of this type (RFC 2308 §2.2).
        let owner = Name::new(&zone.name).ok();
        let soa = owner.zip(authority(zone));
        let record = soa.map(|(owner, soa)| ResourceRecord::new(owner, CLASS::IN, TTL, soa));
        reply.name_servers.extend(record);
    }
    (!apex).then(|| (name, question.qtype.into()))
}

/// The record of the zone's authority. Its numbers follow from the zone's name, so that not all zones have the same.
fn authority<'a>(zone: &Zone) -> Option<RData<'a>> {
    let mixed = zone.name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let serial = (2021 + mixed % 4) * 1_000_000
        + (1 + mixed / 7 % 12) * 10_000
        + (1 + mixed / 89 % 28) * 100
        + mixed % 9;
    Some(RData::SOA(SOA {
        mname: own_name("ns1", &zone.name)?,
        rname: own_name("hostmaster", &zone.name)?,
        serial,
        refresh: 7200,
        retry: 1800,
        expire: 1_209_600,
        minimum: TTL,
    }))
}

/// The name of `label` in the zone.
fn own_name<'a>(label: &str, zone: &str) -> Option<Name<'a>> {
    Name::new(&format!("{label}.{zone}")).ok().map(Name::into_owned)
}

/// A name as text; bytes that no host name has as `?`.
fn text(name: &Name<'_>) -> String {
    let plain = |byte: &u8| if byte.is_ascii_graphic() && *byte != b'.' { char::from(*byte) } else { '?' };
    let labels: Vec<String> = name.as_bytes().map(|label| label.iter().map(plain).collect()).collect();
    labels.join(".")
}

/// An answer without anything, to the id of `question`.
fn refused(question: &[u8], code: RCODE) -> Vec<u8> {
    let mut out = vec![0; 12];
    if let (Some(id), Some(place)) = (question.get(..2), out.get_mut(..2)) {
        place.copy_from_slice(id);
    }
    let asked = question.get(2).copied().unwrap_or(0);
    if let Some([first, second]) = out.get_mut(2..4) {
        *first = 0x80 | asked & 0x79;
        *second = u8::try_from(code as u16).unwrap_or(2);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        Zone { name: "z.example".into(), address: Some(Ipv4Addr::new(192, 0, 2, 7)) }
    }

    fn asked(name: &str, kind: QTYPE) -> (Packet<'static>, Option<(String, u16)>) {
        let mut query = Packet::new_query(77);
        query.questions.push(Question::new(Name::new(name).unwrap(), kind, QCLASS::CLASS(CLASS::IN), false));
        let done = answer(&query.build_bytes_vec().unwrap(), &zone());
        let bytes: &'static [u8] = done.answer.unwrap().leak();
        (Packet::parse(bytes).unwrap(), done.asked)
    }

    #[test]
    fn every_name_below_the_zone_has_the_address_and_none_beside_it() {
        for (name, kind, code, answers, below) in [
            ("AbC.z.EXAMPLE", TYPE::A, RCODE::NoError, 1, true),
            ("no.such.z.example", TYPE::A, RCODE::NoError, 1, true),
            ("x.z.example", TYPE::AAAA, RCODE::NoError, 0, true),
            ("x.z.example", TYPE::NS, RCODE::NoError, 0, true),
            ("z.example", TYPE::SOA, RCODE::NoError, 1, false),
            ("z.example", TYPE::NS, RCODE::NoError, 1, false),
            ("z.example", TYPE::TXT, RCODE::NoError, 0, false),
            ("xz.example", TYPE::A, RCODE::Refused, 0, false),
            ("www.example.org", TYPE::A, RCODE::Refused, 0, false),
        ] {
            let (reply, asked) = asked(name, kind.into());
            assert_eq!(
                (reply.rcode(), reply.answers.len(), asked.is_some()),
                (code, answers, below),
                "{name}"
            );
            assert_eq!(reply.questions[0].qname.to_string(), name, "the case of the question is kept");
            let authority = usize::from(code == RCODE::NoError && answers == 0);
            assert_eq!(reply.name_servers.len(), authority, "{name}");
        }
        let (reply, asked) = asked("a.b.z.example", QTYPE::ANY);
        assert_eq!((reply.answers.len(), asked), (1, Some(("a.b.z.example".to_owned(), 255))));
    }

    #[test]
    fn what_is_no_question_is_not_answered_or_refused() {
        assert_eq!(answer(b"", &zone()), Answered::default());
        assert_eq!(answer(&[0; 11], &zone()), Answered::default());
        let mut reply = [0_u8; 12];
        reply[2] = 0x80;
        assert_eq!(answer(&reply, &zone()), Answered::default());
        let refused = answer(&[1, 2, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0], &zone()).answer.unwrap();
        assert_eq!((&refused[..2], refused[3]), (&[1, 2][..], 1));
        assert_eq!(answer(&[0; 3000], &zone()), Answered::default());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(0_u8.., 0..600)) {
            let done = answer(&bytes, &zone());
            if let Some(answer) = done.answer {
                assert!(answer.len() <= 512 + bytes.len());
            }
        }
    }
}
