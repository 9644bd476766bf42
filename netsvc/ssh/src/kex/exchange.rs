//! The course of a key exchange, the first and the later ones.

use super::{
    groups::{self, Group},
    negotiation::{self, Offer, Settled, Suite, listed},
    secret::{self, Agreed, Agreement},
};
use crate::{
    codec::{Malformed, Reader, Writer},
    crypto::{cipher::Cipher, mac::Mac},
    error::Error,
    host_key::{Algorithm, HostKeys},
    numbers::{EXT_INFO, GEX_INIT, GEX_REPLY, GEX_REQUEST, KEX_INIT, KEX_REPLY, KEXINIT, NEWKEYS},
    packet::Keys,
    profile::Profile,
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};

/// Exchanges in finite groups that compute at a time in the whole process; others wait their turn.
static HEAVY: Semaphore = Semaphore::const_new(2);
/// Longest public value: 8192 bits.
const VALUE_MAX: usize = 1024;

/// Key exchange of one connection.
pub(crate) struct Exchange {
    client_banner: Vec<u8>,
    server_banner: String,
    /// Hash of the first exchange; `None` before it.
    session: Option<Vec<u8>>,
    ours: Vec<u8>,
    step: Step,
    strict: bool,
    /// Whether the client takes extension messages.
    pub(crate) extensions: bool,
    /// The client's first offer, until somebody takes it.
    pub(crate) first_offer: Option<Box<Offer>>,
    /// Whether compression has begun (it waits for authentication).
    authenticated: bool,
    compressed: (bool, bool),
    host_key: Option<Algorithm>,
}

enum Step {
    /// No exchange.
    Idle,
    /// Our KEXINIT is out.
    Offered,
    /// Waiting for the client's part.
    Begun(Box<Begun>),
    /// Our new keys are in force; the client's wait for its NEWKEYS.
    Keyed(Box<(Keys, bool)>),
}

struct Begun {
    theirs: Vec<u8>,
    settled: Settled,
    skip: bool,
    group: Option<(Group, Vec<u8>)>,
}

impl Exchange {
    pub(crate) fn new(client_banner: Vec<u8>, server_banner: String) -> Self {
        Exchange {
            client_banner,
            server_banner,
            session: None,
            ours: Vec::new(),
            step: Step::Idle,
            strict: false,
            extensions: false,
            first_offer: None,
            authenticated: false,
            compressed: (false, false),
            host_key: None,
        }
    }

    /// The session identifier; empty before the first exchange is done.
    pub(crate) fn session(&self) -> &[u8] {
        self.session.as_deref().unwrap_or_default()
    }

    /// Whether the first exchange is not over.
    pub(crate) fn is_first(&self) -> bool {
        self.session.is_none() || (!self.authenticated && !matches!(self.step, Step::Idle))
    }

    /// Whether the client is authenticated.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// The scheme that proves an RSA key: that of the key exchange where it was one of RSA's.
    pub(crate) fn proving_scheme(&self, sha512: bool) -> Algorithm {
        match self.host_key {
            Some(scheme) if scheme.is_rsa() => scheme,
            _ if sha512 => Algorithm::RsaSha512,
            _ => Algorithm::RsaSha1,
        }
    }

    /// Whether an exchange is under way.
    pub(crate) fn is_going(&self) -> bool {
        !matches!(self.step, Step::Idle)
    }

