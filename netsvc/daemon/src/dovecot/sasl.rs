//! The conversations by which Dovecot's clients log in (RFC 4422): PLAIN, LOGIN, CRAM-MD5, and what it makes of names.

use super::Dovecot;
use crate::cram;
use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use netsvc_kit::{Accounts, Credential, Host};
use rand_core::RngCore;

/// What the server waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The message of PLAIN.
    Plain,
    /// The name of LOGIN.
    LoginName,
    /// The password of LOGIN for this name.
    LoginPassword(Vec<u8>),
    /// The answer to this challenge of CRAM-MD5.
    Cram(Vec<u8>),
}

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This user is in.
    Accepted(Vec<u8>),
    /// Name and password do not fit.
    Failed,
    /// The client gave up.
    Aborted,
    /// What came is no base64; the flag: it stood in the command.
    NotBase64(bool),
}

/// Where a conversation stands.
#[derive(Debug)]
pub enum Progress {
    /// Send this in base64 and wait.
    Challenge(Vec<u8>, Step),
    /// It is over: what was offered, if anything, and what came of it.
    Over(Option<Box<Credential>>, Outcome),
}

impl Dovecot {
    /// Begins a conversation by `mechanism`, whose name is in upper case; `initial` is the initial response in base64.
    /// `None` when the mechanism is not known. `nth` counts the conversations of the connection.
    pub fn begin(&self, mechanism: &str, initial: Option<&[u8]>, nth: u32) -> Option<Progress> {
        let known = self.mechanisms.iter().find(|name| *name == mechanism)?;
        let (challenge, step) = match known.as_str() {
            "PLAIN" => (Vec::new(), Step::Plain),
            "LOGIN" => (b"Username:".to_vec(), Step::LoginName),
            _ => {
                let challenge = self.cram_challenge(nth);
                (challenge.clone(), Step::Cram(challenge))
            }
        };
        Some(match initial {
            Some(text) if !matches!(step, Step::Cram(_)) => self.answer(step, text, true),
            _ => Progress::Challenge(challenge, step),
        })
    }

    /// Takes the line that `step` waited for.
    pub fn advance(&self, step: Step, line: &[u8]) -> Progress {
        self.answer(step, line, false)
    }

    fn answer(&self, step: Step, line: &[u8], initial: bool) -> Progress {
        if line == b"*" && !initial {
            return Progress::Over(None, Outcome::Aborted);
        }
        let decoded = if line == b"=" && initial { Ok(Vec::new()) } else { STANDARD.decode(line) };
        let Ok(answer) = decoded else { return Progress::Over(None, Outcome::NotBase64(initial)) };
        match step {
            Step::Plain => self.plain(&answer),
            Step::LoginName if answer.is_empty() => Progress::Over(None, Outcome::Failed),
            Step::LoginName => Progress::Challenge(b"Password:".to_vec(), Step::LoginPassword(answer)),
            Step::LoginPassword(name) => over(self.password(&name, &answer, "LOGIN")),
            Step::Cram(challenge) => {
                let judged = cram::judge(&self.host, &self.link, challenge, &answer);
                judged.map_or(Progress::Over(None, Outcome::Failed), over)
            }
        }
    }

    fn plain(&self, answer: &[u8]) -> Progress {
        let mut parts = answer.splitn(3, |&byte| byte == 0);
        let (Some(other), Some(name), Some(password)) = (parts.next(), parts.next(), parts.next()) else {
            return Progress::Over(None, Outcome::Failed);
        };
        // Nobody may act for somebody else: there are no master users.
        if !other.is_empty() && other != name {
            return over(Credential::plaintext(name, password, "PLAIN", false));
        }
        over(self.password(name, password, "PLAIN"))
    }

    /// Judges a password as it is.
    pub fn password(&self, name: &[u8], password: &[u8], method: &'static str) -> Credential {
        let known = bare(&self.host, name);
        let accepted = self.host.login(&self.link, Accounts::Mailboxes, known, password);
        Credential::plaintext(name, password, method, accepted)
    }

    /// Judges the answer to the greeting's `challenge` (RFC 1939 §7): MD5 of the challenge and the password.
    pub fn apop(&self, name: &[u8], challenge: &[u8], answer: [u8; 16]) -> Credential {
        let known = bare(&self.host, name);
        let fits = |password: &[u8]| {
            let digest: [u8; 16] =
                Md5::new().chain_update(challenge).chain_update(password).finalize().into();
            digest == answer
        };
        let password = self.host.password_of(&self.link, Accounts::Mailboxes, known, fits);
        let accepted = password
            .is_some_and(|password| self.host.login(&self.link, Accounts::Mailboxes, known, &password));
        let digest = hex::encode(answer);
        Credential {
            principal: name.to_vec(),
            kind: "pop3_apop",
            crack_line: Some(format!("{digest}:{}", String::from_utf8_lossy(challenge))),
            secret: digest.into_bytes(),
            challenge: Some(challenge.to_vec()),
            method: "APOP",
            accepted,
        }
    }

    /// The challenge of a greeting: process, connection, second and 16 bytes, in the form of RFC 1939 §7.
    pub fn apop_challenge(&self) -> String {
        let mut random = self.host.generator(&format!("challenge {}", self.link.session));
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        let process = random.next_u32() % 30_000 + 600;
        let seconds = self.host.clock() / 1_000_000;
        let name = &self.host.persona().hostname;
        format!(
            "<{process:x}.{:x}.{seconds:x}.{}@{name}>",
            random.next_u32() % 80 + 1,
            STANDARD.encode(bytes)
        )
    }

    /// `nth` counts the conversations of a connection.
    fn cram_challenge(&self, nth: u32) -> Vec<u8> {
        let draw = self.host.generator(&format!("cram {} {nth}", self.link.session)).next_u64();
        cram::challenge(draw, self.host.clock(), &self.host.persona().hostname)
    }
}

/// `user` without the node's own domain: clients log in with the address as well as with the bare name.
pub(super) fn bare<'a>(host: &Host, user: &'a [u8]) -> &'a [u8] {
    let domain = host.persona().domain.as_bytes();
    let at = user.iter().position(|&byte| byte == b'@');
    match at.and_then(|at| user.split_at_checked(at)) {
        Some((name, rest)) if rest.get(1..).is_some_and(|rest| rest.eq_ignore_ascii_case(domain)) => name,
        _ => user,
    }
}

fn over(credential: Credential) -> Progress {
    let outcome =
        if credential.accepted { Outcome::Accepted(credential.principal.clone()) } else { Outcome::Failed };
    Progress::Over(Some(Box::new(credential)), outcome)
}
