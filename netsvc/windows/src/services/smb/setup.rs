//! SESSION_SETUP and LOGOFF ([MS-SMB2] §3.3.5.5 and §3.3.5.6).

use super::{
    connection::Connection,
    crypto::{Keys, hashed},
    flavour::{Family, key},
    login::{Login, Progress, Rights},
    message::{Reply, Request},
    session::{SESSIONS, Session},
    status::Status,
    wire::{Put, short},
};
use netsvc_kit::Out;
use netsvc_persona::subkey;

impl Connection {
    /// Answers SESSION_SETUP. The last answer is signed by the caller, with the keys that the session has then.
    pub(super) fn set_up(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        let Some((mode, token)) = setup(request) else { return Status::INVALID_PARAMETER.into() };
        let Some(agreed) = self.agreed.clone() else { return Status::INVALID_PARAMETER.into() };
        let mut id = request.session;
        if id == 0 {
            if SESSIONS <= self.sessions.len() {
                return Status::INSUFFICIENT_RESOURCES.into();
            }
            self.logins += 1;
            id = self.session_id();
            let login = Login::new(&self.host, &self.link, self.logins);
            let signed = mode & 2 != 0 || agreed.client.mode & 2 != 0;
            self.sessions.insert(id, Session::new(login, agreed.hash, signed));
        }
        let Some(session) = self.sessions.get_mut(&id) else { return Status::USER_SESSION_DELETED.into() };
        let late = 0x0311 <= agreed.dialect;
        if session.who.is_some() {
            // Who is in may prove himself again, and keeps the keys that he has.
            self.logins += 1;
            session.login = Login::new(&self.host, &self.link, self.logins);
            session.who = None;
        }
        if late {
            session.hash = hashed(&session.hash, request.bytes);
        }
        let (host, link) = (self.host.clone(), self.link);
        match session.login.step(&host, &link, &self.flavour, token, out) {
            Progress::Refused(status) => {
                self.end(id, out);
                status.into()
            }
            Progress::More(said) => {
                let body = told(0, &said);
                Reply { status: Status::MORE_PROCESSING_REQUIRED, session: Some(id), ..Reply::new(body) }
            }
            Progress::In(who, key, said) => {
                if let Some(key) = key.filter(|_| session.keys.is_none()) {
                    let hash = session.hash;
                    let keys = Keys::new(agreed.dialect, agreed.signing, agreed.cipher, &key, &hash);
                    session.keys = Some(keys);
                }
                let flags = match who.rights {
                    Rights::Guest => 1,
                    // Samba takes those without a name for guests, and says so.
                    Rights::Nameless if self.flavour.family == Family::Samba => 1,
                    Rights::Nameless => 2,
                    _ => 0,
                };
                session.who = Some(who);
                Reply { session: Some(id), ..Reply::new(told(flags, &said)) }
            }
        }
    }

    /// Takes what was answered while the login goes on into the hash of the session.
    pub(super) fn remember_session(&mut self, id: u64, answer: &[u8]) {
        if let Some(session) = self.sessions.get_mut(&id).filter(|session| session.who.is_none()) {
            session.hash = hashed(&session.hash, answer);
        }
    }

    /// A number for the session that begins.
    fn session_id(&self) -> u64 {
        let labels = ["smb", "session", &self.link.session.to_string(), &self.logins.to_string()];
        let drawn = subkey::bytes(&key(self.host.persona()), &labels);
        let drawn = u64::from_le_bytes(drawn.first_chunk().copied().unwrap_or_default());
        match self.flavour.family {
            // A table's place in the low half, what counts up in the high one.
            Family::Windows => (drawn >> 32 & 0xffff) << 34 | (drawn & 0x3f) << 2 | 1,
            Family::Samba => drawn & 0xffff_ffff | 1,
        }
    }

    /// Answers LOGOFF.
    pub(super) fn log_off(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        self.end(request.session, out);
        Reply::plain()
    }

    /// Ends a session: what it has open is closed.
    pub(super) fn end(&mut self, id: u64, out: &mut Out) {
        let Some(mut session) = self.sessions.remove(&id) else { return };
        self.waiting.forget(id);
        for (_, open) in std::mem::take(&mut session.opens) {
            if let Some(tree) = session.trees.get_mut(&open.tree) {
                open.close(tree, out);
            }
        }
    }
}

/// Mode and token of a request.
fn setup<'a>(request: &Request<'a>) -> Option<(u8, &'a [u8])> {
    let mut reader = request.body();
    (reader.u16()? == 25).then_some(())?;
    reader.skip(1)?;
    let mode = reader.u8()?;
    reader.skip(8)?;
    let (offset, length) = (reader.u16()?, reader.u16()?);
    Some((mode, request.piece(usize::from(offset), usize::from(length))?))
}

fn told(flags: u16, said: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.u16(9).u16(flags).u16(72).u16(short(said.len())).bytes(said);
    body
}
