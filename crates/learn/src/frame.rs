//! What a single frame says of who sent it. Frames come from anybody: nothing in them is trusted for a length.

use std::net::Ipv4Addr;

/// A hardware address.
pub(crate) type Mac = [u8; 6];

/// Something that a frame says of its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// It has this address, as ARP says.
    Has(Ipv4Addr),
    /// It asks for this address by ARP.
    Asks(Ipv4Addr),
    /// It sent a packet from this address with this time to live.
    Sent(Ipv4Addr, u8),
    /// It opens connections with this window and these kinds of options, in their order.
    Opens(u16, Vec<u8>),
    /// It takes connections at this port.
    Serves(u16),
    /// It answers datagrams from this port.
    Answers(u16),
    /// It is called so.
    Called(String),
    /// Its DHCP client calls itself so (option 60).
    Client(String),
    /// A DHCP server names this gateway, mask, and domain.
    Gateway(Ipv4Addr),
    Mask(Ipv4Addr),
    Domain(String),
}

/// Ports of datagrams from which servers answer.
const SERVERS: [u16; 6] = [53, 67, 69, 123, 161, 5060];
/// Longest name that is taken.
const NAME: usize = 63;

/// Who sent `frame`, and what it says of him.
pub(crate) fn facts(frame: &[u8]) -> Option<(Mac, Vec<Fact>)> {
    let sender: Mac = frame.get(6..12)?.try_into().ok()?;
    // A sender that is a group or nobody is none.
    if sender[0] & 1 == 1 || sender == [0; 6] {
        return None;
    }
    let mut at = 12;
    let mut kind = word(frame, at)?;
    if kind == 0x8100 {
        at += 4;
        kind = word(frame, at)?;
    }
    let body = frame.get(at + 2..)?;
    let mut facts = Vec::new();
    match kind {
        0x0806 => arp(body, sender, &mut facts)?,
        0x0800 => ip(body, &mut facts)?,
        _ => {}
    }
    Some((sender, facts))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(four.into())
}

/// RFC 826.
fn arp(body: &[u8], sender: Mac, facts: &mut Vec<Fact>) -> Option<()> {
    if body.get(..6)? != [0, 1, 8, 0, 6, 4] || body.get(8..14)? != sender {
        return None;
    }
    let (own, asked) = (address(body, 14)?, address(body, 24)?);
    if !own.is_unspecified() {
        facts.push(Fact::Has(own));
    }
    if word(body, 6)? == 1 && asked != own {
        facts.push(Fact::Asks(asked));
    }
    Some(())
}

/// RFC 791; only whole packets and first pieces say anything of ports.
fn ip(body: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let first = *body.first()?;
    let length = usize::from(first & 15) * 4;
    if first >> 4 != 4 || length < 20 {
        return None;
    }
    let (ttl, protocol, from) = (*body.get(8)?, *body.get(9)?, address(body, 12)?);
    if !from.is_unspecified() {
        facts.push(Fact::Sent(from, ttl));
    }
    if word(body, 6)? & 0x1fff != 0 {
        return Some(());
    }
    let rest = body.get(length..)?;
    match protocol {
        6 => tcp(rest, facts),
        17 => udp(rest, facts),
        _ => Some(()),
    }
}

fn tcp(segment: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let (port, flags, window) = (word(segment, 0)?, *segment.get(13)?, word(segment, 14)?);
    match flags & 0x17 {
        0x02 => {
            let end = usize::from(*segment.get(12)? >> 4) * 4;
            let mut options = segment.get(20..end).unwrap_or_default();
            let mut kinds = Vec::new();
            while let Some((&kind, rest)) = options.split_first() {
                if kind == 0 {
                    break;
                }
                kinds.push(kind);
                let skip = if kind == 1 { 0 } else { usize::from(*rest.first()?).checked_sub(1)?.max(1) };
                options = rest.get(skip..).unwrap_or_default();
            }
            facts.push(Fact::Opens(window, kinds));
        }
        0x12 => facts.push(Fact::Serves(port)),
        _ => {}
    }
    Some(())
}

