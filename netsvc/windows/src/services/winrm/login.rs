//! Who a peer proves to be: NTLM in the fields of HTTP (RFC 4559), with or without SPNEGO, or a password in clear.

use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::{
    ntlm::{self, Authenticate, Sealing},
    spnego::{self, Progress, Token},
};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Somebody who is in.
pub(super) struct Who {
    /// Name as the system spells it.
    pub(super) name: String,
    /// Whether he may manage the host.
    pub(super) chief: bool,
    /// What messages are sealed with, where NTLM let him in.
    pub(super) sealing: Option<Sealing>,
}

/// What a field of a request comes to.
pub(super) enum Verdict {
    /// It is none, or a wrong one.
    Refused,
    /// This is said, and there is more to come.
    More(String),
    /// Somebody is in; what is said to him, if anything.
    In(Box<Who>, Option<String>),
}

/// The login of a connection.
pub(super) struct Login {
    host: Arc<Host>,
    link: Link,
    count: u64,
    nonce: Option<[u8; 8]>,
}

impl Login {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Login {
        Login { host: host.clone(), link: *link, count: 0, nonce: None }
    }

    /// Whether passwords in clear are taken.
    pub(super) fn takes_basic(&self) -> bool {
        self.host.flag("basic", false)
    }

    /// Judges the value of an Authorization field.
    pub(super) fn judge(&mut self, value: &str, out: &mut Out) -> Verdict {
        let Some((scheme, rest)) = value.split_once(' ') else { return Verdict::Refused };
        let Ok(token) = STANDARD.decode(rest.trim()) else { return Verdict::Refused };
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => self.basic(&token, out),
            "negotiate" | "ntlm" => self.negotiate(scheme, &token, out),
            _ => Verdict::Refused,
        }
    }

    fn basic(&mut self, pair: &[u8], out: &mut Out) -> Verdict {
        let colon = pair.iter().position(|byte| *byte == b':').unwrap_or(pair.len());
        let (user, password) = pair.split_at_checked(colon).unwrap_or((pair, &[]));
        let password = password.strip_prefix(b":").unwrap_or(password);
        let name = String::from_utf8_lossy(user).into_owned();
        let name = self.spelt(name.rsplit('\\').next().unwrap_or(&name));
        let accepted =
            self.takes_basic() && self.host.login(&self.link, Accounts::System, name.as_bytes(), password);
        out.credential(Credential::plaintext(user, password, "Basic", accepted));
        if !accepted {
            return Verdict::Refused;
        }
        Verdict::In(Box::new(self.enter(name, None, out)), None)
    }

    fn negotiate(&mut self, scheme: &str, token: &[u8], out: &mut Out) -> Verdict {
        let wrapped = Token::read(token).filter(|_| ntlm::message_type(token).is_none());
        let inner = match &wrapped {
            Some(token) if !token.offers_ntlm() => return Verdict::Refused,
            Some(token) => token.inner.as_slice(),
            None => token,
        };
        let said = |token: &[u8]| format!("{scheme} {}", STANDARD.encode(token));
        match ntlm::message_type(inner) {
            Some(1) => {
                let nonce = self.fresh();
                let challenge = ntlm::challenge_to(self.host.persona(), inner, nonce, self.host.clock());
                Verdict::More(match &wrapped {
                    Some(_) => said(&spnego::answer(Progress::Incomplete, true, &challenge, &[])),
                    None => said(&challenge),
                })
            }
            Some(3) => {
                let Some((nonce, answer)) = self.nonce.take().zip(Authenticate::parse(inner)) else {
                    return Verdict::Refused;
                };
                if answer.user.is_empty() {
                    return Verdict::Refused;
                }
                let mic = wrapped.as_ref().map(|token| token.mic.clone()).unwrap_or_default();
                self.prove(&answer, nonce, wrapped.is_some().then_some(mic), out, said)
            }
            // What belongs to another mechanism is not for us: NTLM is asked for.
            _ if wrapped.is_some() => {
                Verdict::More(said(&spnego::answer(Progress::Incomplete, true, &[], &[])))
            }
            _ => Verdict::Refused,
        }
    }

    fn prove(
        &mut self,
        answer: &Authenticate,
        nonce: [u8; 8],
        wrapped: Option<Vec<u8>>,
        out: &mut Out,
        said: impl Fn(&[u8]) -> String,
    ) -> Verdict {
        let judged = answer.judge(&self.host, &self.link, nonce);
        let mut fields = judged.credential.fields();
        for (name, value) in [(field::REALM, &answer.domain), (field::CLIENT_NAME, &answer.workstation)] {
            if !value.is_empty() {
                fields.push((name, value.clone().into_bytes()));
            }
        }
        out.record(Kind::AuthAttempt, fields);
        let Some(key) = judged.session_key else { return Verdict::Refused };
        let sealing = Sealing::new(&key, answer.flags);
        let who = self.enter(judged.account, Some(sealing), out);
        // The list of mechanisms holds NTLM alone, so a MIC of it is not asked for.
        let last = wrapped.map(|_| said(&spnego::answer(Progress::Completed, false, &[], &[])));
        Verdict::In(Box::new(who), last)
    }

    fn enter(&self, name: String, sealing: Option<Sealing>, out: &mut Out) -> Who {
        let first = self.host.persona().users.first().is_some_and(|user| user.name == name);
        let chief = first || name.eq_ignore_ascii_case("administrator");
        out.record(Kind::SessionStart, vec![(field::PRINCIPAL, name.clone().into_bytes())]);
        Who { name, chief, sealing }
    }

    /// The account called so, as the system spells it.
    fn spelt(&self, name: &str) -> String {
        let known = self.host.persona().users.iter().find(|user| user.name.eq_ignore_ascii_case(name));
        known.map_or_else(|| name.to_owned(), |user| user.name.clone())
    }

    fn fresh(&mut self) -> [u8; 8] {
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let labels = ["winrm", "challenge", &self.link.session.to_string(), &self.count.to_string()];
        let drawn = subkey::bytes(&key, &labels);
        self.count += 1;
        let nonce = drawn.first_chunk().copied().unwrap_or_default();
        self.nonce = Some(nonce);
        nonce
    }
}
