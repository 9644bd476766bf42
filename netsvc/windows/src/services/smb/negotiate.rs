//! NEGOTIATE of SMB 2: which dialect is spoken, and how messages are signed and encrypted ([MS-SMB2] §3.3.5.4).

use super::{
    agreed::{Agreed, Client, capability},
    connection::Connection,
    crypto::{Cipher, Signing, hashed},
    flavour::{DIALECTS, Family, key},
    message::{Reply, Request},
    status::Status,
    wire::{Put, Reader, count, filetime, short},
};
use netsvc_daemon::spnego;
use netsvc_kit::Out;
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};

/// Most dialects and contexts of a request.
const MOST: u16 = 64;

/// Contexts of a request, as far as they matter.
#[derive(Debug, Default)]
struct Contexts {
    hashes: Option<Vec<u16>>,
    ciphers: Option<Vec<u16>>,
    signings: Option<Vec<u16>>,
    compressions: Option<Vec<u16>>,
    /// Numbers of all, in order.
    all: Vec<u16>,
}

impl Connection {
    /// Answers the request of SMB 2.
    pub(super) fn negotiate(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        if self.agreed.is_some() {
            // Who asks again is hung up on.
            self.hang_up(out);
            return Status::INVALID_PARAMETER.into();
        }
        let Some((client, contexts)) = self.asked(request) else {
            return Status::INVALID_PARAMETER.into();
        };
        self.fingerprint(&client, &contexts, out);
        let common = client
            .dialects
            .iter()
            .copied()
            .filter(|dialect| DIALECTS.contains(dialect) && *dialect <= self.flavour.latest);
        let Some(dialect) = common.max() else { return Status::NOT_SUPPORTED.into() };
        if dialect == 0x0311 {
            match &contexts.hashes {
                None => return Status::INVALID_PARAMETER.into(),
                Some(hashes) if !hashes.contains(&1) => return Status::NO_PREAUTH_HASH_OVERLAP.into(),
                Some(_) => {}
            }
        }
        let agreed = self.agree(dialect, client, &contexts);
        let list = if dialect == 0x0311 { self.answers(&agreed, &contexts) } else { Vec::new() };
        let body = self.offered(dialect, agreed.capabilities, &list);
        self.agreed = Some(agreed);
        Reply::new(body)
    }

    fn asked(&self, request: &Request<'_>) -> Option<(Client, Contexts)> {
        let mut reader = request.body();
        (reader.u16()? == 36).then_some(())?;
        let dialects = reader.u16().filter(|count| (1..=MOST).contains(count))?;
        let mode = reader.u16()?;
        reader.skip(2)?;
        let capabilities = reader.u32()?;
        let guid = reader.take(16)?.try_into().ok()?;
        let (offset, contexts) = (usize::try_from(reader.u32()?).ok()?, reader.u16()?);
        reader.skip(2)?;
        let dialects: Vec<u16> = (0..dialects).map_while(|_| reader.u16()).collect();
        let contexts = match dialects.contains(&0x0311) && self.flavour.latest == 0x0311 {
            true => Contexts::parse(request.bytes.get(offset..)?, contexts)?,
            false => Contexts::default(),
        };
        Some((Client { guid, capabilities, mode, dialects }, contexts))
    }

    fn fingerprint(&self, client: &Client, contexts: &Contexts, out: &mut Out) {
        let list = |numbers: &[u16]| {
            numbers.iter().map(|number| format!("{number:x}")).collect::<Vec<_>>().join("-")
        };
        let some = |numbers: &Option<Vec<u16>>| numbers.as_deref().map_or(String::new(), list);
        // What clients differ in, in the order in which they say it.
        let text = format!(
            "dialects={} mode={:x} capabilities={:x} contexts={} ciphers={} signing={} compression={}",
            list(&client.dialects),
            client.mode,
            client.capabilities,
            list(&contexts.all),
            some(&contexts.ciphers),
            some(&contexts.signings),
            some(&contexts.compressions),
        );
        let guid = hex::encode(client.guid).into_bytes();
        out.record(
            Kind::ClientFingerprint,
            vec![(field::CLIENT_VERSION, text.into_bytes()), (field::NAME, guid)],
        );
    }

