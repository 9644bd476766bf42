//! The multipoint communication service (T.125) and the conference in it (T.124), as far as a desktop needs them
//! ([MS-RDPBCGR] §2.2.1.3 to §2.2.1.9).

use super::text;
use netsvc_daemon::der::{self, OCTETS, SEQUENCE};

/// What channels begin at: users, the first channel, the first static one.
pub(super) const USERS: u16 = 1001;
pub(super) const IO: u16 = 1003;
const FIRST_STATIC: u16 = 1004;
/// Most static channels (§2.2.1.3.4).
const MOST: usize = 31;
/// Most bytes before the name of a conference's key, `Duca`.
const HEAD: usize = 160;

/// What a client says of itself in its connect-initial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) version: u32,
    pub(super) size: (u16, u16),
    /// Bits of a pixel that it would have.
    pub(super) depth: u16,
    pub(super) layout: u32,
    pub(super) build: u32,
    pub(super) name: String,
    /// What its installation is called.
    pub(super) product: String,
    /// Names of its channels with their numbers.
    pub(super) channels: Vec<String>,
    /// Methods of encryption that it takes.
    pub(super) methods: u32,
    /// Most channels that it would use.
    pub(super) most_channels: u32,
}

/// A message of a client within the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    ErectDomain,
    AttachUser,
    Join { user: u16, channel: u16 },
    Data { user: u16, channel: u16, data: &'a [u8] },
    Disconnect,
    Other,
}

impl Client {
    /// Reads a connect-initial; `None` when it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Client> {
        // Tag 101 has two bytes; its length follows.
        let rest = bytes.strip_prefix(&[0x7f])?;
        let (whole, _) = der::read(rest).filter(|(element, _)| element.tag == 0x65)?;
        let mut client = Client::default();
        let mut parameters = der::all(whole.content).filter(|element| element.tag == SEQUENCE);
        let target = parameters.next()?;
        client.most_channels =
            der::all(target.content).next().and_then(|first| der::number(first.content))?;
        let data = der::all(whole.content).filter(|element| element.tag == OCTETS).nth(2)?.content;
        let key = data.get(..HEAD.min(data.len()))?.windows(4).position(|word| word == b"Duca")?;
        let mut blocks = per_length(data.get(key + 4..)?)?;
        while let (Some(kind), Some(length)) = (text::short(blocks, 0), text::short(blocks, 2)) {
            let Some((block, rest)) = blocks.split_at_checked(usize::from(length)).filter(|_| 4 <= length)
            else {
                break;
            };
            client.block(kind, block.get(4..).unwrap_or_default());
            blocks = rest;
        }
        Some(client)
    }

    fn block(&mut self, kind: u16, data: &[u8]) {
        let short = |at| text::short(data, at).unwrap_or_default();
        let long = |at| text::long(data, at).unwrap_or_default();
        let wide = |at: usize, length: usize| text::utf16(data.get(at..at + length).unwrap_or_default());
        match kind {
            0xc001 => {
                (self.version, self.size) = (long(0), (short(4), short(6)));
                (self.layout, self.build, self.name) = (long(12), long(16), wide(20, 32));
                self.product = wide(142, 64);
                self.depth = match (short(140) & 2, short(136), short(128)) {
                    (2, ..) => 32,
                    (_, high, _) if high != 0 => high,
                    (_, _, 0xca00..=0xca01) => 8,
                    (_, _, 0xca02) => 15,
                    (_, _, 0xca03) => 16,
                    (_, _, 0xca04) => 24,
                    _ => 8,
                };
            }
            0xc002 => self.methods = long(0),
            0xc003 => {
                let count = usize::try_from(long(0)).unwrap_or_default().min(MOST);
                let list = data.get(4..).unwrap_or_default().chunks_exact(12).take(count);
                self.channels = list
                    .map(|channel| {
                        let name = channel.split(|byte| *byte == 0).next().unwrap_or_default();
                        String::from_utf8_lossy(name.get(..8).unwrap_or(name)).into_owned()
                    })
                    .collect();
            }
            _ => {}
        }
    }

    /// Whether `channel` is one of those that the client has.
    pub(super) fn has(&self, channel: u16) -> bool {
        let count = u16::try_from(self.channels.len()).unwrap_or_default();
        channel == IO || (FIRST_STATIC..FIRST_STATIC + count).contains(&channel)
    }

    /// The channel of its user: the one after all others.
    pub(super) fn user(&self) -> u16 {
        FIRST_STATIC + u16::try_from(self.channels.len()).unwrap_or_default()
    }
}

