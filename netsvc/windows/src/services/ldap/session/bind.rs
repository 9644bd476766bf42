//! Who the peer says he is, and whether that is believed.

use super::{
    super::{
        dn,
        message::{BIND, Proof},
        reply::Outcome,
        server::Manner,
    },
    Identity, Session,
};
use netsvc_daemon::{
    cram, ntlm,
    organisation::Role,
    spnego::{self, Progress},
};
use netsvc_kit::{Credential, Out};
use netsvc_wire::{Kind, field};
use rand_core::RngCore;

/// Tags of what stands behind the result of a bind.
const SERVER_TOKEN: u8 = 0x87;

/// A conversation of several binds.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The challenge that an answer is awaited to.
    nonce: Option<[u8; 8]>,
    /// The challenge of CRAM-MD5.
    challenge: Option<Vec<u8>>,
    /// How many challenges there were.
    count: u32,
}

/// What NTLM's messages stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Spnego,
    /// The field of the result that names an entry otherwise.
    Sicily,
}

impl Session {
    /// Takes a bind and answers it.
    pub(super) fn bind(&mut self, id: i64, version: i64, name: &[u8], proof: Proof, out: &mut Out) {
        self.identity = Identity::default();
        let scribe = self.server.scribe;
        let (outcome, token) = match (self.server.manner, proof) {
            (Manner::Open, _) if version < 3 => {
                let text = "historical protocol version requested, use LDAPv3 instead";
                (Outcome::new(2, text), None)
            }
            (Manner::Open, _) if version > 3 => {
                (Outcome::new(2, "requested protocol version not supported"), None)
            }
            (_, Proof::Simple(password)) => (self.simple(name, &password, out), None),
            (Manner::Active(_), Proof::Sicily(tag, token)) => return self.sicily(id, tag, &token, out),
            (_, Proof::Sasl { mechanism, token }) => self.sasl(&mechanism, token.as_deref(), out),
            (Manner::Active(release), _) => (release.no_method(), None),
            (Manner::Open, _) => (Outcome::new(7, "unknown authentication method"), None),
        };
        let token = token.unwrap_or_default();
        let behind: &[(u8, &[u8])] = if token.is_empty() { &[] } else { &[(SERVER_TOKEN, &token)] };
        out.send(scribe.result(id, BIND, &outcome, behind));
    }

    fn simple(&mut self, name: &[u8], password: &[u8], out: &mut Out) -> Outcome {
        if password.is_empty() {
            let told = String::from_utf8_lossy(name);
            let command = format!("bind {}", if name.is_empty() { "anonymous" } else { &told });
            out.record(Kind::Command, vec![(field::COMMAND, command.into_bytes())]);
            return match self.server.manner {
                Manner::Open if !name.is_empty() => {
                    Outcome::new(53, "unauthenticated bind (DN with no password) disallowed")
                }
                _ => Outcome::success(),
            };
        }
        let account = match self.server.manner {
            Manner::Active(_) => self.active_account(name),
            Manner::Open => match self.open_account(name) {
                Ok(account) => account,
                Err(outcome) => {
                    out.credential(Credential::plaintext(name, password, "simple", false));
                    return outcome;
                }
            },
        };
        let accepted = account
            .as_ref()
            .is_some_and(|account| self.server.organisation.login(&self.host, &self.link, account, password));
        out.credential(Credential::plaintext(name, password, "simple", accepted));
        match account.filter(|_| accepted) {
            Some(account) => {
                self.enter(&account);
                Outcome::success()
            }
            None => match self.server.manner {
                Manner::Active(release) => release.refused(),
                Manner::Open => Outcome::new(49, ""),
            },
        }
    }

    /// The account that a name of Active Directory's stands for ([MS-ADTS] §5.1.1.1.1): of an entry, of a user, or with
    /// the domain before it.
    fn active_account(&self, name: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(name).ok()?;
        let organisation = &self.server.organisation;
        if let Some(key) = dn::normal(text).filter(|key| !key.is_empty()) {
            let entry = self.server.tree.find(&key)?;
            let account = entry.attribute("samaccountname")?.values().next()?;
            return String::from_utf8(account.clone()).ok();
        }
        let account = organisation.own(text)?;
        if account == text {
            let shown = organisation.accounts.iter().find(|known| known.full().eq_ignore_ascii_case(text));
            return Some(shown.map_or_else(|| text.to_owned(), |known| known.name.clone()));
        }
        Some(account.to_owned())
    }

