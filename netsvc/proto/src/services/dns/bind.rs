//! BIND 9, which answers for its zones and asks nobody else (`recursion no`). Its answers are compared with those of
//! 9.18; what earlier releases do otherwise is from their release notes.

use super::{
    builtin, cookie, lookup,
    message::{REPEATED, Request},
    name::Name,
    options,
    record::{Record, class, code, kind},
    said::{Over, Said, shuffle},
    writer::{Answer, Shortening},
    zone::Zone,
};
use netsvc_kit::Host;
use rand_core::RngCore;
use std::net::IpAddr;

/// Bits of an answer: it is one, and it comes from who knows.
const ANSWER: u16 = 0x8000;
const KNOWN: u16 = 0x0400;
/// The operation.
const OPERATION: u16 = 0x7800;
/// What is sent over datagrams to whoever does not say what he takes (RFC 1035, 4.2.1).
const SMALL: u16 = 512;
/// "That key is unknown" (RFC 8945, 3).
const BADKEY: u16 = 17;
/// `fudge` of TSIG, seconds.
const FUDGE: u16 = 300;

/// What one release does.
#[derive(Clone, Copy, Debug)]
struct Release {
    /// Largest datagram, and what OPT says of it (`max-udp-size`, `edns-udp-size`).
    size: u16,
    /// Cookies are answered; the layout is that of all servers.
    cookies: bool,
    common_cookies: bool,
    /// Those who want others to be asked are not told who the servers are (`minimal-responses no-auth-recursive`).
    minimal: bool,
    /// Zones go to whoever asks (`allow-transfer`).
    transfers: bool,
    /// Reasons of refusals (RFC 8914).
    reasons: bool,
    shortening: Shortening,
}

impl Release {
    fn of(version: &str) -> Self {
        let mut numbers = version.split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0_u32)
        });
        let release = [(); 3].map(|()| numbers.next().unwrap_or_default());
        let since = |minor: u32, patch: u32| [9, minor, patch] <= release;
        Release {
            size: if since(16, 8) { 1232 } else { 4096 },
            cookies: since(11, 0),
            common_cookies: since(16, 0),
            minimal: since(12, 0),
            transfers: !since(20, 0),
            reasons: since(18, 0),
            shortening: Shortening {
                depth: if since(16, 0) && !since(20, 0) { 2 } else { usize::MAX },
                exact: true,
            },
        }
    }
}

/// The server of one node.
#[derive(Debug)]
pub(super) struct Bind {
    release: Release,
    /// Zones that it comes with.
    own: Vec<Zone>,
    id: Option<String>,
    secret: [u8; 16],
}

/// A request and what it is answered with.
struct Turn<'a> {
    request: &'a Request,
    zones: [&'a [Zone]; 2],
    over: Over,
    peer: IpAddr,
    seconds: u32,
    seed: u64,
    answer: Answer,
}

impl Bind {
    pub(super) fn of(host: &Host) -> Self {
        let (version, packaging) = match host.product() {
            Some(product) => (product.version.as_str(), product.packaging.as_str()),
            None => (super::VERSION, ""),
        };
        let mut release = Release::of(version);
        release.transfers = host.flag("transfers", release.transfers);
        let id = host.setting("server_id").map(str::to_owned);
        let told = if packaging.is_empty() { version.to_owned() } else { format!("{version}-{packaging}") };
        let mut own = builtin::chaos(&told, &host.persona().hostname, id.as_deref());
        own.extend(match host.persona().os.id.as_str() {
            id if id.starts_with("debian") || id.starts_with("ubuntu") || id == "kali" => builtin::debian(),
            id if ["rocky", "centos", "fedora"].iter().any(|start| id.starts_with(start)) => {
                builtin::redhat()
            }
            _ => Vec::new(),
        });
        let mut secret = [0; 16];
        host.generator("cookies").fill_bytes(&mut secret);
        Bind { release, own, id, secret }
    }

    /// What is said to `request`.
    pub(super) fn answer(
        &self,
        request: &Request,
        zones: &[Zone],
        over: Over,
        (peer, seconds, seed): (IpAddr, u32, u64),
    ) -> Said {
        let answer = Answer {
            id: request.id,
            flags: ANSWER | request.flags & (OPERATION | REPEATED),
            questions: request.questions.clone(),
            ..Answer::default()
        };
        let zones = [zones, &self.own];
        let mut turn = Turn { request, zones, over, peer, seconds, seed, answer };
        let code = match self.prepare(&mut turn) {
            Err(code) => code,
            Ok(()) => match request.operation() {
                0 => self.query(&mut turn),
                4 => notify(&mut turn),
                5 => update(&turn),
                _ => {
                    turn.answer.questions.clear();
                    code::NOTIMP
                }
            },
        };
        turn.answer.code = code;
        let limit = match (over, &request.edns) {
            (Over::Stream, _) => u16::MAX,
            (Over::Datagrams, Some(edns)) => edns.size.clamp(SMALL, self.release.size),
            (Over::Datagrams, None) => SMALL,
        };
        let transfer = turn.transferred(code);
        let messages = match transfer {
            true => turn.answer.transfer(self.release.shortening),
            false => vec![turn.answer.written(limit.into(), self.release.shortening)],
        };
        Said { messages, code, transfer, delayed: false }
    }

