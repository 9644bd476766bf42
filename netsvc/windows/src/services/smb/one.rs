//! SMB 1 ([MS-CIFS], [MS-SMB]): enough of it to go on with SMB 2, and, where a system still has it, to be asked who
//! it is.

use super::{
    agreed::{ANY, capability},
    connection::{Connection, send},
    first::MARK,
    flavour::Family,
    login::{Login, Progress, Rights, Who, judge},
    status::Status,
    tree::{self, Tree},
    wire::{Put, Reader, count, filetime, short, text},
};
use netsvc_daemon::{
    ntlm::{Authenticate, Server},
    spnego,
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Commands.
mod command {
    pub(super) const TRANSACTION: u8 = 0x25;
    pub(super) const ECHO: u8 = 0x2b;
    pub(super) const TRANSACTION2: u8 = 0x32;
    pub(super) const TRANSACTION2_SECONDARY: u8 = 0x33;
    pub(super) const TREE_DISCONNECT: u8 = 0x71;
    pub(super) const NEGOTIATE: u8 = 0x72;
    pub(super) const SESSION_SETUP: u8 = 0x73;
    pub(super) const LOGOFF: u8 = 0x74;
    pub(super) const TREE_CONNECT: u8 = 0x75;
    pub(super) const NT_TRANSACT: u8 = 0xa0;
    pub(super) const NT_TRANSACT_SECONDARY: u8 = 0xa1;
    pub(super) const NT_CREATE: u8 = 0xa2;
}

/// Flags of a header's second word: Unicode, NTSTATUS, extended security.
const UNICODE: u16 = 0x8000;
const STATUS: u16 = 0x4000;
const EXTENDED: u16 = 0x0800;
/// Most echoes that one request asks for.
const ECHOES: u16 = 4;
/// Most trees.
const TREES: usize = 16;
/// Most dialects that are looked at.
const DIALECTS: usize = 64;

/// A request.
#[derive(Clone, Copy)]
struct Request<'a> {
    command: u8,
    flags: u16,
    head: &'a [u8],
    user: u16,
    tree: u16,
    words: &'a [u8],
    bytes: &'a [u8],
    /// Where `bytes` begins in the message, for texts at even places.
    place: usize,
}

/// An answer: status, words, bytes, and the numbers that it gives.
struct Reply {
    status: Status,
    words: Vec<u8>,
    bytes: Vec<u8>,
    user: Option<u16>,
    tree: Option<u16>,
}

impl From<Status> for Reply {
    fn from(status: Status) -> Reply {
        Reply { status, words: Vec::new(), bytes: Vec::new(), user: None, tree: None }
    }
}

impl<'a> Request<'a> {
    fn parse(message: &'a [u8]) -> Option<Self> {
        let head = message.get(..32)?;
        let mut reader = Reader::new(message);
        reader.skip(4)?;
        let command = reader.u8()?;
        reader.skip(5)?;
        let flags = reader.u16()?;
        reader.skip(12)?;
        let tree = reader.u16()?;
        reader.skip(2)?;
        let user = reader.u16()?;
        reader.skip(2)?;
        let words = reader.u8()?;
        let words = reader.take(usize::from(words) * 2)?;
        let length = usize::from(reader.u16()?);
        let place = reader.at();
        // Some say more than they send.
        let bytes = reader.rest();
        let bytes = bytes.get(..length).unwrap_or(bytes);
        Some(Request { command, flags, head, user, tree, words, bytes, place })
    }

    fn is_unicode(&self) -> bool {
        self.flags & UNICODE != 0
    }

    /// The texts of `bytes` from `from` on.
    fn texts(&self, from: usize) -> Vec<String> {
        let mut texts = Vec::new();
        let mut rest = self.bytes.get(from..).unwrap_or_default();
        if !self.is_unicode() {
            let parts = rest.split(|byte| *byte == 0).take(DIALECTS);
            return parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        }
        if (self.place + from) % 2 == 1 {
            rest = rest.get(1..).unwrap_or_default();
        }
        let whole = text(rest);
        texts.extend(whole.split('\0').take(DIALECTS).map(str::to_owned));
        texts
    }

    fn word(&self, place: usize) -> u16 {
        let word = self.words.get(place * 2..).and_then(|words| words.first_chunk::<2>());
        word.copied().map_or(0, u16::from_le_bytes)
    }
}