/// What follows a length of PER (X.691 §10.9), as far as it is there.
fn per_length(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.first()? {
        first if first & 0x80 == 0 => bytes.get(1..),
        _ => bytes.get(2..),
    }
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(super) struct Server<'a> {
    pub(super) version: u32,
    /// Protocols that the client asked for.
    pub(super) asked: u32,
    /// Method and level of encryption.
    pub(super) encryption: (u32, u32),
    /// The random number and the certificate of a server that encrypts.
    pub(super) keys: Option<(&'a [u8; 32], &'a [u8])>,
}

/// The connect-response to `client`.
pub(super) fn connect_response(client: &Client, server: &Server<'_>) -> Vec<u8> {
    let mut blocks = block(0x0c01, &[server.version, server.asked, 0].map(u32::to_le_bytes).concat());
    let count = u16::try_from(client.channels.len()).unwrap_or_default();
    let mut net = [IO, count].map(u16::to_le_bytes).concat();
    net.extend(
        (0..count + count % 2).flat_map(|at| if at < count { FIRST_STATIC + at } else { 0 }.to_le_bytes()),
    );
    blocks.extend(block(0x0c03, &net));
    let mut security = [server.encryption.0, server.encryption.1].map(u32::to_le_bytes).concat();
    if let Some((random, certificate)) = server.keys {
        let length = u32::try_from(certificate.len()).unwrap_or_default();
        security.extend([&32_u32.to_le_bytes()[..], &length.to_le_bytes(), random, certificate].concat());
    }
    blocks.extend(block(0x0c02, &security));
    let per = |length: usize| {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        if length < 0x80 { vec![length.to_be_bytes()[1]] } else { (0x8000 | length).to_be_bytes().to_vec() }
    };
    let mut response = b"\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn".to_vec();
    response.extend(per(blocks.len()));
    response.extend(blocks);
    // Windows tells the length of its example here, whatever follows; nobody reads it.
    let mut data = b"\x00\x05\x00\x14\x7c\x00\x01\x2a".to_vec();
    data.extend(response);
    let parameters = [34, 3, 0, 1, 0, 1, 0xfff8, 2].map(der::integer).concat();
    let mut fields = der::element(0x0a, &[0]);
    fields.extend(der::integer(0));
    fields.extend(der::element(SEQUENCE, &parameters));
    fields.extend(der::element(OCTETS, &data));
    [vec![0x7f], der::element(0x66, &fields)].concat()
}

fn block(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 4).unwrap_or(u16::MAX);
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

impl Message<'_> {
    /// Reads what a data TPDU carried; `None` when it is too short for what it says it is.
    pub(super) fn read(bytes: &[u8]) -> Option<Message<'_>> {
        let short = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(match bytes.first()? >> 2 {
            1 => Message::ErectDomain,
            8 => Message::Disconnect,
            10 => Message::AttachUser,
            14 => Message::Join { user: short(1)?.checked_add(USERS)?, channel: short(3)? },
            25 => {
                let data = per_length(bytes.get(6..)?)?;
                Message::Data { user: short(1)?.checked_add(USERS)?, channel: short(3)?, data }
            }
            _ => Message::Other,
        })
    }
}

/// The confirm of an attached user.
pub(super) fn attached(user: u16) -> Vec<u8> {
    [&[0x2e, 0][..], &(user.saturating_sub(USERS)).to_be_bytes()].concat()
}

/// The confirm of a joined channel, or that there is none (`rt-no-such-channel`).
pub(super) fn joined(user: u16, channel: u16, there: bool) -> Vec<u8> {
    let user = user.saturating_sub(USERS).to_be_bytes();
    let mut whole = if there { vec![0x3e, 0] } else { vec![0x3c, 0x60] };
    whole.extend([user, channel.to_be_bytes()].concat());
    if there {
        whole.extend(channel.to_be_bytes());
    }
    whole
}

