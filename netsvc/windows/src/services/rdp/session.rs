//! From the connect-initial to a desktop: users, channels, the client info, what both can do, what is done.

use super::{
    connection::{Connection, Making, State},
    frame, input, logon,
    mcs::{self, Message},
    protocol,
    screen::{self, Screen},
    share,
    standard::{self, Cipher},
    text,
};
use netsvc_kit::{Accounts, Credential, Fields, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use rsa::RsaPrivateKey;
use std::sync::Arc;

/// Users of a domain (`maxUserIds`).
const USERS: u16 = 3;
/// Fewest channels that a client may mean to use; with fewer, old servers forgot a user that they had.
const FEWEST_CHANNELS: u32 = 6;

impl Connection {
    /// Sends `share` on the channel of the desktop, encrypted where the session is.
    fn say(&mut self, share: &[u8], out: &mut Out) {
        match &mut self.secrets.cipher {
            Some(cipher) => {
                let sealed = cipher.seal(share);
                say_securely(logon::ENCRYPTED, &sealed, out);
            }
            None => out.send(frame::data(&mcs::indication(share))),
        }
    }

    /// What a client sent behind a security header, decrypted, and the flags of that; `None`: it is too short.
    fn unseal(&mut self, data: &[u8]) -> Option<(u16, Vec<u8>)> {
        let (flags, payload) = (text::short(data, 0)?, data.get(4..)?);
        let plain = match &mut self.secrets.cipher {
            Some(cipher) if flags & logon::ENCRYPTED != 0 => cipher.unseal(payload)?,
            _ => payload.to_vec(),
        };
        Some((flags, plain))
    }

    /// Takes what a data TPDU carried.
    pub(super) fn data(&mut self, data: &[u8], out: &mut Out) -> bool {
        if matches!(self.state, State::Initial) {
            return self.initial(data, out);
        }
        match Message::read(data) {
            Some(Message::ErectDomain | Message::Other) => true,
            Some(Message::AttachUser) => self.attach(out),
            Some(Message::Join { user, channel }) => {
                let own =
                    channel == user && (0..self.users).any(|number| self.client.user() + number == user);
                out.send(frame::data(&mcs::joined(user, channel, own || self.client.has(channel))));
                true
            }
            Some(Message::Data { channel: mcs::IO, data, .. }) => self.desktop(data, out),
            Some(Message::Data { data, .. }) => {
                // Nobody reads it, but all channels are one stream to the cipher.
                let _ = self.unseal(data).is_some();
                true
            }
            Some(Message::Disconnect) => self.finish(out),
            None => self.broken("mcs", out),
        }
    }

    fn attach(&mut self, out: &mut Out) -> bool {
        if self.users < USERS {
            out.send(frame::data(&mcs::attached(self.client.user() + self.users)));
            self.users += 1;
        } else {
            // rt-too-many-users.
            out.send(frame::data(&[0x2d, 0xa0]));
        }
        true
    }

    fn initial(&mut self, data: &[u8], out: &mut Out) -> bool {
        let Some(client) = mcs::Client::read(data) else { return self.broken("connect-initial", out) };
        out.record(Kind::ClientFingerprint, described(&client));
        self.exploits(&client, data, out);
        self.client = client;
        if self.protocol == protocol::RDP && !self.is_within_tls() {
            let Some(method) = standard::method(self.client.methods) else { return self.finish(out) };
            self.state = State::Key(Box::new(Making::new(&self.host, method)));
        } else {
            self.respond((0, 0), None, out);
        }
        true
    }

    /// There is a key for a client without TLS.
    pub(super) fn encrypted(&mut self, method: u32, key: Arc<RsaPrivateKey>, out: &mut Out) {
        let subkey = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let random = subkey::bytes(&subkey, &["desktop random", &self.link.session.to_string()]);
        let certificate = standard::certificate(&key);
        self.respond((method, standard::LEVEL), Some((&random, &certificate)), out);
        self.secrets.offered = Some((method, random, key));
    }

    fn respond(&mut self, encryption: (u32, u32), keys: Option<(&[u8; 32], &[u8])>, out: &mut Out) {
        let asked = self.request.protocols.unwrap_or_default();
        let server = mcs::Server { version: self.flavour.version, asked, encryption, keys };
        out.send(frame::data(&mcs::connect_response(&self.client, &server)));
        self.state = State::Domain;
    }

    /// A client sent its random number.
    fn exchange(&mut self, payload: &[u8]) -> Option<()> {
        let (method, random, key) =
            self.secrets.offered.take().filter(|(method, ..)| *method != standard::FIPS)?;
        let client = standard::client_random(&key, payload.get(4..)?)?;
        self.secrets.cipher = Some(Box::new(Cipher::new(method, &client, &random)));
        Some(())
    }

    /// Writes down what clients that mean well never ask for.
    fn exploits(&self, client: &mcs::Client, data: &[u8], out: &mut Out) {
        let internal = client.channels.iter().any(|name| name.eq_ignore_ascii_case("MS_T120"));
        let few = client.most_channels < FEWEST_CHANNELS;
        for (shown, technique) in [(internal, "CVE-2019-0708"), (few, "CVE-2012-0002")] {
            if shown {
                let fields = vec![
                    (field::TECHNIQUE, technique.as_bytes().to_vec()),
                    (field::DATA, data.get(..1024).unwrap_or(data).to_vec()),
                ];
                out.record(Kind::ExploitAttempt, fields);
            }
        }
    }

    /// Takes what came on the channel of the desktop.
    fn desktop(&mut self, data: &[u8], out: &mut Out) -> bool {
        match self.state {
            State::Domain => {
                let Some((flags, payload)) = self.unseal(data) else {
                    return self.broken("security header", out);
                };
                if flags & logon::EXCHANGE != 0 && self.exchange(&payload).is_none() {
                    return self.broken("security exchange", out);
                }
                if flags & logon::INFO != 0 { self.info(&payload, out) } else { true }
            }
            State::Activating | State::Active if self.secrets.cipher.is_some() => match self.unseal(data) {
                Some((_, plain)) => self.message(&plain, out),
                None => self.broken("security header", out),
            },
            State::Activating | State::Active => self.message(data, out),
            _ => true,
        }
    }

    fn info(&mut self, payload: &[u8], out: &mut Out) -> bool {
        let Some(info) = logon::Info::read(payload) else { return self.broken("client info", out) };
        let mut fields: Fields = Vec::new();
        let told = [
            (field::PRINCIPAL, info.user.clone()),
            (field::REALM, info.domain.clone()),
            (field::ENVIRONMENT, format!("address={}\nfolder={}", info.address, info.client_folder)),
        ];
        fields.extend(
            told.into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name, text.into_bytes())),
        );
        out.record(Kind::ClientFingerprint, fields);
        if !info.shell.is_empty() {
            let command = vec![
                (field::COMMAND, info.shell.clone().into_bytes()),
                (field::CWD, info.folder.clone().into_bytes()),
            ];
            out.record(Kind::Command, command);
        }
        if self.account.is_none() && !info.password.is_empty() {
            self.log_on(&info, out);
        }
        say_securely(logon::LICENCE | logon::LICENCE_IN_CLEAR, &logon::VALID_CLIENT, out);
        let size = screen::size(self.client.size);
        self.screen = Some(Screen::new(&self.host, size, self.account.as_deref(), &info.user));
        self.say(&share::demand_active(size), out);
        self.state = State::Activating;
        true
    }

    /// A client without CredSSP sent its password.
    fn log_on(&mut self, info: &logon::Info, out: &mut Out) {
        let known =
            self.host.persona().users.iter().find(|known| known.name.eq_ignore_ascii_case(&info.user));
        let account = known.map_or_else(|| info.user.clone(), |known| known.name.clone());
        let secret = info.password.as_bytes();
        let accepted = self.host.login(&self.link, Accounts::System, account.as_bytes(), secret);
        let mut fields =
            Credential::plaintext(info.user.as_bytes(), secret, "client info", accepted).fields();
        if !info.domain.is_empty() {
            fields.push((field::REALM, info.domain.clone().into_bytes()));
        }
        out.record(Kind::AuthAttempt, fields);
        if accepted && info.logs_on {
            out.record(Kind::SessionStart, screen::session(&account, "client info"));
            self.account = Some(account);
        }
    }

    fn message(&mut self, data: &[u8], out: &mut Out) -> bool {
        let user = self.client.user();
        match share::Message::read(data) {
            Some(share::Message::Synchronise) => self.say(&share::synchronise(user), out),
            Some(share::Message::Control(4)) => self.say(&share::cooperate(), out),
            Some(share::Message::Control(1)) => self.say(&share::granted(user), out),
            Some(share::Message::Fonts) => {
                self.say(&share::font_map(), out);
                if self.account.is_some() {
                    self.say(&share::logged_on(), out);
                }
                if let Some(screen) = self.screen.as_mut().filter(|_| matches!(self.state, State::Activating))
                {
                    screen.paint();
                }
                self.state = State::Active;
            }
            Some(share::Message::Input(body)) => {
                for event in input::slow(body) {
                    self.event(event, out);
                }
            }
            Some(share::Message::Shutdown) => {
                if !self.screen.as_ref().is_some_and(Screen::is_logged_on) {
                    return self.finish(out);
                }
                self.say(&share::shutdown_denied(), out);
            }
            Some(share::Message::Confirm | share::Message::Control(_) | share::Message::Other) => {}
            None => return self.broken("share", out),
        }
        true
    }

    /// Takes a message of the fast path.
    pub(super) fn fast(&mut self, message: &[u8], out: &mut Out) -> bool {
        if !matches!(self.state, State::Active) {
            return self.broken("fast path", out);
        }
        let Some((head, body)) = input::fast_body(message) else { return self.broken("fast path", out) };
        let mut plain = Vec::new();
        let body = match &mut self.secrets.cipher {
            Some(cipher) => {
                // Above the count of events stands whether they are encrypted.
                let sealed = if head & 0x80 != 0 { cipher.unseal(body) } else { None };
                let Some(opened) = sealed else { return self.broken("fast path", out) };
                plain.extend(opened);
                &plain
            }
            None => body,
        };
        for event in input::fast(head, body) {
            self.event(event, out);
        }
        true
    }

    fn event(&mut self, event: input::Event, out: &mut Out) {
        if let Some(screen) = &mut self.screen {
            screen.take(event, &self.host, &self.link, out);
        }
    }

    /// Sends a piece of what is being painted; whether there was one.
    pub(super) fn paint(&mut self, out: &mut Out) -> bool {
        let Some(screen) = &mut self.screen else { return false };
        let Some(painting) = &mut screen.painting else { return false };
        match painting.update(&screen.picture) {
            Some((count, pieces)) => self.say(&share::bitmaps(count, &pieces), out),
            None => screen.painting = None,
        }
        true
    }

    /// Ends the connection. Always false.
    fn finish(&mut self, out: &mut Out) -> bool {
        if let Some(screen) = &mut self.screen {
            screen.leave(out);
        }
        out.send(frame::data(&mcs::DISCONNECT));
        out.close();
        false
    }
}