    /// The account of an entry of OpenLDAP's, whose name is one.
    fn open_account(&self, name: &[u8]) -> Result<Option<String>, Outcome> {
        let text = String::from_utf8_lossy(name);
        let Some(key) = dn::normal(&text) else { return Err(self.server.bad_name(name)) };
        if key == format!("cn=admin,{}", self.server.base) {
            let first = self.host.persona().users.first();
            return Ok(first.map(|user| user.name.clone()));
        }
        let uid = self.server.tree.find(&key).and_then(|entry| entry.attribute("uid")?.values().next());
        Ok(uid.and_then(|uid| String::from_utf8(uid.clone()).ok()))
    }

    /// Lets the peer in as `account`.
    fn enter(&mut self, account: &str) {
        let organisation = &self.server.organisation;
        let known = organisation.account(account);
        let name = known.map_or(account, |known| &known.name);
        self.identity = match self.server.manner {
            Manner::Active(_) => {
                let admins = organisation.groups.iter().find(|group| group.name == "Domain Admins");
                let governs = admins.is_some_and(|group| group.members.iter().any(|member| member == name));
                Identity { told: format!("u:{}\\{name}", organisation.netbios), governs }
            }
            Manner::Open => {
                let governs = known.is_none_or(|known| known.role == Role::Builtin);
                let base = &self.server.base;
                let dn =
                    if governs { format!("cn=admin,{base}") } else { format!("uid={name},ou=people,{base}") };
                Identity { told: format!("dn:{dn}"), governs }
            }
        };
    }

    fn sasl(&mut self, mechanism: &str, token: Option<&[u8]>, out: &mut Out) -> (Outcome, Option<Vec<u8>>) {
        let upper = mechanism.to_ascii_uppercase();
        match self.server.manner {
            Manner::Active(release) => match upper.as_str() {
                "GSS-SPNEGO" | "NTLM" | "GSSAPI" => self.gss(token.unwrap_or_default(), out),
                "EXTERNAL" => (release.no_certificate(), None),
                _ => {
                    attempted(&upper, out);
                    (release.no_method(), None)
                }
            },
            Manner::Open => self.cyrus(&upper, mechanism, token, out),
        }
    }

    /// The mechanisms of Cyrus SASL, whose own database has nobody.
    fn cyrus(
        &mut self,
        upper: &str,
        mechanism: &str,
        token: Option<&[u8]>,
        out: &mut Out,
    ) -> (Outcome, Option<Vec<u8>>) {
        let nobody = || Outcome::new(49, "SASL(-13): user not found: no secret in database");
        match (upper, token) {
            ("PLAIN" | "LOGIN", token) => {
                if let Some(credential) = token.and_then(plain) {
                    out.credential(credential);
                }
                let text =
                    "SASL(-16): encryption needed to use mechanism: security flags do not match required";
                (Outcome::new(48, text), None)
            }
            ("EXTERNAL", _) => {
                attempted(upper, out);
                (Outcome::new(7, "SASL(-4): no mechanism available: "), None)
            }
            ("CRAM-MD5", Some(answer)) if self.conversation.challenge.is_some() => {
                let challenge = self.conversation.challenge.take().unwrap_or_default();
                if let Some(credential) = cram::judge(&self.host, &self.link, challenge, answer) {
                    out.credential(Credential { accepted: false, ..credential });
                }
                (nobody(), None)
            }
            ("CRAM-MD5", _) => {
                let draw = u64::from_be_bytes(self.nonce("cram"));
                let challenge = cram::challenge(draw, self.host.clock(), &self.server.hostname);
                self.conversation.challenge = Some(challenge.clone());
                (Outcome::new(14, "SASL(0): successful result: "), Some(challenge))
            }
            ("NTLM", Some(token)) => match self.ntlm(token, Around::Nothing, out) {
                (outcome, Some(token)) => (outcome, Some(token)),
                _ => (nobody(), None),
            },
            (mechanism, Some(token)) if mechanism.starts_with("SCRAM-SHA-") => {
                let first = String::from_utf8_lossy(token);
                let user = first.split(',').find_map(|part| part.strip_prefix("n=")).unwrap_or_default();
                let command = format!("bind {mechanism}").into_bytes();
                let principal = user.as_bytes().to_vec();
                out.record(Kind::Command, vec![(field::COMMAND, command), (field::PRINCIPAL, principal)]);
                (nobody(), None)
            }
            _ => {
                attempted(upper, out);
                let text = format!("SASL(-4): no mechanism available: Couldn't find mech {mechanism}");
                (Outcome::new(7, text), None)
            }
        }
    }