    /// Offers algorithms, which begins an exchange.
    pub(crate) fn begin<S>(&mut self, transport: &mut Transport<S>, profile: &Profile) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let again = profile.kex_again();
        let names = if self.session.is_none() { &profile.kex } else { &again };
        self.ours = negotiation::init(profile, names);
        self.step = Step::Offered;
        transport.send(self.ours.clone())?;
        transport.hold();
        Ok(())
    }

    /// Starts delayed compression where it was agreed.
    pub(crate) fn authenticated<S>(&mut self, transport: &mut Transport<S>) {
        self.authenticated = true;
        transport.opener.compress(self.compressed.0);
        transport.sealer.compress(self.compressed.1);
    }

    /// Handles a message with a number of key exchange.
    pub(crate) async fn handle<S>(
        &mut self,
        transport: &mut Transport<S>,
        profile: &Profile,
        keys: &HostKeys,
        payload: Vec<u8>,
    ) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let number = payload.first().copied().unwrap_or_default();
        if let Step::Begun(begun) = &mut self.step
            && std::mem::take(&mut begun.skip)
        {
            return Ok(());
        }
        match (std::mem::replace(&mut self.step, Step::Idle), number) {
            (Step::Idle, KEXINIT) if self.session.is_some() => {
                self.begin(transport, profile)?;
                self.offered(transport, profile, payload)
            }
            (Step::Offered, KEXINIT) => self.offered(transport, profile, payload),
            (Step::Begun(begun), KEX_INIT | GEX_INIT | GEX_REQUEST) => {
                self.begun(transport, profile, keys, *begun, &payload).await?;
                Ok(())
            }
            (Step::Keyed(keyed), NEWKEYS) => {
                transport.opener.rekey(keyed.0, self.strict);
                transport.opener.compress(self.authenticated && keyed.1);
                self.compressed.0 = keyed.1;
                transport.release()?;
                Ok(())
            }
            (step, number) => {
                self.step = step;
                self.unexpected(transport, number)?;
                Ok(())
            }
        }
    }

    /// A message that says nothing, during the first exchange: fatal under strict rules.
    pub(crate) fn tolerate<S>(&self, transport: &Transport<S>, number: u8) -> Result<(), Error> {
        if !self.strict {
            return Ok(());
        }
        let sequence = transport.opener.sequence().wrapping_sub(1);
        Err(Error::Disconnected(format!(
            "strict KEX violation: unexpected packet type {number} (seqnr {sequence})"
        )))
    }

    /// A message that does not belong here: fatal under strict rules, otherwise "unimplemented".
    pub(crate) fn unexpected<S>(&mut self, transport: &mut Transport<S>, number: u8) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.strict && self.is_first() {
            let sequence = transport.opener.sequence().wrapping_sub(1);
            let text = format!("strict KEX violation: unexpected packet type {number} (seqnr {sequence})");
            return Err(Error::Disconnected(text));
        }
        transport.unimplemented()
    }

    fn offered<S>(
        &mut self,
        transport: &mut Transport<S>,
        profile: &Profile,
        theirs: Vec<u8>,
    ) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let offer = Offer::parse(&theirs)?;
        if self.session.is_none() {
            self.extensions = listed(&offer.kex, "ext-info-c");
            self.strict = profile.strict() && listed(&offer.kex, "kex-strict-c-v00@openssh.com");
            if self.strict && transport.opener.sequence() != 1 {
                let text = "strict KEX violation: KEXINIT was not the first packet";
                return Err(Error::Disconnected(text.to_owned()));
            }
            self.first_offer = Some(Box::new(offer.clone()));
        }
        let settled = negotiation::settle(&offer, profile).ok_or(Error::NoCommonAlgorithm)?;
        let skip = settled.skip_guess;
        self.host_key = Some(settled.host_key);
        self.step = Step::Begun(Box::new(Begun { theirs, settled, skip, group: None }));
        Ok(())
    }

    async fn begun<S>(
        &mut self,
        transport: &mut Transport<S>,
        profile: &Profile,
        keys: &HostKeys,
        mut begun: Begun,
        payload: &[u8],
    ) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut reader = Reader::new(payload);
        let number = reader.u8()?;
        let method = begun.settled.method;
        let agreed = match (method.agreement, number, begun.group.take()) {
            (Agreement::GroupExchange, GEX_REQUEST | KEX_INIT, None) => {
                begun.group = Some(choose_group(&mut reader, number)?);
                if let Some((group, _)) = &begun.group {
                    let mut writer = Writer::message(KEX_REPLY);
                    writer.mpint(&group.prime.to_bytes_be()).mpint(&group.generator.to_bytes_be());
                    transport.send(writer.finish())?;
                }
                self.step = Step::Begun(Box::new(begun));
                return Ok(());
            }
            (Agreement::GroupExchange, GEX_INIT, Some((group, asked))) => {
                let agreed = agree_in_group(group.clone(), reader.mpint(VALUE_MAX)?.to_vec()).await?;
                begun.group = Some((group, asked));
                agreed
            }
            (Agreement::Fixed(name), KEX_INIT, _) => {
                let group = Group::named(name).ok_or(Error::Key)?;
                agree_in_group(group, reader.mpint(VALUE_MAX)?.to_vec()).await?
            }
            (_, KEX_INIT, None) => secret::agree(method, reader.string()?)?,
            (_, number, group) => {
                begun.group = group;
                self.step = Step::Begun(Box::new(begun));
                return self.unexpected(transport, number);
            }
        };
        self.reply(transport, profile, keys, begun, agreed).await
    }

    /// Sends our part, puts our keys in force and remembers the client's.
    async fn reply<S>(
        &mut self,
        transport: &mut Transport<S>,
        profile: &Profile,
        keys: &HostKeys,
        begun: Begun,
        agreed: Agreed,
    ) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let settled = &begun.settled;
        let public = keys.public_of(settled.host_key).await.ok_or(Error::Key)?;
        let hash = self.hash(&begun, &public, &agreed);
        let signature = keys.sign(settled.host_key, hash.clone()).await.ok_or(Error::Key)?;
        let exchange = settled.method.agreement == Agreement::GroupExchange;
        let mut writer = Writer::message(if exchange { GEX_REPLY } else { KEX_REPLY });
        writer.string(&public).raw(&agreed.server).string(&signature);
        transport.send(writer.finish())?;
        transport.send(vec![NEWKEYS])?;
        let first = self.session.is_none();
        let session = self.session.get_or_insert_with(|| hash.clone()).clone();
        let derive = |letter: u8, length: usize| {
            settled.method.hash.key(&agreed.secret, &hash, letter, &session, length)
        };
        let outward = suite_keys(&settled.outward, [b'B', b'D', b'F'], &derive).ok_or(Error::Key)?;
        let inward = suite_keys(&settled.inward, [b'A', b'C', b'E'], &derive).ok_or(Error::Key)?;
        transport.sealer.rekey(outward, self.strict);
        transport.sealer.compress(self.authenticated && settled.outward.compressed);
        self.compressed.1 = settled.outward.compressed;
        if first && self.extensions {
            transport.send_past_hold(extension_info(profile))?;
        }
        self.step = Step::Keyed(Box::new((inward, settled.inward.compressed)));
        Ok(())
    }

    fn hash(&self, begun: &Begun, public: &[u8], agreed: &Agreed) -> Vec<u8> {
        let mut text = Writer::default();
        text.string(&self.client_banner).string(&self.server_banner);
        text.string(&begun.theirs).string(&self.ours).string(public);
        if let Some((group, asked)) = &begun.group {
            text.raw(asked).mpint(&group.prime.to_bytes_be()).mpint(&group.generator.to_bytes_be());
        }
        text.raw(&agreed.client).raw(&agreed.server).raw(&agreed.secret);
        begun.settled.method.hash.of(&[text.bytes()])
    }
}