fn udp(datagram: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let (from, to, data) = (word(datagram, 0)?, word(datagram, 2)?, datagram.get(8..)?);
    if SERVERS.contains(&from) && from != to && to != 67 {
        facts.push(Fact::Answers(from));
    }
    match (from, to) {
        (68, 67) | (67, 68) => dhcp(data, from == 67, facts),
        (5353, 5353) => multicast(data, facts),
        (137, 137) => netbios(data, facts),
        _ => Some(()),
    }
}

/// RFC 2131, RFC 2132.
fn dhcp(data: &[u8], server: bool, facts: &mut Vec<Fact>) -> Option<()> {
    if data.get(236..240)? != [99, 130, 83, 99] {
        return None;
    }
    let mut options = data.get(240..)?;
    while let Some((&code, rest)) = options.split_first() {
        if code == 255 {
            break;
        }
        if code == 0 {
            options = rest;
            continue;
        }
        let length = usize::from(*rest.first()?);
        let value = rest.get(1..1 + length)?;
        match (code, server) {
            (12, false) => facts.extend(name(value).map(Fact::Called)),
            (60, false) => facts.extend(name(value).map(Fact::Client)),
            (1, true) => facts.extend(address(value, 0).map(Fact::Mask)),
            (3, true) => facts.extend(address(value, 0).map(Fact::Gateway)),
            (15, true) => facts.extend(name(value).and_then(domain).map(Fact::Domain)),
            _ => {}
        }
        options = rest.get(1 + length..)?;
    }
    Some(())
}

/// Names of answers whose record is an address (RFC 6762); a name that a pointer begins is left out.
fn multicast(data: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let (flags, questions, answers) = (word(data, 2)?, word(data, 4)?, word(data, 6)?);
    if flags & 0x8000 == 0 || questions != 0 {
        return None;
    }
    let mut at = 12;
    for _ in 0..answers.min(32) {
        let (labels, end) = labels(data, at)?;
        let (kind, length) = (word(data, end)?, usize::from(word(data, end + 8)?));
        if kind == 1 && labels.len() == 2 && labels.last().is_some_and(|last| last == "local") {
            facts.extend(labels.first().cloned().map(Fact::Called));
        }
        at = end + 10 + length;
    }
    Some(())
}

/// The labels of a name, and where it ends.
fn labels(data: &[u8], from: usize) -> Option<(Vec<String>, usize)> {
    let (mut at, mut labels) = (from, Vec::new());
    loop {
        let length = usize::from(*data.get(at)?);
        if length == 0 {
            return Some((labels, at + 1));
        }
        if length & 0xc0 == 0xc0 {
            return Some((labels, at + 2));
        }
        if NAME < length || 8 < labels.len() {
            return None;
        }
        labels.push(name(data.get(at + 1..at + 1 + length)?)?);
        at += 1 + length;
    }
}

/// A host that registers its name (RFC 1002 §4.2.2): letters in halves, the sixteenth says what it is for.
fn netbios(data: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let opcode = word(data, 2)? >> 11 & 15;
    let coded = data.get(13..45)?;
    if opcode != 5 || *data.get(12)? != 32 {
        return None;
    }
    let bytes: Vec<u8> = coded
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => high.wrapping_sub(b'A') << 4 | low.wrapping_sub(b'A') & 15,
            _ => 0,
        })
        .collect();
    // A group has the flag in its record; a workstation's own name ends with a zero.
    if bytes.get(15) == Some(&0) && data.get(data.len().checked_sub(6)?)? & 0x80 == 0 {
        facts.extend(name(bytes.get(..15)?.trim_ascii_end()).map(Fact::Called));
    }
    Some(())
}

/// A name that a plan can have for a domain: whatever a server says, what is proposed can be read.
fn domain(text: String) -> Option<String> {
    let part = |part: &str| {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&part.len()) && plain && !part.starts_with('-') && !part.ends_with('-')
    };
    let whole = text.trim_end_matches('.');
    whole.split('.').all(part).then(|| whole.to_owned())
}

/// A name of letters, digits and the signs that names have.
fn name(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_. :+/".contains(byte);
    let text = std::str::from_utf8(bytes).ok()?;
    ((1..=NAME).contains(&bytes.len()) && bytes.iter().all(plain)).then(|| text.to_owned())
}
