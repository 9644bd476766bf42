//! Reading a face. A file has lines `key = value`; `#` starts a comment.
//!
//! ```text
//! ttl = 64
//! ids = zero zero one                 # of handshakes, resets, ICMP: zero one swapped steps random =NUMBER
//! ids.shared = no                     # one counter for TCP and ICMP: yes, no; two, ICMP's below or above
//! isn = 264 260                       # rate and spread in eighths of a binary logarithm [and step], or zero
//! clock = 1000                        # ticks a second, random [power], zero, none
//! mss = 1460                          # with `follow`: no larger than the peer's
//! scale = 7
//! window = 65160 64240                # with timestamps, without
//! options = MSTNW MNNTNW MST MNNSNW   # all, no sack, no scale, no timestamps; M S T N W
//! probe.mss, probe.window             # six numbers each, for nmap's probes
//! probe.options                       # six times options word for word, in nmap's letters: M5B4NW8ST11
//! probe.reply                         # flags and numbers of the answers to the six, as for open.null
//! probe.odd, ecn.odd = UR             # an urgent pointer without its flag, a reserved bit
//! probe.echo = yes                    # whether probes get their timestamp back
//! ecn.mss, ecn.df, ecn.ttl, ecn.options, odd.window # of single answers, where they are others
//! df = yes
//! again = 3 9                         # seconds after which a SYN-ACK comes again; without it 1 3 7 15 31
//! ecn = yes                           # yes, no, both, reduced, silence
//! probe.answers = 6                   # how many of nmap's six SYNs find a connection free
//! open.null, open.odd, open.ack       # answers: silence, handshake, or as below
//! closed.syn = RA seq=0 ack=next df   # flags seq=0|ack|past|own ack=0|same|next|one|other window=N df ttl=N
//!                                     # options=M5B4 odd=UR data=HEX
//! closed.ack, closed.odd
//! closed.rate = 200                   # resets within a second
//! udp = quote=548 tos=192 rate=1      # a second and peer; or silence; all=N a second; ttl= df unused= length= id= ip=zero|bad udp=N
//!                                     # filled spoilt
//! echo = code=same df=no              # or silence; code=same|0 df=same|no|yes|other ttl=N
//! icmp = time mask                    # questions that are answered: for the time of day, for the mask
//! reassembly = 30                     # seconds until a packet in fragments is given up with a message; else none
//! protocols = 2 103                   # that meet silence, where others are unreachable; or silence
//! arp = linux                         # windows, freebsd, macos, cisco, vxworks; without it linux
//! ```

use super::{
    Answer, Clock, ClosedUdp, Echo, EchoFragment, Ecn, Face, Handshake, Ids, Isn, Manners, Oddity, Protocols,
    Queries, QuotedChecksum, Reply, ReplyAcknowledgement, ReplySequence, Sequence, Shared, Unreachable,
};
use crate::{
    exact::Exact,
    handshake::ECE,
    options::Layout,
    packet::{ACK, FIN, PSH, RST, SYN, URG},
};
use std::{collections::BTreeMap, str::FromStr};

/// Bytes of data that a reset may have.
const MOST_DATA: usize = 64;

/// Why a text is no face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFace {
    /// The key, or the line, that is wrong or missing.
    pub at: String,
}

impl std::fmt::Display for BadFace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} is missing or wrong", self.at)
    }
}

impl std::error::Error for BadFace {}

/// Every system speaks it, if only to groups.
const IGMP: u8 = 2;