/// Sends `payload` after a security header with these flags.
fn say_securely(flags: u16, payload: &[u8], out: &mut Out) {
    let header = [flags.to_le_bytes(), [0, 0]].concat();
    out.send(frame::data(&mcs::indication(&[&header, payload].concat())));
}

/// What a client says of itself.
fn described(client: &mcs::Client) -> Fields {
    let (width, height) = client.size;
    let mut told = vec![
        format!("keyboard=0x{:08x}", client.layout),
        format!("build={}", client.build),
        format!("channels={}", client.channels.join(",")),
    ];
    if !client.product.is_empty() {
        told.push(format!("product={}", client.product));
    }
    vec![
        (field::CLIENT_NAME, client.name.clone().into_bytes()),
        (field::CLIENT_VERSION, format!("0x{:08x}", client.version).into_bytes()),
        (field::TERMINAL, format!("{width}x{height}x{}", client.depth).into_bytes()),
        (field::ENVIRONMENT, told.join("\n").into_bytes()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::rdp::{logon::tests::info, mcs::tests::initial};
    use netsvc_kit::{
        Action, Input, Machine,
        testing::{host, link, persona, sent, stage},
    };

    /// A client that got so far without CredSSP, and what it said and heard.
    struct Talk {
        connection: Connection,
        actions: Vec<Action>,
        _folder: tempfile::TempDir,
    }

    impl Talk {
        fn new() -> Talk {
            let folder = tempfile::tempdir().unwrap();
            let host = host(&stage(folder.path()), persona("x"), "rdp", &[("nla", "off")]);
            let mut connection = Connection::new(&host, &link(3389));
            (connection.state, connection.protocol) = (State::Initial, protocol::TLS);
            Talk { connection, actions: Vec::new(), _folder: folder }
        }

        fn say(&mut self, bytes: &[u8]) {
            let mut out = Out::default();
            self.connection.step(Input::Bytes(bytes), &mut out);
            while out.full() {
                self.actions.extend(out.take());
                self.connection.step(Input::Bytes(&[]), &mut out);
            }
            self.actions.extend(out.take());
        }

        /// On the channel of the desktop.
        fn data(&mut self, bytes: &[u8]) {
            let length = (0x8000 | u16::try_from(bytes.len()).unwrap()).to_be_bytes();
            self.say(&frame::data(&[&[0x64, 0, 5, 3, 0xeb, 0x70][..], &length, bytes].concat()));
        }

        /// A message of the share with data of a kind.
        fn share(&mut self, kind: u8, body: &[u8]) {
            let head = [0_u8, 0, 0x17, 0, 0xef, 3, 0xea, 3, 1, 0, 0, 1, 0, 0, kind, 0, 0, 0];
            self.data(&[&head, body].concat());
        }

        fn begin(&mut self, channels: &[&str], texts: [&str; 5]) {
            self.say(&frame::data(&initial(channels)));
            for message in ["0401000100", "28", "38000403ec", "38000403eb", "38000403ee"] {
                self.say(&frame::data(&hex::decode(message).unwrap()));
            }
            self.data(&[&[0x40, 0, 0, 0][..], &info(texts)].concat());
            self.data(&[0, 0, 0x13, 0, 0xef, 3]);
            self.share(0x1f, &[1, 0, 0xea, 3]);
            self.share(0x14, &[4, 0, 0, 0, 0, 0, 0, 0]);
            self.share(0x14, &[1, 0, 0, 0, 0, 0, 0, 0]);
            self.share(0x27, &[0; 8]);
        }

        fn told(&self, kind: Kind) -> Vec<Vec<(&'static str, Vec<u8>)>> {
            let of_kind = |action: &Action| match action {
                Action::Record(told, fields) if *told == kind => Some(fields.clone()),
                _ => None,
            };
            self.actions.iter().filter_map(of_kind).collect()
        }
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn what_is_typed_at_the_login_screen_is_a_password() {
        let mut talk = Talk::new();
        talk.begin(&["rdpdr"], ["", "", "", "", ""]);
        // "toor" and Enter, in one message of the fast path, each key down and up.
        let keys: Vec<u8> =
            [0x14_u8, 0x18, 0x18, 0x13, 0x1c].iter().flat_map(|code| [0, *code, 1, *code]).collect();
        talk.say(&[&[10 << 2, 22][..], &keys].concat());
        let attempts = talk.told(Kind::AuthAttempt);
        assert!(attempts.concat().contains(&(field::SECRET_PRINTABLE, b"toor".to_vec())), "{attempts:?}");
        assert!(attempts.concat().contains(&(field::OUTCOME, b"accepted".to_vec())), "{attempts:?}");
        assert_eq!(talk.told(Kind::SessionStart).len(), 1);
        let heard = sent(&talk.actions);
        for part in ["2e000004", "3e00000403eb03eb", "3c60000403ee", "80020000ff031000"] {
            assert!(contains(&heard, &hex::decode(part).unwrap()), "{part}");
        }
        // Updates with bitmaps: of the login screen, and of the one after it.
        assert!(2 < heard.windows(6).filter(|bytes| **bytes == [2, 0, 0, 0, 1, 0]).count());
    }

    #[test]
    fn a_password_in_the_client_info_is_written_down_and_lets_in() {
        for (password, sessions) in [("toor", 1), ("wrong", 0)] {
            let mut talk = Talk::new();
            talk.begin(&[], ["CORP", "ROOT", password, "", ""]);
            let attempt = talk.told(Kind::AuthAttempt).concat();
            assert!(
                attempt.contains(&(field::SECRET_PRINTABLE, password.as_bytes().to_vec())),
                "{attempt:?}"
            );
            assert!(attempt.contains(&(field::REALM, b"CORP".to_vec())));
            assert_eq!(talk.told(Kind::SessionStart).len(), sessions);
        }
    }

    #[test]
    fn channels_that_only_exploits_ask_for_are_told_and_given() {
        let mut talk = Talk::new();
        talk.begin(&["rdpsnd", "MS_T120"], ["", "", "", "", ""]);
        let told = talk.told(Kind::ExploitAttempt).concat();
        assert!(told.contains(&(field::TECHNIQUE, b"CVE-2019-0708".to_vec())), "{told:?}");
        // The second channel is there, and what is sent on it disturbs nobody.
        talk.say(&frame::data(&hex::decode("64000503ed70800c0300000003000000000000").unwrap()));
        assert!(!talk.actions.contains(&Action::Close));
    }

    #[test]
    fn who_types_without_an_end_is_drawn_for_a_while() {
        let mut talk = Talk::new();
        talk.begin(&[], ["", "", "", "", ""]);
        let before = sent(&talk.actions).len();
        for _ in 0..5000 {
            talk.say(&[4, 4, 0, 0x1e]);
        }
        assert!(sent(&talk.actions).len() - before < 512 * 1024);
    }
}