    fn agree(&self, dialect: u16, client: Client, contexts: &Contexts) -> Agreed {
        use capability as c;
        let mut capabilities = c::DFS;
        if 0x0210 <= dialect {
            capabilities |= c::LEASING | c::LARGE;
        }
        if 0x0300 <= dialect {
            let more = match self.flavour.family {
                Family::Windows => c::CHANNELS | c::DIRECTORIES,
                Family::Samba => c::CHANNELS,
            };
            capabilities |= client.capabilities & more;
        }
        let mut cipher = None;
        if matches!(dialect, 0x0300 | 0x0302) && client.capabilities & c::ENCRYPTION != 0 {
            capabilities |= c::ENCRYPTION;
            cipher = Some(Cipher::Ccm128);
        }
        let mut signing = if 0x0300 <= dialect { Signing::Cmac } else { Signing::Hmac };
        if dialect == 0x0311 {
            // Each server has an order of its own.
            let known = |numbers: &Option<Vec<u16>>, wanted: u16| {
                numbers.as_ref().is_some_and(|list| list.contains(&wanted))
            };
            cipher = self.flavour.ciphers.iter().copied().find(|own| known(&contexts.ciphers, *own as u16));
            let chosen = self.flavour.signings.iter().find(|own| known(&contexts.signings, **own as u16));
            signing = chosen.copied().unwrap_or(signing);
        }
        Agreed { dialect, client, capabilities, signing, cipher, hash: [0; 64] }
    }

    /// The contexts of the answer.
    fn answers(&self, agreed: &Agreed, contexts: &Contexts) -> Vec<(u16, Vec<u8>)> {
        let mut list = Vec::new();
        let salt = subkey::bytes(&key(self.host.persona()), &["smb", "salt", &self.link.session.to_string()]);
        let mut hash = Vec::new();
        hash.u16(1).u16(32).u16(1).bytes(&salt);
        list.push((1, hash));
        if contexts.ciphers.is_some() {
            let mut cipher = Vec::new();
            cipher.u16(1).u16(agreed.cipher.map_or(0, |cipher| cipher as u16));
            list.push((2, cipher));
        }
        if contexts.compressions.is_some() && self.flavour.compresses {
            // No way to compress is common to both.
            list.push((3, vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        }
        if contexts.signings.is_some() && !self.flavour.signings.is_empty() {
            let mut signing = Vec::new();
            signing.u16(1).u16(agreed.signing as u16);
            list.push((8, signing));
        }
        list
    }

    /// The body of an answer of `dialect`.
    pub(super) fn offered(&self, dialect: u16, capabilities: u32, contexts: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let flavour = &self.flavour;
        let most = flavour.most_in(dialect);
        let blob = spnego::offer(flavour.member);
        let start = if flavour.tells_start { self.host.persona().booted_at } else { 0 };
        let mut body = Vec::new();
        body.u16(65).u16(flavour.mode()).u16(dialect).u16(short(contexts.len())).bytes(&flavour.guid);
        body.u32(capabilities).u32(most).u32(most).u32(most);
        body.u64(filetime(self.host.clock())).u64(filetime(start));
        let end = 128 + blob.len();
        let place = if contexts.is_empty() { 0 } else { end.next_multiple_of(8) };
        body.u16(128).u16(short(blob.len())).u32(count(place)).bytes(&blob);
        for (number, data) in contexts {
            body.pad(8).u16(*number).u16(short(data.len())).u32(0).bytes(data);
        }
        body
    }

    /// Takes `message`, said by either, into the hash of the conversation.
    pub(super) fn remember(&mut self, message: &[u8]) {
        if let Some(agreed) = self.agreed.as_mut().filter(|agreed| agreed.dialect == 0x0311) {
            agreed.hash = hashed(&agreed.hash, message);
        }
    }
}

impl Contexts {
    fn parse(bytes: &[u8], number: u16) -> Option<Contexts> {
        let mut contexts = Contexts::default();
        let mut reader = Reader::new(bytes);
        for place in 0..number.min(MOST) {
            if place > 0 {
                reader.align(8)?;
            }
            let (kind, length) = (reader.u16()?, reader.u16()?);
            reader.skip(4)?;
            let mut data = Reader::new(reader.take(usize::from(length))?);
            contexts.all.push(kind);
            let read = |data: &mut Reader<'_>, skipped: usize| {
                let many = data.u16().filter(|many| (1..=MOST).contains(many))?;
                data.skip(skipped)?;
                (0..many).map(|_| data.u16()).collect::<Option<Vec<u16>>>()
            };
            match kind {
                1 => contexts.hashes = Some(read(&mut data, 2)?),
                2 => contexts.ciphers = Some(read(&mut data, 0)?),
                3 => contexts.compressions = Some(read(&mut data, 6)?),
                8 => contexts.signings = Some(read(&mut data, 0)?),
                _ => {}
            }
        }
        Some(contexts)
    }
}