struct Lines<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Lines<'a> {
    fn parse(text: &'a str) -> Result<Self, BadFace> {
        let mut lines = BTreeMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let pair = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
            let Some((key, value)) = pair else { return Err(bad(line)) };
            if lines.insert(key, value).is_some() {
                return Err(bad(key));
            }
        }
        Ok(Lines(lines))
    }

    /// Takes the value of `key` and reads it.
    fn take<T>(&mut self, key: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<T, BadFace> {
        self.0.remove(key).and_then(read).ok_or_else(|| bad(key))
    }

    fn take_or<T>(
        &mut self,
        key: &str,
        default: T,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, BadFace> {
        match self.0.remove(key) {
            Some(value) => read(value).ok_or_else(|| bad(key)),
            None => Ok(default),
        }
    }
}

fn bad(at: &str) -> BadFace {
    BadFace { at: at.to_owned() }
}

impl FromStr for Face {
    type Err = BadFace;

    fn from_str(text: &str) -> Result<Self, BadFace> {
        let mut lines = Lines::parse(text)?;
        let shared = lines.take_or("ids.shared", Shared::No, shared)?;
        let face = Face {
            ttl: lines.take("ttl", number)?,
            ids: Ids { shared, ..lines.take("ids", ids)? },
            isn: lines.take("isn", isn)?,
            clock: lines.take("clock", clock)?,
            handshake: handshake(&mut lines)?,
            null_at_open: lines.take("open.null", answer)?,
            odd_at_open: lines.take("open.odd", answer)?,
            ack_at_open: lines.take("open.ack", answer)?,
            syn_at_closed: lines.take("closed.syn", answer)?,
            ack_at_closed: lines.take("closed.ack", answer)?,
            odd_at_closed: lines.take("closed.odd", answer)?,
            resets_per_second: lines.take_or("closed.rate", 0, number)?,
            closed_udp: lines.take("udp", closed_udp)?,
            echo: lines.take("echo", echo)?,
            queries: lines.take_or("icmp", Queries::default(), queries)?,
            reassembly: lines.take_or("reassembly", None, |value| number(value).map(Some))?,
            protocols: lines.take_or("protocols", Protocols::Unreachable { but: vec![IGMP] }, protocols)?,
            arp: lines.take_or("arp", Manners::LINUX, Manners::named)?,
        };
        match lines.0.keys().next() {
            Some(key) => Err(bad(key)),
            None => Ok(face),
        }
    }
}

fn handshake(lines: &mut Lines<'_>) -> Result<Handshake, BadFace> {
    let [all, no_sack, no_scale, no_time] = lines.take("options", |value| words(value, Layout::parse))?;
    let mss = lines.take("mss", |value| {
        let (size, follows) =
            value.split_once(' ').map_or((value, false), |(size, word)| (size, word == "follow"));
        Some((number(size)?, follows))
    })?;
    let windows: [u16; 2] = lines.take("window", |value| words(value, number))?;
    Ok(Handshake {
        dont_fragment: lines.take("df", yes_or_no)?,
        all,
        no_sack,
        no_scale,
        no_time,
        mss: mss.0,
        mss_follows: mss.1,
        scale: lines.take_or("scale", None, |value| number(value).map(Some))?,
        windows: windows.into(),
        probe_mss: lines.take_or("probe.mss", None, |value| words(value, number).map(Some))?,
        probe_windows: lines.take_or("probe.window", None, |value| words(value, number).map(Some))?,
        probe_options: lines.take_or("probe.options", None, |value| words(value, Exact::parse).map(Some))?,
        probe_reply: lines.take_or("probe.reply", None, |value| segment(value).map(Some))?,
        probe_oddity: lines.take_or("probe.odd", Oddity::default(), oddity)?,
        ecn_oddity: lines.take_or("ecn.odd", Oddity::default(), oddity)?,
        ecn_options: lines.take_or("ecn.options", None, |value| Exact::parse(value).map(Some))?,
        ecn_mss: lines.take_or("ecn.mss", None, |value| number(value).map(Some))?,
        ecn_dont_fragment: lines.take_or("ecn.df", None, |value| yes_or_no(value).map(Some))?,
        ecn_ttl: lines.take_or("ecn.ttl", None, |value| number(value).map(Some))?,
        odd_window: lines.take_or("odd.window", None, |value| number(value).map(Some))?,
        probe_echo: lines.take_or("probe.echo", true, yes_or_no)?,
        probes: lines.take_or("probe.answers", 6, number)?,
        again: lines.take_or("again", Vec::new(), |value| value.split_whitespace().map(number).collect())?,
        ecn: lines.take("ecn", ecn)?,
    })
}

fn ecn(value: &str) -> Option<Ecn> {
    Some(match value {
        "yes" => Ecn::Yes,
        "no" => Ecn::No,
        "both" => Ecn::Both,
        "reduced" => Ecn::Reduced,
        "silence" => Ecn::Silence,
        _ => return None,
    })
}

/// Exactly `N` words.
fn words<'a, T, const N: usize>(value: &'a str, read: impl Fn(&'a str) -> Option<T>) -> Option<[T; N]> {
    let words: Option<Vec<T>> = value.split_whitespace().map(read).collect();
    words?.try_into().ok()
}

fn number<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn shared(value: &str) -> Option<Shared> {
    Some(match value {
        "yes" => Shared::Yes,
        "no" => Shared::No,
        "below" => Shared::Below,
        "above" => Shared::Above,
        _ => return None,
    })
}

fn ids(value: &str) -> Option<Ids> {
    let [handshake, reset, icmp] = words(value, |word| {
        Some(match word {
            "zero" => Sequence::Zero,
            "one" => Sequence::One,
            "swapped" => Sequence::Swapped,
            "steps" => Sequence::Steps,
            "random" => Sequence::Random,
            _ => Sequence::Fixed(number(word.strip_prefix('=')?)?),
        })
    })?;
    Some(Ids { handshake, reset, icmp, shared: Shared::No })
}

fn isn(value: &str) -> Option<Isn> {
    if value == "zero" {
        return Some(Isn { rate: 0.0, spread: 0.0, step: 0, zero: true });
    }
    let mut words = value.split_whitespace();
    let isn = Isn {
        rate: number(words.next()?)?,
        spread: number(words.next()?)?,
        step: words.next().map_or(Some(1), number)?,
        zero: false,
    };
    words.next().is_none().then_some(isn)
}

fn clock(value: &str) -> Option<Clock> {
    Some(match value {
        "none" => Clock::None,
        "random" => Clock::Random(0),
        "zero" => Clock::Zero,
        ticks if ticks.starts_with("random ") => {
            Clock::Random(number(ticks.trim_start_matches("random ")).filter(|power| *power <= 34)?)
        }
        ticks => Clock::Ticks(number(ticks).filter(|ticks| *ticks > 0)?),
    })
}

fn answer(value: &str) -> Option<Answer> {
    match value {
        "silence" => Some(Answer::Silence),
        "handshake" => Some(Answer::Handshake),
        _ => segment(value).map(Answer::Segment),
    }
}

fn segment(value: &str) -> Option<Reply> {
    let mut words = value.split_whitespace();
    let flags = words.next()?.chars().try_fold(0, |all, flag| Some(all | flag_of(flag)?))?;
    let mut reply = Reply {
        flags,
        sequence: ReplySequence::Zero,
        acknowledgement: ReplyAcknowledgement::Zero,
        window: 0,
        dont_fragment: false,
        ttl: None,
        options: Exact::default(),
        oddity: Oddity::default(),
        data: Vec::new(),
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("seq", "0") => reply.sequence = ReplySequence::Zero,
            ("seq", "past") => reply.sequence = ReplySequence::Past,
            ("seq", "ack") => reply.sequence = ReplySequence::Acknowledged,
            ("seq", "own") => reply.sequence = ReplySequence::Own,
            ("ack", "0") => reply.acknowledgement = ReplyAcknowledgement::Zero,
            ("ack", "same") => reply.acknowledgement = ReplyAcknowledgement::Same,
            ("ack", "next") => reply.acknowledgement = ReplyAcknowledgement::Next,
            ("ack", "one") => reply.acknowledgement = ReplyAcknowledgement::One,
            ("ack", "other") => reply.acknowledgement = ReplyAcknowledgement::Other,
            ("ttl", ttl) => reply.ttl = Some(number(ttl)?),
            ("window", window) => reply.window = number(window)?,
            ("df", "") => reply.dont_fragment = true,
            ("options", options) => reply.options = Exact::parse(options)?,
            ("odd", marks) => reply.oddity = oddity(marks)?,
            ("data", digits) => reply.data = hexadecimal(digits)?,
            _ => return None,
        }
    }
    Some(reply)
}

