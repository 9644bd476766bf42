//! Packets of TFTP (RFC 1350, 5; RFC 2347).

use std::time::Duration;

/// Longest request that is looked at: what the server has room for.
const LONGEST: usize = 65_464;
/// Most bytes of a request that its event has.
const SHOWN: usize = 1024;
/// Options that are looked at.
const OPTIONS: usize = 8;
/// Bytes of a block where no other number is agreed.
pub(super) const BLOCK: usize = 512;
/// Most bytes of a block that are agreed: what a path takes whole.
const MOST: u64 = 1428;

/// Errors (RFC 1350, appendix; RFC 2347).
pub(super) const UNDEFINED: u16 = 0;
pub(super) const NOT_FOUND: u16 = 1;
pub(super) const DISK_FULL: u16 = 3;
pub(super) const ILLEGAL: u16 = 4;
pub(super) const NO_OPTION: u16 = 8;

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// A file is to be read, or written.
    Request { writes: bool, rest: &'a [u8] },
    /// A block.
    Data(u16, &'a [u8]),
    /// A block has arrived.
    Acknowledged(u16),
    /// An error, with its text.
    Error(u16, &'a [u8]),
}

/// A request that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) writes: bool,
    pub(super) name: Vec<u8>,
    /// Whether line ends are translated.
    pub(super) text: bool,
    /// As they came.
    pub(super) options: Vec<(Vec<u8>, Vec<u8>)>,
}

/// An error that is answered.
pub(super) type Refused = (u16, &'static str);

/// What is agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) block: usize,
    /// Time until a packet is sent again.
    pub(super) again: Duration,
    /// Names and values of the acknowledgement; none: there is none.
    pub(super) told: Vec<u8>,
}

/// Reads a packet; `None`: it is none.
pub(super) fn read(datagram: &[u8]) -> Option<Packet<'_>> {
    let (code, rest) = datagram.split_at_checked(2)?;
    let number = |rest: &[u8]| Some(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    match code {
        [0, 1] => Some(Packet::Request { writes: false, rest }),
        [0, 2] => Some(Packet::Request { writes: true, rest }),
        [0, 3] => Some(Packet::Data(number(rest)?, rest.get(2..)?)),
        [0, 4] => Some(Packet::Acknowledged(number(rest)?)),
        [0, 5] => Some(Packet::Error(number(rest)?, rest.get(2..)?)),
        _ => None,
    }
}

/// Reads what stands behind the code of a request.
pub(super) fn request(writes: bool, rest: &[u8]) -> Result<Request, Refused> {
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    if !rest.is_empty() && !rest.contains(&0) {
        return Err((ILLEGAL, "Request not null-terminated"));
    }
    let rest = rest.strip_suffix(b"\0").unwrap_or(rest);
    let mut words = rest.split(|byte| *byte == 0);
    let name = words.next().unwrap_or_default().to_vec();
    let mode = words.next().filter(|_| !name.is_empty()).ok_or((ILLEGAL, "Missing mode"))?;
    let text = match mode.to_ascii_lowercase().as_slice() {
        b"netascii" => true,
        b"octet" => false,
        _ => return Err((ILLEGAL, "Unknown mode")),
    };
    let mut options = Vec::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        if OPTIONS <= options.len() {
            break;
        }
        options.push((name.to_vec(), value.to_vec()));
    }
    Ok(Request { writes, name, text, options })
}

impl Request {
    /// What is agreed on, the file having `size` bytes (of one that is written, what the peer says of it).
    /// An option that is not known is passed over, and one with a value that cannot be is an error.
    pub(super) fn agree(&self, size: Option<u64>) -> Result<Agreed, Refused> {
        const REFUSED: Refused = (NO_OPTION, "Unsupported option(s) requested");
        let mut agreed = Agreed { block: BLOCK, again: Duration::from_secs(1), told: Vec::new() };
        for (name, value) in &self.options {
            let Some(asked) = number(value) else { continue };
            let told = match name.to_ascii_lowercase().as_slice() {
                b"blksize" | b"blksize2" if asked < 8 => return Err(REFUSED),
                b"blksize" => {
                    agreed.block = usize::try_from(asked.min(MOST)).unwrap_or(BLOCK);
                    agreed.block as u64
                }
                b"blksize2" => {
                    let power = asked.min(MOST).ilog2();
                    agreed.block = 1 << power;
                    agreed.block as u64
                }
                b"tsize" if self.text => return Err(REFUSED),
                b"tsize" if self.writes => asked,
                b"tsize" => size.unwrap_or(0),
                b"timeout" if (1..=255).contains(&asked) => {
                    agreed.again = Duration::from_secs(asked);
                    asked
                }
                b"utimeout" if (10_000..=255_000_000).contains(&asked) => {
                    agreed.again = Duration::from_micros(asked);
                    asked
                }
                b"timeout" | b"utimeout" => return Err(REFUSED),
                b"rollover" if asked <= 1 => asked,
                b"rollover" => return Err(REFUSED),
                _ => continue,
            };
            agreed.told.extend_from_slice(name);
            agreed.told.extend_from_slice(format!("\0{told}\0").as_bytes());
        }
        Ok(agreed)
    }