/// The extension message (RFC 8308) that follows our first NEWKEYS.
pub(crate) fn extension_info(profile: &Profile) -> Vec<u8> {
    let extensions = profile.extensions();
    let mut writer = Writer::message(EXT_INFO);
    writer.u32(1 + u32::try_from(extensions.len()).unwrap_or_default());
    writer.string("server-sig-algs").string(&profile.signatures);
    for (name, value) in extensions {
        writer.string(name).string(value);
    }
    writer.finish()
}

/// RFC 4419 §3: the group for the sizes asked for, and those sizes as they enter the hash.
fn choose_group(reader: &mut Reader<'_>, number: u8) -> Result<(Group, Vec<u8>), Error> {
    let asked = reader.rest().to_vec();
    let (low, wanted, high) = match number {
        // The request of clients before RFC 4419 has one number only.
        KEX_INIT => (groups::SIZE_MIN, reader.u32()?, groups::SIZE_MAX),
        _ => (reader.u32()?, reader.u32()?, reader.u32()?),
    };
    let (low, wanted, high) = (
        low.max(groups::SIZE_MIN),
        wanted.clamp(groups::SIZE_MIN, groups::SIZE_MAX),
        high.min(groups::SIZE_MAX),
    );
    if high < low || wanted < low || high < wanted {
        return Err(Error::Malformed(Malformed));
    }
    let group = Group::of_size(low, wanted, high).ok_or(Error::Malformed(Malformed))?;
    Ok((group, asked))
}

async fn agree_in_group(group: Group, public: Vec<u8>) -> Result<Agreed, Error> {
    let _turn = HEAVY.acquire().await.map_err(|_| Error::Key)?;
    let agreed = tokio::task::spawn_blocking(move || secret::agree_in(&group, &public)).await;
    Ok(agreed.map_err(|_| Error::Key)??)
}

/// The keys of one direction; `letters` are those of its vector, key and code (RFC 4253 §7.2).
pub(crate) fn suite_keys(
    suite: &Suite,
    letters: [u8; 3],
    derive: &impl Fn(u8, usize) -> Vec<u8>,
) -> Option<Keys> {
    let [iv, key, mac] = letters;
    let cipher = Cipher::new(suite.cipher, &derive(key, suite.cipher.key), &derive(iv, suite.cipher.iv))?;
    let mac = match suite.mac {
        Some(kind) => Some(Mac::new(kind, &derive(mac, kind.key))?),
        None => None,
    };
    Some(Keys { cipher: (suite.cipher, cipher), mac })
}