fn oddity(value: &str) -> Option<Oddity> {
    let known = !value.is_empty() && value.chars().all(|mark| "UR".contains(mark));
    known.then(|| Oddity { urgent: value.contains('U'), reserved: value.contains('R') })
}

/// Bytes in hexadecimal, as many as a reset has been seen with.
fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    if digits.len() > 2 * MOST_DATA || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pair = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

fn flag_of(letter: char) -> Option<u8> {
    Some(match letter {
        'F' => FIN,
        'S' => SYN,
        'R' => RST,
        'P' => PSH,
        'A' => ACK,
        'U' => URG,
        'E' => ECE,
        _ => return None,
    })
}

fn closed_udp(value: &str) -> Option<ClosedUdp> {
    if value == "silence" {
        return Some(ClosedUdp::Silence);
    }
    let mut error = Unreachable {
        quote: 28,
        tos: 0,
        ttl: None,
        dont_fragment: false,
        per_second: 0,
        unused: 0,
        quoted_length: None,
        in_all: 0,
        quoted_id: None,
        quoted_checksum: QuotedChecksum::Good,
        quoted_udp_checksum: None,
        filled: false,
        spoilt: false,
    };
    for word in value.split_whitespace() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("quote", bytes) => error.quote = number(bytes).filter(|bytes| *bytes <= 1480)?,
            ("tos", tos) => error.tos = number(tos)?,
            ("ttl", ttl) => error.ttl = Some(number(ttl)?),
            ("rate", rate) => error.per_second = number(rate)?,
            ("unused", unused) => error.unused = number(unused)?,
            ("length", length) => error.quoted_length = Some(number(length)?),
            ("all", all) => error.in_all = number(all)?,
            ("id", id) => error.quoted_id = Some(number(id)?),
            ("ip", "zero") => error.quoted_checksum = QuotedChecksum::Zero,
            ("ip", "bad") => error.quoted_checksum = QuotedChecksum::Bad,
            ("udp", sum) => error.quoted_udp_checksum = Some(number(sum)?),
            ("df", "") => error.dont_fragment = true,
            ("filled", "") => error.filled = true,
            ("spoilt", "") => error.spoilt = true,
            _ => return None,
        }
    }
    Some(ClosedUdp::Unreachable(error))
}