    /// What is looked at before the operation is.
    fn prepare(&self, turn: &mut Turn<'_>) -> Result<(), u16> {
        let request = turn.request;
        if request.broken {
            return Err(code::FORMERR);
        }
        if let Some(edns) = &request.edns {
            let flags = if edns.signed { 0x8000 } else { 0 };
            turn.answer.opt = Some((self.release.size, flags, Vec::new()));
            if edns.version > 0 {
                return Err(code::BADVERS);
            }
            if options::scoped(request) {
                turn.answer.opt = None;
                return Err(code::FORMERR);
            }
            if !options::sound(request, self.release.cookies) {
                return Err(code::FORMERR);
            }
            let options = self.options(turn);
            turn.answer.opt = Some((self.release.size, flags, options));
        }
        let Some(question) = request.questions.first() else { return Ok(()) };
        match question.class {
            class::IN | class::CH => {}
            0 | class::NONE | class::ANY => return Err(code::FORMERR),
            class::HS => {
                if self.release.reasons {
                    turn.option(options::REASON, &options::PROHIBITED);
                }
                return Err(code::REFUSED);
            }
            _ => return Err(code::NOTIMP),
        }
        match &request.signature {
            None => Ok(()),
            Some(signature) => {
                let mut data = signature.algorithm.wire().to_vec();
                data.extend([0, 0]);
                data.extend(turn.seconds.to_be_bytes());
                [FUDGE, 0].into_iter().for_each(|number| data.extend(number.to_be_bytes()));
                data.extend(signature.id);
                [BADKEY, 0].into_iter().for_each(|number| data.extend(number.to_be_bytes()));
                turn.answer.signature = Some((signature.key.clone(), data));
                Err(code::NOTAUTH)
            }
        }
    }

    fn options(&self, turn: &Turn<'_>) -> Vec<u8> {
        let (request, mut written) = (turn.request, Vec::new());
        let mut write = |code: u16, data: &[u8]| options::write(&mut written, code, data);
        if let (Some(id), Some(_)) = (&self.id, request.option(options::NSID)) {
            write(options::NSID, id.as_bytes());
        }
        let client = request.option(options::COOKIE).and_then(|cookie| cookie.get(..8)?.try_into().ok());
        if let Some(client) = client.filter(|_| self.release.cookies) {
            let mut made = cookie::answer(&self.secret, client, turn.seconds, turn.peer);
            if !self.release.common_cookies {
                // Before RFC 9018 a number of its own stood where the version is.
                let number = turn.seed.to_be_bytes();
                made.iter_mut().skip(8).zip(number).take(4).for_each(|(to, from)| *to = from);
            }
            write(options::COOKIE, &made);
        }
        if turn.over == Over::Stream && request.option(options::KEEPALIVE).is_some() {
            write(options::KEEPALIVE, &options::KEPT);
        }
        if let Some(network) = request.option(options::NETWORK) {
            write(options::NETWORK, network);
        }
        written
    }