/// `data` for the client, on the channel of the desktop.
pub(super) fn indication(data: &[u8]) -> Vec<u8> {
    let length = 0x8000 | u16::try_from(data.len()).unwrap_or(0x3fff).min(0x3fff);
    [&[0x68, 0, 1][..], &IO.to_be_bytes(), &[0x70], &length.to_be_bytes(), data].concat()
}

/// The end, by the server (`rn-provider-initiated`).
pub(super) const DISCONNECT: [u8; 2] = [0x21, 0x80];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A connect-initial as nmap's library writes it, with two channels.
    pub(in super::super) fn initial(channels: &[&str]) -> Vec<u8> {
        let mut core = vec![0; 212];
        core[..4].copy_from_slice(&0x0008_0004_u32.to_le_bytes());
        core[4..8].copy_from_slice(&[0x80, 2, 0xe0, 1]);
        core[12..16].copy_from_slice(&0x407_u32.to_le_bytes());
        core[16..20].copy_from_slice(&2600_u32.to_le_bytes());
        for (at, unit) in "EMP-LAP-0014".encode_utf16().enumerate() {
            core[20 + 2 * at..22 + 2 * at].copy_from_slice(&unit.to_le_bytes());
        }
        core[136] = 24;
        let mut net = u32::try_from(channels.len()).unwrap().to_le_bytes().to_vec();
        for name in channels {
            let mut entry = name.as_bytes().to_vec();
            entry.resize(12, 0);
            net.extend(entry);
        }
        let blocks =
            [block(0xc001, &core), block(0xc002, &[3, 0, 0, 0, 0, 0, 0, 0]), block(0xc003, &net)].concat();
        let length = (0x8000 | u16::try_from(blocks.len()).unwrap()).to_be_bytes();
        let request = [&b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca"[..], &length, &blocks].concat();
        let length = (0x8000 | u16::try_from(request.len()).unwrap()).to_be_bytes();
        let data = [&b"\x00\x05\x00\x14\x7c\x00\x01"[..], &length, &request].concat();
        let parameters = der::element(SEQUENCE, &[34, 2, 0, 1, 0, 1, 0xffff, 2].map(der::integer).concat());
        let fields = [
            der::element(OCTETS, &[1]),
            der::element(OCTETS, &[1]),
            der::element(1, &[0xff]),
            parameters.repeat(3),
            der::element(OCTETS, &data),
        ];
        [vec![0x7f], der::element(0x65, &fields.concat())].concat()
    }

    #[test]
    fn a_client_says_what_it_is() {
        let client = Client::read(&initial(&["rdpdr", "MS_T120"])).unwrap();
        assert_eq!((client.name.as_str(), client.build, client.layout), ("EMP-LAP-0014", 2600, 0x407));
        assert_eq!((client.size, client.depth, client.methods), ((640, 480), 24, 3));
        assert_eq!(client.channels, ["rdpdr", "MS_T120"]);
        assert!(client.has(IO) && client.has(1005) && !client.has(1006));
        assert_eq!(client.user(), 1006);
    }

    #[test]
    fn a_server_answers_as_its_specification_shows() {
        let client =
            Client { channels: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], ..Client::default() };
        let server = Server { version: 0x0008_0004, asked: 0, encryption: (0, 0), keys: None };
        let said = hex::encode(connect_response(&client, &server));
        let domain = "0a0100020100301a020122020103020100020101020100020101020300fff8020102";
        assert!(said.starts_with("7f66") && said.contains(domain), "{said}");
        assert!(said.contains("030c1000eb030300ec03ed03ee030000"), "{said}");
    }

    #[test]
    fn messages_of_a_domain_are_told_apart() {
        for (bytes, expected) in [
            ("0401000100", Message::ErectDomain),
            ("28", Message::AttachUser),
            ("38000603eb", Message::Join { user: 1007, channel: 1003 }),
            ("64000603eb70810441424344", Message::Data { user: 1007, channel: 1003, data: b"ABCD" }),
            ("2180", Message::Disconnect),
        ] {
            assert_eq!(Message::read(&hex::decode(bytes).unwrap()), Some(expected));
        }
        assert_eq!(hex::encode(joined(1007, 1003, true)), "3e00000603eb03eb");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, at: usize, byte: u8) {
            let _ = (Client::read(&bytes), Message::read(&bytes));
            let mut changed = initial(&["a"]);
            let place = at % changed.len();
            changed[place] = byte;
            let _ = Client::read(&changed);
        }
    }
}
