//! Datagrams that tell of who sends them: questions for names (RFC 1035), and for an address (RFC 2131).

use crate::packet::number16;

/// Labels of a name, and bytes of it.
const LABELS: usize = 128;
const NAME: usize = 253;
/// Options of DHCP that are looked at.
const OPTIONS: usize = 128;
/// Where they begin, after the mark that says that there are any.
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const BEGIN: usize = 240;

/// A question for a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) kind: String,
}

/// The first question of a message that asks.
pub(super) fn question(message: &[u8]) -> Option<Question> {
    let (flags, questions) = (number16(message, 2), number16(message, 4));
    if flags & 0x8000 != 0 || questions == 0 {
        return None;
    }
    let mut rest = message.get(12..)?;
    let mut name = String::new();
    for _ in 0..LABELS {
        let (length, after) = rest.split_first()?;
        if *length == 0 {
            let (kind, class) = (number16(after, 0), number16(after, 2));
            // A question without its class is cut.
            after.get(3)?;
            let kind = kind_name(kind).map_or_else(|| format!("TYPE{kind}"), str::to_owned);
            let kind = if class == 3 { format!("CH {kind}") } else { kind };
            return Some(Question { name: if name.is_empty() { ".".to_owned() } else { name }, kind });
        }
        // A question's name points nowhere: nothing stands before it.
        let (label, after) = after.split_at_checked(usize::from(*length)).filter(|_| *length < 64)?;
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|byte| match byte {
            byte if byte.is_ascii_graphic() => char::from(*byte),
            _ => '?',
        }));
        if NAME < name.len() {
            return None;
        }
        rest = after;
    }
    None
}

fn kind_name(kind: u16) -> Option<&'static str> {
    const NAMES: &[(u16, &str)] = &[
        (1, "A"),
        (2, "NS"),
        (5, "CNAME"),
        (6, "SOA"),
        (10, "NULL"),
        (12, "PTR"),
        (15, "MX"),
        (16, "TXT"),
        (28, "AAAA"),
        (33, "SRV"),
        (35, "NAPTR"),
        (43, "DS"),
        (48, "DNSKEY"),
        (64, "SVCB"),
        (65, "HTTPS"),
        (251, "IXFR"),
        (252, "AXFR"),
        (255, "ANY"),
    ];
    NAMES.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name)
}

/// How a client asks for an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    /// Its hardware address.
    pub(super) mac: [u8; 6],
    /// The address that it has or wants.
    pub(super) address: Option<[u8; 4]>,
    /// What it wants to be told (option 55).
    pub(super) parameters: Vec<u8>,
    /// Its vendor class (option 60).
    pub(super) vendor: Vec<u8>,
    /// Its name (option 12).
    pub(super) name: Vec<u8>,
}

/// What a client says that discovers or requests.
pub(super) fn ask(message: &[u8]) -> Option<Ask> {
    let is_ask = message.first() == Some(&1) && message.get(236..BEGIN) == Some(&COOKIE[..]);
    let mac = message.get(28..34)?.first_chunk::<6>().filter(|_| is_ask)?;
    let own = message.get(12..16)?.first_chunk::<4>().copied();
    let mut ask = Ask { mac: *mac, address: own.filter(|own| *own != [0; 4]), ..Ask::default() };
    let mut kind = None;
    let mut rest = message.get(BEGIN..)?;
    for _ in 0..OPTIONS {
        let Some((code, after)) = rest.split_first().filter(|(code, _)| **code != 255) else { break };
        if *code == 0 {
            rest = after;
            continue;
        }
        let Some((value, after)) =
            after.split_first().and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)))
        else {
            break;
        };
        match code {
            12 => ask.name = value.to_vec(),
            50 => ask.address = value.first_chunk::<4>().copied().or(ask.address),
            53 => kind = value.first().copied(),
            55 => ask.parameters = value.to_vec(),
            60 => ask.vendor = value.to_vec(),
            _ => {}
        }
        rest = after;
    }
    // Discover and request.
    (matches!(kind, Some(1 | 3)) && !ask.parameters.is_empty()).then_some(ask)
}

/// How a server gives an address away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// The address.
    pub(super) address: [u8; 4],
    /// What the server calls itself (option 54).
    pub(super) server: Option<[u8; 4]>,
    /// The first way out (option 3), and the first server for names (option 6), that it names.
    pub(super) router: Option<[u8; 4]>,
    pub(super) dns: Option<[u8; 4]>,
}

/// What a server says that offers or gives.
pub(super) fn offer(message: &[u8]) -> Option<Offer> {
    let is_offer = message.first() == Some(&2) && message.get(236..BEGIN) == Some(&COOKIE[..]);
    let address = message.get(16..20)?.first_chunk::<4>().copied().filter(|_| is_offer)?;
    let mut offer = Offer { address, ..Offer::default() };
    let mut kind = None;
    let mut rest = message.get(BEGIN..)?;
    for _ in 0..OPTIONS {
        let Some((code, after)) = rest.split_first().filter(|(code, _)| **code != 255) else { break };
        if *code == 0 {
            rest = after;
            continue;
        }
        let Some((value, after)) =
            after.split_first().and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)))
        else {
            break;
        };
        let first = value.first_chunk::<4>().copied();
        match code {
            3 => offer.router = first,
            6 => offer.dns = first,
            53 => kind = value.first().copied(),
            54 => offer.server = first,
            _ => {}
        }
        rest = after;
    }
    // Offer and acknowledgement.
    matches!(kind, Some(2 | 5)).then_some(offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(name: &[u8], end: &[u8]) -> Vec<u8> {
        [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], name, end].concat()
    }

    #[test]
    fn questions_are_read() {
        for (bytes, expected) in [
            (asked(b"\x03www\x07example\0", &[0, 28, 0, 1]), Some(("www.example", "AAAA"))),
            (asked(b"\x07version\x04bind\0", &[0, 16, 0, 3]), Some(("version.bind", "CH TXT"))),
            (asked(b"\0", &[0, 2, 0, 1]), Some((".", "NS"))),
            (asked(b"\x02a\n\0", &[1, 9, 0, 1]), Some(("a?", "TYPE265"))),
            (asked(b"\xc0\x0c", &[0, 1, 0, 1]), None),
            (asked(b"\x03www\0", &[0, 1, 0]), None),
            (b"\0\x01\x81\0\0\x01\0\0\0\0\0\0\0\0\x01\0\x01".to_vec(), None),
        ] {
            let found = question(&bytes);
            let found = found.as_ref().map(|found| (found.name.as_str(), found.kind.as_str()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn how_an_address_is_asked_for_is_read() {
        let mut message = vec![0; BEGIN];
        message[0] = 1;
        message[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
        message[236..240].copy_from_slice(&COOKIE);
        message.extend(
            b"\x35\x01\x03\x00\x37\x03\x01\x03\x06\x3c\x04MSFT\x0c\x02pc\x32\x04\xc0\x00\x02\x07\xff",
        );
        let ask = ask(&message).unwrap();
        assert_eq!((ask.parameters, ask.vendor, ask.name), (vec![1, 3, 6], b"MSFT".to_vec(), b"pc".to_vec()));
        assert_eq!((ask.mac[5], ask.address), (7, Some([192, 0, 2, 7])));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = question(&bytes);
            let _ = ask(&bytes);
            let mut message = bytes;
            message.resize(message.len().max(BEGIN), 1);
            message[236..240].copy_from_slice(&COOKIE);
            let _ = ask(&message);
            message[0] = 2;
            let _ = offer(&message);
        }
    }
}
