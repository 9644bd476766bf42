//! Control messages (RFC 9327): what `ntpq` asks for.

use super::clock::{Clock, Make, stamp, stamp_text, v4};
use netsvc_kit::{Host, Link};
use rand_core::RngCore;

/// Data of one packet.
const DATA: usize = 468;
/// Packets of an answer. What is told fits.
const PACKETS: usize = 3;
/// Bits of the second byte.
const RESPONSE: u8 = 0x80;
const ERROR: u8 = 0x40;
const MORE: u8 = 0x20;

/// Requests.
const READ_STATUS: u8 = 1;
const READ_VARIABLES: u8 = 2;
const CONFIGURE: u8 = 8;
const READ_LIST: u8 = 10;
const REQUEST_NONCE: u8 = 12;
/// Errors: of rights, of the request's form, of the operation, of the association, of a variable.
const NO_RIGHT: u8 = 1;
const BAD_FORM: u8 = 2;
const BAD_OPERATION: u8 = 3;
const BAD_ASSOCIATION: u8 = 4;
const UNKNOWN_VARIABLE: u8 = 5;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    head: u8,
    operation: u8,
    sequence: [u8; 2],
    association: u16,
    /// `None`: there is less than the request says.
    data: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    pub(super) fn read(datagram: &'a [u8]) -> Option<Self> {
        let (&[head, operation, s1, s2, _, _, a1, a2, _, _, c1, c2], rest) =
            datagram.split_first_chunk::<12>()?;
        if operation & (RESPONSE | ERROR | MORE) != 0 {
            return None;
        }
        let count = usize::from(u16::from_be_bytes([c1, c2]));
        Some(Request {
            head: head & 0x3f,
            operation: operation & 0x1f,
            sequence: [s1, s2],
            association: u16::from_be_bytes([a1, a2]),
            data: rest.get(..count),
        })
    }

    /// What it asks for, as a line.
    pub(super) fn line(&self) -> Vec<u8> {
        let verb = match self.operation {
            READ_STATUS => "readstat",
            READ_VARIABLES => "readvar",
            4 => "readclock",
            CONFIGURE => "config",
            READ_LIST => "mrulist",
            REQUEST_NONCE => "nonce",
            other => return format!("control {other}").into_bytes(),
        };
        let data = self.data.unwrap_or_default();
        let named = String::from_utf8_lossy(data.get(..200).unwrap_or(data));
        let named = named.trim_end_matches('\0').trim();
        format!("{verb} {} {named}", self.association).trim_end().as_bytes().to_vec()
    }

    /// The answer, packet by packet.
    pub(super) fn answer(&self, host: &Host, link: &Link, clock: &Clock, now: i64) -> Vec<Vec<u8>> {
        if self.data.is_none() {
            return vec![self.refusal(BAD_FORM)];
        }
        let first = 30_000 + clock.delay as u16 % 20_000;
        let associations = first..first + clock.servers.len() as u16;
        let newer = matches!(clock.make, Make::Ntpd | Make::Ntpsec) && !clock.lists;
        // Synchronized by NTP; the chosen server, and those that it could be.
        let peer_status = |index: usize| if index == 0 { 0x961a_u16 } else { 0x941a };
        let (status, data) = match (self.operation, self.association) {
            (READ_STATUS, 0) => {
                let pairs = associations.enumerate().flat_map(|(index, number)| {
                    [number.to_be_bytes(), peer_status(index).to_be_bytes()].concat()
                });
                (0x0615, pairs.collect())
            }
            (READ_VARIABLES, 0) => match self.chosen(&system(host, clock, first, now)) {
                Some(text) => (0x0615, text.into_bytes()),
                None => return vec![self.refusal(UNKNOWN_VARIABLE)],
            },
            (READ_STATUS | READ_VARIABLES, number) => {
                let index = usize::from(number.wrapping_sub(first));
                let Some(server) = clock.servers.get(index).filter(|_| associations.contains(&number)) else {
                    return vec![self.refusal(BAD_ASSOCIATION)];
                };
                match self.chosen(&peer(&server.to_string(), index, link, clock, now)) {
                    Some(text) => (peer_status(index), text.into_bytes()),
                    None => return vec![self.refusal(UNKNOWN_VARIABLE)],
                }
            }
            // Cisco's and the oldest know none of these.
            (CONFIGURE, _) if newer => return vec![self.refusal(NO_RIGHT)],
            (REQUEST_NONCE, _) if newer => (0, nonce(host, link, now).into_bytes()),
            // Without a nonce of the server there is no list.
            (READ_LIST, _) if newer => return Vec::new(),
            _ => return vec![self.refusal(BAD_OPERATION)],
        };
        self.packets(status, &data)
    }

    /// The variables that are asked for; `None`: one of them is unknown.
    fn chosen(&self, all: &[(&'static str, String)]) -> Option<String> {
        let text = String::from_utf8_lossy(self.data.unwrap_or_default());
        let names: Vec<&str> = text
            .trim_end_matches('\0')
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .take(64)
            .collect();
        let find = |name: &&str| all.iter().find(|(known, _)| known == name);
        let chosen: Option<Vec<_>> =
            if names.is_empty() { Some(all.iter().collect()) } else { names.iter().map(find).collect() };
        let mut out = String::new();
        for (name, value) in chosen? {
            // Lines of a terminal, as ntpd breaks them.
            let part = format!("{name}={value}");
            let line = out.rsplit('\n').next().map_or(0, str::len);
            if !out.is_empty() {
                out.push_str(if 72 < line + part.len() { ",\r\n" } else { ", " });
            }
            out.push_str(&part);
        }
        out.push_str("\r\n");
        Some(out)
    }

    fn head(&self, flags: u8, status: u16, offset: usize, count: usize) -> Vec<u8> {
        let [o1, o2] = u16::try_from(offset).unwrap_or(0).to_be_bytes();
        let [c1, c2] = u16::try_from(count).unwrap_or(0).to_be_bytes();
        let ([s1, s2], [t1, t2]) = (self.sequence, status.to_be_bytes());
        let [a1, a2] = self.association.to_be_bytes();
        vec![self.head, flags | self.operation, s1, s2, t1, t2, a1, a2, o1, o2, c1, c2]
    }

    fn refusal(&self, code: u8) -> Vec<u8> {
        self.head(RESPONSE | ERROR, u16::from(code) << 8, 0, 0)
    }

    fn packets(&self, status: u16, data: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = data;
        while out.len() < PACKETS && (out.is_empty() || !rest.is_empty()) {
            let (piece, after) = rest.split_at_checked(DATA).unwrap_or((rest, &[]));
            let more = if after.is_empty() || out.len() + 1 == PACKETS { 0 } else { MORE };
            let mut packet = self.head(RESPONSE | more, status, data.len() - rest.len(), piece.len());
            packet.extend_from_slice(piece);
            packet.resize(packet.len().next_multiple_of(4), 0);
            out.push(packet);
            rest = after;
        }
        out
    }
}

/// What proves to the server that whoever asks for lists gets its answers: the time, and a digest of the peer.
fn nonce(host: &Host, link: &Link, now: i64) -> String {
    let proof = host.generator(&format!("nonce {}", link.peer.ip())).next_u32();
    format!("nonce={}{proof:08x}\r\n", hex::encode(stamp(now)))
}

/// Milliseconds with three places.
fn millis(micros: i64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// Milliseconds with a sign.
fn signed(micros: i64) -> String {
    format!("{}{}", if micros < 0 { "-" } else { "" }, millis(micros.abs()))
}

/// Variables with their values.
type Variables = Vec<(&'static str, String)>;

/// What the server says of itself.
fn system(host: &Host, clock: &Clock, first: u16, now: i64) -> Variables {
    let os = &host.persona().os;
    let product = host.product().cloned();
    let version = product.map_or_else(String::new, |product| match clock.make {
        Make::Ntpsec => format!("\"ntpd ntpsec-{}\"", product.version),
        _ => format!("\"ntpd {}{}\"", product.version, product.packaging),
    });
    let name = match os.family.as_str() {
        "cisco" => "\"cisco\"".to_owned(),
        "junos" => format!("\"JUNOS{}\"", os.kernel),
        "esxi" => format!("\"VMkernel/{}\"", os.kernel),
        "bsd" => format!("\"FreeBSD/{}\"", os.kernel),
        _ => format!("\"Linux/{}\"", os.kernel),
    };
    let build = [("version", version), ("processor", format!("\"{}\"", os.machine)), ("system", name)];
    match clock.make {
        Make::Cisco => of_cisco(clock, build, first, now),
        Make::Ntpsec => of_ntpsec(clock, build, first, now),
        _ => of_ntpd(clock, build, first, now),
    }
}

/// Of what version, processor and system it is.
type Build = [(&'static str, String); 3];

fn reference(clock: &Clock) -> String {
    std::net::Ipv4Addr::from(clock.reference()).to_string()
}

fn offset(clock: &Clock) -> i64 {
    clock.delay % 900 - 450
}

fn of_cisco(clock: &Clock, [_, _, system]: Build, first: u16, now: i64) -> Variables {
    vec![
        ("version", "4".to_owned()),
        system,
        ("leap", "0".to_owned()),
        ("stratum", clock.stratum.to_string()),
        ("rootdelay", millis(clock.delay)),
        ("rootdispersion", millis(clock.dispersion(now))),
        ("peer", first.to_string()),
        ("refid", reference(clock)),
        ("reftime", stamp_text(clock.set_at(now))),
        ("poll", "10".to_owned()),
        ("clock", stamp_text(now)),
        ("phase", signed(offset(clock))),
        ("freq", format!("{:.2}", f64::from(clock.frequency) / 1000.0)),
        ("error", millis(clock.dispersion(now) / 9)),
    ]
}

fn of_ntpsec(clock: &Clock, [version, processor, system]: Build, first: u16, now: i64) -> Variables {
    // It counts in nanoseconds.
    let fine = |micros: i64| format!("{}000", signed(micros));
    vec![
        ("leap", "0".to_owned()),
        ("stratum", clock.stratum.to_string()),
        ("precision", clock.precision.to_string()),
        ("rootdelay", millis(clock.delay)),
        ("rootdisp", millis(clock.dispersion(now))),
        ("refid", reference(clock)),
        ("reftime", stamp_text(clock.set_at(now))),
        ("tc", "10".to_owned()),
        ("peer", first.to_string()),
        ("offset", fine(offset(clock))),
        ("frequency", format!("{:.6}", f64::from(clock.frequency) / 1000.0)),
        ("sys_jitter", fine(clock.delay % 700)),
        ("clk_jitter", fine(clock.delay % 300)),
        ("clock", stamp_text(now)),
        processor,
        system,
        version,
        ("clk_wander", fine(clock.delay % 40)),
        ("mintc", "0".to_owned()),
    ]
}

fn of_ntpd(clock: &Clock, [version, processor, system]: Build, first: u16, now: i64) -> Variables {
    vec![
        version,
        processor,
        system,
        ("leap", "00".to_owned()),
        ("stratum", clock.stratum.to_string()),
        ("precision", clock.precision.to_string()),
        ("rootdelay", millis(clock.delay)),
        ("rootdisp", millis(clock.dispersion(now))),
        ("refid", reference(clock)),
        ("reftime", stamp_text(clock.set_at(now))),
        ("clock", stamp_text(now)),
        ("peer", first.to_string()),
        ("tc", "10".to_owned()),
        ("mintc", "3".to_owned()),
        ("offset", signed(offset(clock))),
        ("frequency", format!("{:.3}", f64::from(clock.frequency) / 1000.0)),
        ("sys_jitter", millis(clock.delay % 700)),
        ("clk_jitter", millis(clock.delay % 300)),
        ("clk_wander", millis(clock.delay % 40)),
    ]
}

/// What it says of a server that it follows.
fn peer(server: &str, index: usize, link: &Link, clock: &Clock, now: i64) -> Variables {
    let far = clock.delay + i64::try_from(index).unwrap_or(0) * 3100;
    vec![
        ("srcadr", server.to_owned()),
        ("srcport", "123".to_owned()),
        ("dstadr", v4(link.local.ip()).to_string()),
        ("dstport", "123".to_owned()),
        ("leap", "00".to_owned()),
        ("stratum", clock.stratum.saturating_sub(1).to_string()),
        ("precision", "-20".to_owned()),
        ("rootdelay", "0.000".to_owned()),
        ("rootdisp", "0.153".to_owned()),
        ("refid", "PTB".to_owned()),
        ("reftime", stamp_text(clock.set_at(now) - 9_000_000)),
        ("rec", stamp_text(clock.set_at(now))),
        ("reach", "0xff".to_owned()),
        ("unreach", "0".to_owned()),
        ("hmode", "3".to_owned()),
        ("pmode", "4".to_owned()),
        ("hpoll", "10".to_owned()),
        ("ppoll", "10".to_owned()),
        ("headway", "0".to_owned()),
        ("flash", "0x0".to_owned()),
        ("keyid", "0".to_owned()),
        ("offset", millis(far % 900)),
        ("delay", millis(far)),
        ("dispersion", millis(far % 20_000)),
        ("jitter", millis(far % 800)),
    ]
}