    /// The request as a line.
    pub(super) fn line(&self) -> Vec<u8> {
        let verb = if self.writes { "WRQ" } else { "RRQ" };
        let mode = if self.text { "netascii" } else { "octet" };
        let mut line = [verb.as_bytes(), b" ", &self.name, b" ", mode.as_bytes()].concat();
        for (name, value) in &self.options {
            line.extend([&b" "[..], name, b"=", value].concat());
        }
        line.truncate(SHOWN);
        line
    }
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// A block of data.
pub(super) fn data(number: u16, content: &[u8]) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    [&[0, 3, high, low], content].concat()
}

/// An acknowledgement of a block.
pub(super) fn acknowledgement(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    vec![0, 4, high, low]
}

/// An acknowledgement of options.
pub(super) fn options(told: &[u8]) -> Vec<u8> {
    [&[0, 6], told].concat()
}

/// An error.
pub(super) fn error((code, text): Refused) -> Vec<u8> {
    let [high, low] = code.to_be_bytes();
    [&[0, 5, high, low], text.as_bytes(), b"\0"].concat()
}

/// Line ends as the network has them: CR LF, and CR NUL for a CR alone (RFC 764).
pub(super) fn to_network(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 16);
    for byte in content {
        match byte {
            b'\n' => out.extend_from_slice(b"\r\n"),
            b'\r' => out.extend_from_slice(b"\r\0"),
            other => out.push(*other),
        }
    }
    out
}

/// The reverse of [`to_network`].
pub(super) fn from_network(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut bytes = content.iter().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\r', Some(b'\n')) => {}
            (b'\r', Some(0)) => {
                bytes.next();
                out.push(b'\r');
            }
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What tftpd-hpa 5.2 answered to requests for a file of 12 bytes.
    #[test]
    fn requests_are_agreed_to_and_refused_as_by_the_real_server() {
        let unknown = "0008 Unsupported option(s) requested";
        for (asked, answer) in [
            (&b"small\0octet\0"[..], ""),
            (b"small\0octet", ""),
            (b"small\0mail\0", "0004 Unknown mode"),
            (b"\0octet\0", "0004 Missing mode"),
            (b"small\0", "0004 Missing mode"),
            (b"small", "0004 Request not null-terminated"),
            (b"", "0004 Missing mode"),
            (
                b"small\0OCTET\0TSIZE\x000\0blksize\x001024\0timeout\x003\0foo\0bar\0",
                "TSIZE 12 blksize 1024 timeout 3 ",
            ),
            (b"small\0octet\0blksize\x004\0", unknown),
            (b"small\0octet\0blksize\0x\0", ""),
            (b"small\0octet\0timeout\x000\0", unknown),
            (b"small\0netascii\0tsize\x000\0", unknown),
            (b"small\0octet\0rollover\x001\0", "rollover 1 "),
            (b"small\0octet\0blksize2\x001000\0", "blksize2 512 "),
            (b"small\0octet\0utimeout\x00500000\0", "utimeout 500000 "),
            (b"small\0octet\0windowsize\x004\0", ""),
            (b"small\0octet\0blksize\0", ""),
            // A path of Ethernet does not take more whole; the real server would.
            (b"small\0octet\0blksize\x0065464\0", "blksize 1428 "),
        ] {
            let shown = match request(false, asked).and_then(|request| request.agree(Some(12))) {
                Ok(agreed) => String::from_utf8_lossy(&agreed.told).replace('\0', " "),
                Err((code, text)) => format!("{code:04} {text}"),
            };
            assert_eq!(shown, answer, "{}", String::from_utf8_lossy(asked));
        }
    }

    proptest! {
        #[test]
        fn line_ends_come_back(content: Vec<u8>) {
            prop_assert_eq!(from_network(&to_network(&content)), content);
        }

        #[test]
        fn any_datagram_is_read(datagram: Vec<u8>) {
            if let Some(Packet::Request { writes, rest }) = read(&datagram) {
                let _ = request(writes, rest).and_then(|request| request.agree(None));
            }
        }
    }
}