    /// SPNEGO, or NTLM without it.
    fn gss(&mut self, token: &[u8], out: &mut Out) -> (Outcome, Option<Vec<u8>>) {
        if ntlm::message_type(token).is_some() {
            return self.ntlm(token, Around::Nothing, out);
        }
        let inner = spnego::Token::read(token).unwrap_or_default();
        if ntlm::message_type(&inner.inner).is_some() {
            return self.ntlm(&inner.inner, Around::Spnego, out);
        }
        attempted("GSS-SPNEGO", out);
        if !inner.mechanisms.is_empty() && inner.offers_ntlm() {
            let asked = spnego::answer(Progress::Incomplete, true, b"", b"");
            return (Outcome::new(14, ""), Some(asked));
        }
        match self.server.manner {
            Manner::Active(release) => (release.refused_context(), None),
            Manner::Open => (Outcome::new(49, ""), None),
        }
    }

    fn ntlm(&mut self, message: &[u8], around: Around, out: &mut Out) -> (Outcome, Option<Vec<u8>>) {
        let refused = match self.server.manner {
            Manner::Active(release) => release.refused_context(),
            Manner::Open => Outcome::new(49, ""),
        };
        if ntlm::message_type(message) == Some(1) {
            let nonce = self.nonce("ntlm");
            self.conversation.nonce = Some(nonce);
            // Without signatures and seals what follows stays as it is.
            let challenge = ntlm::challenge(self.host.persona(), nonce, self.host.clock());
            let token = match around {
                Around::Spnego => spnego::answer(Progress::Incomplete, true, &challenge, b""),
                _ => challenge,
            };
            return (Outcome::new(14, ""), Some(token));
        }
        let answer = ntlm::Authenticate::parse(message);
        let (Some(answer), Some(nonce)) = (answer, self.conversation.nonce.take()) else {
            return (refused, None);
        };
        if answer.is_anonymous() {
            out.record(Kind::Command, vec![(field::COMMAND, b"bind anonymous (NTLM)".to_vec())]);
            return (Outcome::success(), None);
        }
        let organisation = self.server.organisation.clone();
        let fits = |password: &[u8]| answer.proven_by(password, nonce).is_some();
        let servant = organisation.account(&answer.user).filter(|known| known.role == Role::Service);
        let known = servant.and_then(|known| known.password.as_ref());
        let accepted = known.is_some_and(|password| {
            fits(password.as_bytes())
                && organisation.login(&self.host, &self.link, &answer.user, password.as_bytes())
        });
        let credential = if accepted {
            answer.credential(nonce, true)
        } else {
            answer.judge(&self.host, &self.link, nonce).credential
        };
        let accepted = credential.accepted;
        out.credential(credential);
        if !accepted {
            return (refused, None);
        }
        self.enter(&answer.user);
        let token = (around == Around::Spnego).then(|| spnego::answer(Progress::Completed, false, b"", b""));
        (Outcome::success(), token)
    }

    /// Microsoft's binds before SASL: which packages there are, and NTLM's messages one by one.
    fn sicily(&mut self, id: i64, tag: u8, token: &[u8], out: &mut Out) {
        let scribe = self.server.scribe;
        let outcome = if tag == 0x89 {
            Outcome { matched: b"NTLM".to_vec(), ..Outcome::default() }
        } else {
            match self.ntlm(token, Around::Sicily, out) {
                (Outcome { code: 14, .. }, Some(challenge)) => {
                    Outcome { matched: challenge, ..Outcome::default() }
                }
                (outcome, _) => outcome,
            }
        };
        out.send(scribe.result(id, BIND, &outcome, &[]));
    }

    /// Eight bytes that nobody can foresee.
    fn nonce(&mut self, label: &str) -> [u8; 8] {
        self.conversation.count += 1;
        let label = format!("{label} {} {}", self.link.session, self.conversation.count);
        self.host.generator(&label).next_u64().to_be_bytes()
    }
}

/// Writes down that a mechanism was tried.
fn attempted(mechanism: &str, out: &mut Out) {
    let mechanism: String = mechanism.chars().take(64).collect();
    out.record(Kind::Command, vec![(field::COMMAND, format!("bind {mechanism}").into_bytes())]);
}

/// The message of PLAIN (RFC 4616).
fn plain(token: &[u8]) -> Option<Credential> {
    let mut parts = token.splitn(3, |byte| *byte == 0);
    let (_, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Credential::plaintext(name, password, "PLAIN", false))
}