impl Connection {
    /// Answers a message of SMB 1.
    pub(super) fn one(&mut self, message: &[u8], out: &mut Out) {
        let Some(request) = Request::parse(message) else { return self.hang_up(out) };
        if request.command == command::NEGOTIATE {
            return self.choose(&request, out);
        }
        if self.first.spoken.is_none() {
            return self.hang_up(out);
        }
        exploits(&request, out);
        if let Some(reply) = self.answer_one(&request, out) {
            respond(&request, &reply, self.flavour.family == Family::Samba, out);
        }
    }

    /// Chooses a dialect.
    fn choose(&mut self, request: &Request<'_>, out: &mut Out) {
        let names = request.bytes.split(|byte| *byte == 2 || *byte == 0).filter(|name| !name.is_empty());
        let names: Vec<String> =
            names.take(DIALECTS).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let told = format!("dialects={}", names.join(","));
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_VERSION, told.into_bytes())]);
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        if has("SMB 2.???") && 0x0210 <= self.flavour.latest {
            return self.go_on(ANY, out);
        }
        if has("SMB 2.002") || has("SMB 2.???") {
            return self.go_on(0x0202, out);
        }
        // Samba looks for the older name first.
        let wanted = match self.flavour.family {
            Family::Windows => &["NT LM 0.12"][..],
            Family::Samba => &["NT LANMAN 1.0", "NT LM 0.12"],
        };
        let place = wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
        let place = place.filter(|_| self.flavour.first);
        let Some(place) = place.filter(|_| self.first.spoken.is_none()) else {
            if self.flavour.family == Family::Samba && self.first.spoken.is_none() {
                // No dialect is common to both.
                let reply = Reply { words: vec![0xff, 0xff], ..Status::SUCCESS.into() };
                let request = Request { flags: request.flags & !EXTENDED, ..*request };
                return respond(&request, &reply, true, out);
            }
            return self.hang_up(out);
        };
        let extended = request.flags & EXTENDED != 0;
        self.first.spoken = Some(extended);
        let reply = self.chosen(short(place), extended);
        respond(request, &reply, self.flavour.family == Family::Samba, out);
    }

    /// Answers in SMB 2.
    fn go_on(&mut self, dialect: u16, out: &mut Out) {
        let large = if dialect == 0x0202 { 0 } else { capability::LEASING | capability::LARGE };
        let body = self.offered(dialect, capability::DFS | large, &[]);
        let mut answer = Vec::new();
        answer
            .bytes(super::message::MARK)
            .u16(64)
            .u16(0)
            .u32(0)
            .u16(0)
            .u16(1)
            .u32(1)
            .bytes(&[0; 44])
            .bytes(&body);
        send(&answer, out);
    }

    fn chosen(&mut self, place: u16, extended: bool) -> Reply {
        let windows = self.flavour.family == Family::Windows;
        let server = self.host.persona().os.family != "windows";
        let (requests, buffer) = match (windows, server) {
            (true, true) => (50, 16_644),
            (true, false) => (10, 4_356),
            _ => (50, 16_644),
        };
        let mode = if self.flavour.signed { 0x0f } else { 0x03 };
        let login = Login::new(&self.host, &self.link, 0);
        let zone = -self.host.persona().zone.offset_minutes;
        let capabilities: u32 = if windows { 0x0001_e3fc } else { 0x0000_f3fd };
        let mut words = Vec::new();
        words.u16(place).u8(mode).u16(requests).u16(1).u32(buffer).u32(65_536).u32(0);
        words.u32(capabilities | if extended { 0x8000_0000 } else { 0 }).u64(filetime(self.host.clock()));
        words.bytes(&i16::try_from(zone).unwrap_or(0).to_le_bytes()).u8(if extended { 0 } else { 8 });
        let mut bytes = Vec::new();
        if extended {
            bytes.bytes(&self.flavour.guid).bytes(&spnego::offer(self.flavour.member));
        } else {
            let computer = Server::of(self.host.persona()).computer;
            bytes.bytes(&login.nonce()).text(&self.group()).u16(0).text(&computer).u16(0);
        }
        self.first.login = Some(login);
        Reply { words, bytes, ..Status::SUCCESS.into() }
    }

    /// The domain or work group that the server is in.
    fn group(&self) -> String {
        match self.flavour.family {
            Family::Windows => Server::of(self.host.persona()).domain,
            Family::Samba => super::share::group(&self.host),
        }
    }

    fn answer_one(&mut self, request: &Request<'_>, out: &mut Out) -> Option<Reply> {
        match request.command {
            command::SESSION_SETUP => return Some(self.set_up_one(request, out)),
            command::ECHO => {
                for turn in 0..request.word(0).min(ECHOES) {
                    let mut words = Vec::new();
                    words.u16(turn + 1);
                    let bytes = request.bytes.to_vec();
                    let samba = self.flavour.family == Family::Samba;
                    respond(request, &Reply { words, bytes, ..Status::SUCCESS.into() }, samba, out);
                }
                return None;
            }
            _ => {}
        }
        let Some(who) = self.first.who.clone().filter(|_| request.user == self.first.user) else {
            return Some(Status::SMB_BAD_UID.into());
        };
        match request.command {
            command::LOGOFF => {
                self.first.who = None;
                self.first.trees.clear();
                let words = vec![0xff, 0, 0, 0];
                return Some(Reply { words, ..Status::SUCCESS.into() });
            }
            command::TREE_CONNECT => return Some(self.connect_one(request, &who, out)),
            _ => {}
        }
        if !self.first.trees.contains_key(&request.tree) {
            return Some(Status::SMB_BAD_TID.into());
        }
        Some(match request.command {
            command::TREE_DISCONNECT => {
                self.first.trees.remove(&request.tree);
                Status::SUCCESS.into()
            }
            // PeekNamedPipe of pipe 0 is how one looks for MS17-010: whoever has the update has no such pipe.
            command::TRANSACTION if request.word(14) == 0x23 => Status::INVALID_HANDLE.into(),
            command::TRANSACTION => Status::NOT_SUPPORTED.into(),
            // SESSION_SETUP was never made; backdoors answer it.
            command::TRANSACTION2 if request.word(14) == 0x0e => Status::NOT_IMPLEMENTED.into(),
            command::TRANSACTION2 | command::NT_CREATE => Status::ACCESS_DENIED.into(),
            command::NT_TRANSACT | command::NT_TRANSACT_SECONDARY | command::TRANSACTION2_SECONDARY => {
                Status::INVALID_PARAMETER.into()
            }
            _ => Status::NOT_IMPLEMENTED.into(),
        })
    }

    fn set_up_one(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        let extended = self.first.spoken == Some(true) && request.words.len() == 24;
        self.logins += 1;
        let mut login = match self.first.login.take() {
            Some(login) => login,
            None => Login::new(&self.host, &self.link, self.logins),
        };
        if self.first.user == 0 {
            self.first.user = if self.flavour.family == Family::Windows { 2048 } else { 101 };
        }
        let user = Some(self.first.user);
        let (host, link) = (self.host.clone(), self.link);
        let progress = if extended {
            let length = usize::from(request.word(7)).min(request.bytes.len());
            let token = request.bytes.get(..length).unwrap_or_default();
            let progress = login.step(&host, &link, &self.flavour, token, out);
            if matches!(progress, Progress::More(_)) {
                self.first.login = Some(login);
            }
            progress
        } else {
            let answer = old_answer(request);
            let judged = judge(&host, &link, &self.flavour, login.nonce(), &answer, out);
            match judged {
                Ok((who, key)) => Progress::In(who, key, Vec::new()),
                Err(status) => Progress::Refused(status),
            }
        };
        let (status, who, said) = match progress {
            Progress::Refused(status) => return Reply { user, ..status.into() },
            Progress::More(said) => (Status::MORE_PROCESSING_REQUIRED, None, said),
            Progress::In(who, _, said) => (Status::SUCCESS, Some(who), said),
        };
        let guest = who.as_ref().is_some_and(|who| who.rights == Rights::Guest);
        self.first.who = who;
        let mut words = Vec::new();
        words.u8(0xff).u8(0).u16(0).u16(u16::from(guest));
        if extended {
            words.u16(short(said.len()));
        }
        let mut bytes = said;
        // Texts stand at even places: what is before the bytes has an odd length.
        let before = 32 + 1 + words.len() + 2 + bytes.len();
        if request.is_unicode() && before % 2 == 1 {
            bytes.u8(0);
        }
        let domain = self.group();
        let (system, server) = self.flavour.native.clone();
        let all = [system, server, domain];
        for name in all.iter().take(if extended { 2 } else { 3 }) {
            match request.is_unicode() {
                true => drop(bytes.text(name).u16(0)),
                false => drop(bytes.bytes(name.as_bytes()).u8(0)),
            }
        }
        let andx = count(32 + 1 + words.len() + 2 + bytes.len()).to_le_bytes();
        words.patch(2, andx.get(..2).unwrap_or_default());
        Reply { status, words, bytes, user, tree: None }
    }

    fn connect_one(&mut self, request: &Request<'_>, who: &Who, out: &mut Out) -> Reply {
        let password = usize::from(request.word(3)).min(request.bytes.len());
        let path = request.texts(password).into_iter().next().unwrap_or_default();
        if TREES <= self.first.trees.len() {
            return Status::INSUFFICIENT_RESOURCES.into();
        }
        let asker = (who.rights, who.name.as_str());
        let opened = Tree::open(&self.host, &self.link, &self.flavour, tree::share_name(&path), asker);
        tree::note(&path, opened.as_ref().err().copied().unwrap_or(Status::SUCCESS), out);
        let opened = match opened {
            Ok(opened) => opened,
            Err(status) => return status.into(),
        };
        let id = (2048..).find(|id| !self.first.trees.contains_key(id)).unwrap_or(u16::MAX);
        let pipes = opened.volume.is_none();
        let mut words = Vec::new();
        words.u8(0xff).u8(0).u16(0).u16(1);
        let mut bytes = if pipes { b"IPC\0".to_vec() } else { b"A:\0".to_vec() };
        if request.is_unicode() {
            bytes.text(if pipes { "" } else { "NTFS" }).u16(0);
        } else {
            bytes.bytes(if pipes { b"" } else { b"NTFS" }).u8(0);
        }
        self.first.trees.insert(id, opened);
        Reply { status: Status::SUCCESS, words, bytes, user: None, tree: Some(id) }
    }
}

