//! The conversations of AUTH (RFC 4954): PLAIN, LOGIN, CRAM-MD5 (RFC 2195) and NTLM.

use super::reply::{Family, Names, Reply};
use crate::{cram, ntlm};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Accounts, Credential, Host, Link};
use rand_core::{OsRng, RngCore};

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
    /// The first message of NTLM.
    NtlmNegotiate,
    /// The last message of NTLM, for this challenge.
    NtlmAnswer([u8; 8]),
}

/// Where a conversation stands.
#[derive(Debug)]
pub enum Progress {
    /// Send this challenge and wait.
    Challenge(Vec<u8>, Step),
    /// The conversation is over; what was offered, if anything, and what to say.
    Over(Option<Box<Credential>>, Reply<'static>),
}

/// Begins a conversation by `mechanism`; `initial` is the initial response, base64. `None` when the
/// mechanism is not offered.
pub fn begin(
    names: &Names,
    host: &Host,
    link: &Link,
    mechanism: &str,
    initial: Option<&str>,
) -> Option<Progress> {
    let offered = names.family.mechanisms().iter().find(|name| name.eq_ignore_ascii_case(mechanism))?;
    let (challenge, step) = match *offered {
        "PLAIN" => (Vec::new(), Step::Plain),
        "LOGIN" => (b"Username:".to_vec(), Step::LoginName),
        "CRAM-MD5" => {
            let challenge = cram_challenge(names, host, link);
            (challenge.clone(), Step::Cram(challenge))
        }
        _ => (b"NTLM supported".to_vec(), Step::NtlmNegotiate),
    };
    Some(match initial {
        Some(text) if !matches!(step, Step::Cram(_)) => answer(host, link, step, text.as_bytes(), true),
        _ => Progress::Challenge(challenge, step),
    })
}

/// Takes the line that `step` waited for.
pub fn advance(host: &Host, link: &Link, step: Step, line: &[u8]) -> Progress {
    answer(host, link, step, line, false)
}

fn answer(host: &Host, link: &Link, step: Step, line: &[u8], initial: bool) -> Progress {
    if line == b"*" {
        return Progress::Over(None, Reply::AuthAborted);
    }
    let decoded = if line == b"=" { Ok(Vec::new()) } else { STANDARD.decode(line) };
    let Ok(answer) = decoded else { return Progress::Over(None, Reply::AuthBase64(initial)) };
    match step {
        Step::Plain => plain(host, link, &answer),
        Step::LoginName => Progress::Challenge(b"Password:".to_vec(), Step::LoginPassword(answer)),
        Step::LoginPassword(name) => decided(host, link, &name, &answer, "LOGIN"),
        Step::Cram(challenge) => cram(host, link, challenge, &answer),
        Step::NtlmNegotiate if ntlm::message_type(&answer) == Some(1) => {
            let mut nonce = [0; 8];
            OsRng.fill_bytes(&mut nonce);
            let message = ntlm::challenge(host.persona(), nonce, host.clock());
            Progress::Challenge(message, Step::NtlmAnswer(nonce))
        }
        Step::NtlmNegotiate => Progress::Over(None, Reply::AuthFailed),
        Step::NtlmAnswer(nonce) => {
            let answer = ntlm::Authenticate::parse(&answer);
            let credential = answer.map(|answer| Box::new(answer.credential(nonce, false)));
            Progress::Over(credential, Reply::AuthFailed)
        }
    }
}

fn plain(host: &Host, link: &Link, answer: &[u8]) -> Progress {
    let mut parts = answer.splitn(3, |&byte| byte == 0).skip(1);
    match (parts.next(), parts.next()) {
        (Some(name), Some(password)) => decided(host, link, name, password, "PLAIN"),
        _ => Progress::Over(None, Reply::AuthFailed),
    }
}

fn decided(host: &Host, link: &Link, name: &[u8], password: &[u8], method: &'static str) -> Progress {
    // Mail clients log in with the address as well as with the bare name.
    let domain = host.persona().domain.as_bytes();
    let bare = name.split(|&byte| byte == b'@').next().unwrap_or(name);
    let own = name.len() > bare.len() && name.get(bare.len() + 1..) == Some(domain);
    let accepted = host.login(link, Accounts::Mailboxes, if own { bare } else { name }, password);
    over(Credential::plaintext(name, password, method, accepted))
}

fn cram(host: &Host, link: &Link, challenge: Vec<u8>, answer: &[u8]) -> Progress {
    cram::judge(host, link, challenge, answer).map_or(Progress::Over(None, Reply::AuthFailed), over)
}

fn over(credential: Credential) -> Progress {
    let reply = if credential.accepted { Reply::AuthOk } else { Reply::AuthFailed };
    Progress::Over(Some(Box::new(credential)), reply)
}

/// A challenge that no peer can foresee, and that is the same however the bytes of the connection come.
fn cram_challenge(names: &Names, host: &Host, link: &Link) -> Vec<u8> {
    let seconds = host.clock() / 1_000_000;
    let draw = host.generator(&format!("cram {} {seconds}", link.session)).next_u64();
    match names.family {
        Family::Exim => format!("<{}.{seconds}@{}>", draw % 30_000 + 700, names.host).into_bytes(),
        _ => cram::challenge(draw, host.clock(), &host.persona().hostname),
    }
}
