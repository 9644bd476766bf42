//! The DNS Server of Windows on a domain controller: zones of Active Directory, which it gives to nobody; names of
//! others are looked up elsewhere, which fails where there is no way out.

use super::{
    lookup,
    message::{REPEATED, Request},
    name::Name,
    record::{Data, Record, class, code, kind},
    said::{Over, Said, shuffle},
    writer::{Answer, Shortening},
    zone::Zone,
};

const ANSWER: u16 = 0x8000;
const KNOWN: u16 = 0x0400;
/// Others are asked for whoever wants that.
const AVAILABLE: u16 = 0x0080;
const OPERATION: u16 = 0x7800;
/// `MaximumUdpPacketSize`.
const SIZE: u16 = 4000;
const SMALL: u16 = 512;
/// Seconds that hints about the root live.
const HINT: u32 = 3_600_000;
/// Servers of the root, `a` to `m`, as `cache.dns` has them.
const ROOT: [[u8; 4]; 13] = [
    [198, 41, 0, 4],
    [199, 9, 14, 201],
    [192, 33, 4, 12],
    [199, 7, 91, 13],
    [192, 203, 230, 10],
    [192, 5, 5, 241],
    [192, 112, 36, 4],
    [198, 97, 190, 53],
    [192, 36, 148, 17],
    [192, 58, 128, 30],
    [193, 0, 14, 129],
    [199, 7, 83, 42],
    [202, 12, 27, 33],
];
const SHORTENING: Shortening = Shortening { depth: usize::MAX, exact: false };

/// What is said to `request`.
pub(super) fn answer(request: &Request, zones: &[Zone], over: Over, mut seed: u64) -> Said {
    let mut answer = Answer {
        id: request.id,
        flags: ANSWER | request.flags & (OPERATION | REPEATED),
        questions: request.questions.clone(),
        ..Answer::default()
    };
    let code = respond(request, zones, over, &mut seed, &mut answer);
    answer.code = code;
    let limit = match (over, &request.edns) {
        (Over::Stream, _) => u16::MAX,
        (Over::Datagrams, Some(edns)) => edns.size.clamp(SMALL, SIZE),
        (Over::Datagrams, None) => SMALL,
    };
    let messages = vec![answer.written(limit.into(), SHORTENING)];
    Said { messages, code, transfer: false, delayed: code == code::SERVFAIL }
}

fn respond(request: &Request, zones: &[Zone], over: Over, seed: &mut u64, answer: &mut Answer) -> u16 {
    if request.broken {
        answer.questions.clear();
        return code::FORMERR;
    }
    if let Some(edns) = &request.edns {
        answer.opt = Some((SIZE, if edns.signed { 0x8000 } else { 0 }, Vec::new()));
        if edns.version > 0 {
            return code::BADVERS;
        }
    }
    match request.operation() {
        0 => {}
        4 | 5 => return code::REFUSED,
        _ => {
            answer.questions.clear();
            return code::NOTIMP;
        }
    }
    let [question] = request.questions.as_slice() else { return code::FORMERR };
    if question.class != class::IN {
        return code::NOTIMP;
    }
    match question.kind {
        kind::AXFR if over == Over::Datagrams => return code::FORMERR,
        kind::AXFR | kind::IXFR => return code::REFUSED,
        kind::OPT | kind::TSIG => return code::FORMERR,
        _ => {}
    }
    answer.flags |= AVAILABLE;
    let Some(mut found) = lookup::look(&[zones], question) else {
        if request.desires() {
            return code::SERVFAIL;
        }
        (answer.authority, answer.additional) = hints();
        return code::NOERROR;
    };
    answer.flags |= KNOWN;
    found.sets.iter_mut().for_each(|set| shuffle(set, seed));
    answer.answers = found.sets.iter().flatten().cloned().collect();
    if found.negative {
        answer.authority.extend(lookup::nothing(&found, question));
        return found.code;
    }
    let mut named = answer.answers.clone();
    if let (kind::SOA, Some((soa, record))) = (question.kind, found.zone.soa()) {
        // The address of the primary goes with where a zone begins.
        named.push(Record { kind: kind::NS, data: Data::Name(soa.primary.clone()), ..record });
    }
    answer.additional = lookup::addresses(&[zones], &named, &answer.answers);
    found.code
}

/// Where the root is asked.
fn hints() -> (Vec<Record>, Vec<Record>) {
    let name = |letter: u8| Name::of(&format!("{}.root-servers.net", char::from(letter)));
    let record =
        |owner: Name, kind: u16, data: Data| Record { owner, kind, class: class::IN, ttl: HINT, data };
    let letters = || (b'a'..).zip(ROOT);
    let servers = letters().map(|(letter, _)| record(Name::root(), kind::NS, Data::Name(name(letter))));
    let addresses = letters().map(|(letter, ip)| record(name(letter), kind::A, Data::Bytes(ip.to_vec())));
    (servers.collect(), addresses.collect())
}
