//! Who a peer proves to be: SPNEGO and NTLM, the same in every dialect.

use super::{
    flavour::{Flavour, Strangers, key},
    status::Status,
};
use netsvc_daemon::{
    ntlm::{self, Authenticate, Sealing},
    spnego::{self, Progress as State, Token},
};
use netsvc_kit::{Credential, Host, Link, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};

/// The key of a session.
type Key = [u8; 16];
/// NEGOTIATE_EXTENDED_SESSIONSECURITY ([MS-NLMP] §2.2.2.5).
const EXTENDED: u32 = 0x0008_0000;

/// Somebody who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// Name as the system spells it; empty: he gave none.
    pub(super) name: String,
    /// The account whose rights he has.
    pub(super) rights: Rights,
    /// Name of his machine, as he says.
    pub(super) machine: String,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rights {
    /// He is nobody: he may ask who the server is.
    Nameless,
    /// A guest: what everybody may.
    Guest,
    /// An account.
    User,
    /// An administrator.
    Administrator,
}

/// A login that goes on.
#[derive(Clone, Debug)]
pub(super) struct Login {
    nonce: [u8; 8],
    /// Whether the messages of NTLM come without SPNEGO.
    bare: bool,
    /// Whether the challenge was sent.
    challenged: bool,
    /// Whether our choice of NTLM was told.
    told: bool,
    /// The peer's list of mechanisms, which both sides check at the end.
    list: Vec<u8>,
}

/// How a login goes on.
#[derive(Debug)]
pub(super) enum Progress {
    /// This is said, and there is more to come.
    More(Vec<u8>),
    /// Somebody is in: who, the key of his session, and what is said.
    In(Who, Option<Key>, Vec<u8>),
    /// Nobody is.
    Refused(Status),
}

impl Login {
    /// The login number `count` of a connection.
    pub(super) fn new(host: &Host, link: &Link, count: u64) -> Login {
        let labels = ["smb", "challenge", &link.session.to_string(), &count.to_string()];
        let drawn = subkey::bytes(&key(host.persona()), &labels);
        Login {
            nonce: drawn.first_chunk().copied().unwrap_or_default(),
            bare: false,
            challenged: false,
            told: false,
            list: Vec::new(),
        }
    }

    /// The challenge, for peers of SMB 1 who answer without more.
    pub(super) fn nonce(&self) -> [u8; 8] {
        self.nonce
    }

    /// Takes the peer's next token.
    pub(super) fn step(
        &mut self,
        host: &Host,
        link: &Link,
        flavour: &Flavour,
        token: &[u8],
        out: &mut Out,
    ) -> Progress {
        if ntlm::message_type(token).is_some() {
            self.bare |= !self.challenged;
            return self.message(host, link, flavour, token, &[], out);
        }
        let Some(token) = Token::read(token) else { return Progress::Refused(Status::INVALID_PARAMETER) };
        if !token.offers_ntlm() {
            return Progress::Refused(Status::LOGON_FAILURE);
        }
        if !token.mechanisms.is_empty() {
            self.list.clone_from(&token.mechanisms);
        }
        // What belongs to another mechanism is not for us.
        if ntlm::message_type(&token.inner).is_none() {
            self.told = true;
            return Progress::More(spnego::answer(State::Incomplete, true, &[], &[]));
        }
        self.message(host, link, flavour, &token.inner, &token.mic, out)
    }

    fn message(
        &mut self,
        host: &Host,
        link: &Link,
        flavour: &Flavour,
        message: &[u8],
        check: &[u8],
        out: &mut Out,
    ) -> Progress {
        if !self.challenged && ntlm::message_type(message) == Some(1) {
            self.challenged = true;
            let challenge = ntlm::challenge_to(host.persona(), message, self.nonce, host.clock());
            let named = !std::mem::replace(&mut self.told, true);
            return Progress::More(match self.bare {
                true => challenge,
                false => spnego::answer(State::Incomplete, named, &challenge, &[]),
            });
        }
        let Some(answer) = Authenticate::parse(message).filter(|_| self.challenged) else {
            return Progress::Refused(Status::INVALID_PARAMETER);
        };
        match judge(host, link, flavour, self.nonce, &answer, out) {
            Err(status) => Progress::Refused(status),
            Ok((who, key)) => {
                let own = key.filter(|_| !check.is_empty() && answer.flags & EXTENDED != 0);
                let own = own.map(|key| Sealing::new(&key, answer.flags).sign(&self.list));
                let said = match self.bare {
                    true => Vec::new(),
                    false => spnego::answer(State::Completed, false, &[], &own.unwrap_or_default()),
                };
                Progress::In(who, key, said)
            }
        }
    }
}

/// Who `answer` to `nonce` lets in; what is written down of it.
pub(super) fn judge(
    host: &Host,
    link: &Link,
    flavour: &Flavour,
    nonce: [u8; 8],
    answer: &Authenticate,
    out: &mut Out,
) -> Result<(Who, Option<Key>), Status> {
    let machine = answer.workstation.clone();
    if answer.user.is_empty() {
        let let_in = flavour.strangers != Strangers::Nobody;
        started("", &machine, let_in, out);
        let who = Who { name: String::new(), rights: Rights::Nameless, machine };
        return if let_in { Ok((who, None)) } else { Err(Status::ACCESS_DENIED) };
    }
    let judged = answer.judge(host, link, nonce);
    record(answer, judged.credential, out);
    let users = &host.persona().users;
    let name = judged.account;
    if judged.session_key.is_some() {
        let first = users.first().is_some_and(|user| user.name == name);
        let chief = first || ["administrator", "root"].contains(&name.to_lowercase().as_str());
        let rights = if chief { Rights::Administrator } else { Rights::User };
        started(&name, &machine, true, out);
        return Ok((Who { name, rights, machine }, judged.session_key));
    }
    let account = users.iter().any(|user| user.name == name && user.password.is_some());
    if flavour.strangers == Strangers::Guests && !account {
        started("nobody", &machine, true, out);
        return Ok((Who { name: "nobody".to_owned(), rights: Rights::Guest, machine }, None));
    }
    Err(Status::LOGON_FAILURE)
}

fn record(answer: &Authenticate, credential: Credential, out: &mut Out) {
    let mut fields = credential.fields();
    for (name, value) in [(field::REALM, &answer.domain), (field::CLIENT_NAME, &answer.workstation)] {
        if !value.is_empty() {
            fields.push((name, value.clone().into_bytes()));
        }
    }
    out.record(Kind::AuthAttempt, fields);
}

/// Writes down that somebody is in, or that a null session was refused.
fn started(name: &str, machine: &str, let_in: bool, out: &mut Out) {
    let mut fields = vec![
        (field::PRINCIPAL, name.as_bytes().to_vec()),
        (field::CLIENT_NAME, machine.as_bytes().to_vec()),
        (field::OUTCOME, if let_in { b"accepted".to_vec() } else { b"rejected".to_vec() }),
    ];
    if name.is_empty() {
        fields.push((field::METHOD_NAME, b"anonymous".to_vec()));
    }
    out.record(if let_in { Kind::SessionStart } else { Kind::Command }, fields);
}
