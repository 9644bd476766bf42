//! The Authorization field: Basic, Bearer, Digest (RFC 7616) and NTLM.

use super::request::Request;
use crate::{digest::Answer, ntlm};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use rand_core::{OsRng, RngCore};

/// What an Authorization field came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is none, or none that can be judged.
    Missing,
    /// Wrong.
    Rejected,
    /// Right, for this user.
    Accepted(String),
    /// NTLM goes on with this challenge, base64.
    Challenge(String),
}

/// Judges the Authorization field of `request` and records what it offers. `nonce` is the NTLM challenge
/// of the connection.
pub fn judge(
    host: &Host,
    link: &Link,
    request: &Request,
    nonce: &mut Option<[u8; 8]>,
    out: &mut Out,
) -> Verdict {
    let Some((scheme, rest)) = request.field("authorization").and_then(|value| value.split_once(' ')) else {
        return Verdict::Missing;
    };
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(host, link, rest, out),
        "digest" => digest(host, link, request, rest, out),
        "ntlm" | "negotiate" => negotiate(host, rest, nonce, out),
        "bearer" | "token" => {
            let mut credential = Credential::plaintext(b"", rest.as_bytes(), "Bearer", false);
            credential.kind = "http_bearer";
            out.credential(credential);
            Verdict::Rejected
        }
        _ => Verdict::Missing,
    }
}

fn basic(host: &Host, link: &Link, text: &str, out: &mut Out) -> Verdict {
    let Ok(pair) = STANDARD.decode(text) else { return Verdict::Missing };
    let colon = pair.iter().position(|&byte| byte == b':').unwrap_or(pair.len());
    let (user, password) = pair.split_at_checked(colon).unwrap_or((&pair, &[]));
    let password = password.strip_prefix(b":").unwrap_or(password);
    let accepted = host.login(link, Accounts::Application, user, password);
    out.credential(Credential::plaintext(user, password, "Basic", accepted));
    verdict(accepted, user)
}

fn verdict(accepted: bool, user: &[u8]) -> Verdict {
    if accepted { Verdict::Accepted(String::from_utf8_lossy(user).into_owned()) } else { Verdict::Rejected }
}

fn digest(host: &Host, link: &Link, request: &Request, text: &str, out: &mut Out) -> Verdict {
    let answer = Answer::read(text);
    let fitting = host.persona().users.iter().filter(|known| known.name == answer.user).find_map(|known| {
        let password = &known.password.as_ref()?.0;
        answer.is_of(&request.method, password).then_some(password)
    });
    let user = answer.user.as_bytes();
    let accepted =
        fitting.is_some_and(|password| host.login(link, Accounts::Application, user, password.as_bytes()));
    out.credential(answer.credential(link, &request.method, "http_digest_md5", accepted));
    verdict(accepted, user)
}

fn negotiate(host: &Host, text: &str, nonce: &mut Option<[u8; 8]>, out: &mut Out) -> Verdict {
    let Ok(message) = STANDARD.decode(text) else { return Verdict::Missing };
    match (ntlm::message_type(&message), *nonce) {
        (Some(1), _) => {
            let mut fresh = [0; 8];
            OsRng.fill_bytes(&mut fresh);
            *nonce = Some(fresh);
            Verdict::Challenge(STANDARD.encode(ntlm::challenge(host.persona(), fresh, host.clock())))
        }
        (Some(3), Some(used)) => {
            *nonce = None;
            if let Some(answer) = ntlm::Authenticate::parse(&message).filter(|answer| !answer.is_anonymous())
            {
                out.credential(answer.credential(used, false));
            }
            Verdict::Rejected
        }
        _ => Verdict::Missing,
    }
}