    fn query(&self, turn: &mut Turn<'_>) -> u16 {
        let request = turn.request;
        let question = match request.questions.as_slice() {
            [question] => question,
            [] if request.option(options::COOKIE).is_some() && self.release.cookies => return code::NOERROR,
            _ => return code::FORMERR,
        };
        match question.kind {
            kind::AXFR if turn.over == Over::Datagrams => return code::FORMERR,
            kind::IXFR if request.serial.is_none() => return code::FORMERR,
            kind::AXFR | kind::IXFR => return self.transfer(turn),
            kind::MAILA | kind::MAILB => return code::NOTIMP,
            kind::OPT | 128..=250 => return code::FORMERR,
            _ => {}
        }
        let zones = turn.zones;
        let Some(mut found) = lookup::look(&zones, question) else { return code::REFUSED };
        turn.answer.flags |= KNOWN;
        found.sets.iter_mut().for_each(|set| shuffle(set, &mut turn.seed));
        turn.answer.answers = found.sets.iter().flatten().cloned().collect();
        if found.negative {
            turn.answer.authority.extend(lookup::nothing(&found, question));
            return found.code;
        }
        let small =
            turn.over == Over::Datagrams && request.edns.as_ref().is_some_and(|edns| edns.size <= SMALL);
        if small {
            return found.code;
        }
        let named = |records: &[Record]| {
            records.iter().any(|record| record.kind == kind::NS && record.owner.is(&found.zone.apex))
        };
        let told = self.release.minimal && request.desires() || named(&turn.answer.answers);
        if !told {
            let servers = found.zone.servers().map(|set| set.records(&found.zone.apex, question.class));
            turn.answer.authority = servers.unwrap_or_default();
            shuffle(&mut turn.answer.authority, &mut turn.seed);
        }
        if question.kind != kind::ANY && question.class == class::IN {
            // What other zones know is not added.
            let zone = [std::slice::from_ref(found.zone)];
            let mut more = lookup::addresses(&zone, &turn.answer.answers, &turn.answer.answers);
            let shown = [turn.answer.answers.as_slice(), &more].concat();
            more.extend(lookup::addresses(&zone, &turn.answer.authority, &shown));
            turn.answer.additional = more;
        }
        if let (kind::SOA, Some((soa, _))) = (question.kind, found.zone.soa())
            && request.option(options::EXPIRE).is_some()
        {
            let [.., expire, _] = soa.times;
            turn.option(options::EXPIRE, &expire.to_be_bytes());
        }
        found.code
    }

    fn transfer(&self, turn: &mut Turn<'_>) -> u16 {
        let Some(question) = turn.request.questions.first() else { return code::FORMERR };
        let Some(zone) = exactly(turn.zones, &question.name, question.class) else { return code::NOTAUTH };
        if question.class == class::CH {
            return code::SERVFAIL;
        }
        if !self.release.transfers {
            return code::REFUSED;
        }
        let Some((soa, begin)) = zone.soa() else { return code::SERVFAIL };
        // RFC 1982: newer is what lies in the half before.
        let current = |serial: u32| serial.wrapping_sub(soa.serial) < 1 << 31;
        let alone = question.kind == kind::IXFR
            && (turn.over == Over::Datagrams || turn.request.serial.is_some_and(current));
        turn.answer.answers = if alone { vec![begin] } else { zone.whole() };
        if turn.over == Over::Stream {
            turn.answer.flags = ANSWER | KNOWN;
        }
        code::NOERROR
    }
}

impl Turn<'_> {
    fn option(&mut self, code: u16, data: &[u8]) {
        if let Some((.., options)) = &mut self.answer.opt {
            options::write(options, code, data);
        }
    }

    /// Whether a zone goes to the peer.
    fn transferred(&self, code: u16) -> bool {
        let kind = self.request.questions.first().map_or(0, |question| question.kind);
        let asked = matches!(kind, kind::AXFR | kind::IXFR) && self.request.operation() == 0;
        asked && self.over == Over::Stream && code == code::NOERROR
    }
}

/// The zone that begins at `name`.
fn exactly<'a>(zones: [&'a [Zone]; 2], name: &Name, class: u16) -> Option<&'a Zone> {
    zones.iter().flat_map(|zones| zones.iter()).find(|zone| zone.class == class && zone.apex.is(name))
}

/// RFC 1996: who serves a zone himself thanks for the news.
fn notify(turn: &mut Turn<'_>) -> u16 {
    match turn.request.questions.as_slice() {
        [question] if question.kind == kind::SOA => {
            if exactly(turn.zones, &question.name, question.class).is_none() {
                return code::NOTAUTH;
            }
            turn.answer.flags |= KNOWN;
            code::NOERROR
        }
        _ => code::FORMERR,
    }
}

/// RFC 2136: nobody may change a zone (`allow-update none`).
fn update(turn: &Turn<'_>) -> u16 {
    match turn.request.questions.as_slice() {
        [question] if question.kind == kind::SOA => {
            let known = exactly(turn.zones, &question.name, question.class).is_some();
            if known { code::REFUSED } else { code::NOTAUTH }
        }
        _ => code::FORMERR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_differ_as_their_notes_say() {
        for (version, size, cookies, transfers) in [
            ("9.8.2rc1", 4096, false, true),
            ("9.10.3", 4096, false, true),
            ("9.11.36", 4096, true, true),
            ("9.16.1", 4096, true, true),
            ("9.16.23", 1232, true, true),
            ("9.18.28", 1232, true, true),
            ("9.20.2", 1232, true, false),
        ] {
            let release = Release::of(version);
            assert_eq!(
                (release.size, release.cookies, release.transfers),
                (size, cookies, transfers),
                "{version}"
            );
        }
    }
}