/// What somebody answers to the challenge without SPNEGO.
fn old_answer(request: &Request<'_>) -> Authenticate {
    let (first, second) = (usize::from(request.word(7)), usize::from(request.word(8)));
    let take = |from: usize, length: usize| {
        super::wire::piece(request.bytes, from, length).unwrap_or_default().to_vec()
    };
    let texts = request.texts(first.saturating_add(second));
    let name = |place: usize| texts.get(place).cloned().unwrap_or_default();
    Authenticate {
        lm: take(0, first),
        nt: take(first, second),
        user: name(0),
        domain: name(1),
        ..Authenticate::default()
    }
}

/// Writes down what is known from exploits and backdoors.
fn exploits(request: &Request<'_>, out: &mut Out) {
    let technique = match request.command {
        command::TRANSACTION if request.word(14) == 0x23 => "ms17-010 check",
        command::TRANSACTION2 if request.word(14) == 0x0e => "doublepulsar ping",
        command::NT_TRANSACT | command::NT_TRANSACT_SECONDARY => "ms17-010 exploit",
        command::TRANSACTION2_SECONDARY => "ms17-010 exploit",
        _ => return,
    };
    let data: Vec<u8> =
        [request.head, request.words, request.bytes].concat().into_iter().take(1024).collect();
    out.record(Kind::ExploitAttempt, vec![(field::TECHNIQUE, technique.into()), (field::DATA, data)]);
}

fn respond(request: &Request<'_>, reply: &Reply, samba: bool, out: &mut Out) {
    let mut answer = Vec::new();
    answer.bytes(MARK).u8(request.command).u32(reply.status.0);
    // An answer, without case; what the peer can, where we can it too.
    // Windows says what it was told, Samba what it can.
    let flags = request.flags & (UNICODE | STATUS | EXTENDED) | 0x0013;
    let told = request.head.get(9).copied().unwrap_or_default();
    let (kind, flags) = if samba { (0x88, flags) } else { (0x80 | told, request.flags) };
    answer.u8(kind).u16(flags);
    answer.bytes(request.head.get(12..14).unwrap_or_default()).bytes(&[0; 10]);
    answer.u16(reply.tree.unwrap_or(request.tree)).bytes(request.head.get(26..28).unwrap_or_default());
    answer.u16(reply.user.unwrap_or(request.user)).bytes(request.head.get(30..32).unwrap_or_default());
    answer.u8(u8::try_from(reply.words.len() / 2).unwrap_or(0)).bytes(&reply.words);
    answer.u16(short(reply.bytes.len())).bytes(&reply.bytes);
    send(&answer, out);
}
