//! The Authorization field: Basic, Bearer, Digest (RFC 7616) and NTLM.

use super::request::Request;
use crate::ntlm;
use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
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
    let get = |name: &str| parameter(text, name).unwrap_or_default();
    let (user, realm, nonce, uri) = (get("username"), get("realm"), get("nonce"), get("uri"));
    let (response, qop, nc, cnonce) = (get("response"), get("qop"), get("nc"), get("cnonce"));
    let ha2 = md5_hex(&format!("{}:{uri}", request.method));
    let matching = host.persona().users.iter().filter(|known| known.name == user).find_map(|known| {
        let password = &known.password.as_ref()?.0;
        let ha1 = md5_hex(&format!("{user}:{realm}:{password}"));
        let middle = if qop.is_empty() { nonce.clone() } else { format!("{nonce}:{nc}:{cnonce}:{qop}") };
        (md5_hex(&format!("{ha1}:{middle}:{ha2}")) == response).then_some(password)
    });
    let accepted = matching.is_some_and(|password| {
        host.login(link, Accounts::Application, user.as_bytes(), password.as_bytes())
    });
    // The format of hashcat 11400, which cracks any digest with MD5.
    let line = format!(
        "$sip$*{}*{}*{user}*{realm}*{}**{uri}**{nonce}*{cnonce}*{nc}*{qop}*MD5*{response}",
        link.local.ip(),
        link.peer.ip(),
        request.method
    );
    out.credential(Credential {
        principal: user.clone().into_bytes(),
        kind: "http_digest_md5",
        secret: response.into_bytes(),
        challenge: Some(nonce.into_bytes()),
        crack_line: Some(line),
        method: "Digest",
        accepted,
    });
    verdict(accepted, user.as_bytes())
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

/// A fresh challenge of Digest for `realm`.
pub fn digest_challenge(realm: &str) -> String {
    let mut nonce = [0; 16];
    OsRng.fill_bytes(&mut nonce);
    format!("Digest realm=\"{realm}\", nonce=\"{}\", algorithm=MD5, qop=\"auth\"", hex::encode(nonce))
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim_start_matches([',', ' ']).trim();
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_found_quoted_or_not() {
        let text = r#"username="a, b=c", qop=auth, nc=00000001, response="x""#;
        assert_eq!(parameter(text, "username").as_deref(), Some("a, b=c"));
        assert_eq!(parameter(text, "nc").as_deref(), Some("00000001"));
        assert_eq!(parameter(text, "response").as_deref(), Some("x"));
        assert_eq!(parameter(text, "opaque"), None);
    }

    proptest! {
        #[test]
        fn any_field_is_read_without_panic(text in ".{0,80}") {
            parameter(&text, "nonce");
        }
    }
}