fn echo(value: &str) -> Option<Echo> {
    let mut echo =
        Echo { answered: value != "silence", same_code: false, dont_fragment: EchoFragment::No, ttl: None };
    for word in value.split_whitespace().filter(|_| value != "silence") {
        match word.split_once('=')? {
            ("code", "same") => echo.same_code = true,
            ("code", "0") => echo.same_code = false,
            ("df", "same") => echo.dont_fragment = EchoFragment::Same,
            ("df", "no") => echo.dont_fragment = EchoFragment::No,
            ("df", "yes") => echo.dont_fragment = EchoFragment::Yes,
            ("df", "other") => echo.dont_fragment = EchoFragment::Opposite,
            ("ttl", ttl) => echo.ttl = Some(number(ttl)?),
            _ => return None,
        }
    }
    Some(echo)
}

fn queries(value: &str) -> Option<Queries> {
    value.split_whitespace().try_fold(Queries::default(), |known, word| match word {
        "time" => Some(Queries { time: true, ..known }),
        "mask" => Some(Queries { mask: true, ..known }),
        _ => None,
    })
}

fn protocols(value: &str) -> Option<Protocols> {
    if value == "silence" {
        return Some(Protocols::Silence);
    }
    let numbers: Option<Vec<u8>> = value.split_whitespace().map(number).collect();
    numbers.map(|but| Protocols::Unreachable { but })
}
