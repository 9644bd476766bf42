//! Digest authentication with MD5 (RFC 2617, RFC 7616), as HTTP and SIP have it.

use md5::{Digest, Md5};
use netsvc_kit::{Credential, Link};
use rand_core::{OsRng, RngCore};

/// What a client answers to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub user: String,
    pub realm: String,
    pub nonce: String,
    uri: String,
    response: String,
    qop: String,
    count: String,
    client_nonce: String,
}

impl Answer {
    /// Reads the parameters of an Authorization field; what is missing is empty.
    pub fn read(text: &str) -> Self {
        let get = |name: &str| parameter(text, name).unwrap_or_default();
        Answer {
            user: get("username"),
            realm: get("realm"),
            nonce: get("nonce"),
            uri: get("uri"),
            response: get("response"),
            qop: get("qop"),
            count: get("nc"),
            client_nonce: get("cnonce"),
        }
    }

    /// Whether it is made of `password`, for a request with `method`.
    pub fn is_of(&self, method: &str, password: &str) -> bool {
        let Answer { user, realm, nonce, uri, qop, count, client_nonce, .. } = self;
        let ha1 = md5_hex(&format!("{user}:{realm}:{password}"));
        let ha2 = md5_hex(&format!("{method}:{uri}"));
        let middle =
            if qop.is_empty() { nonce.clone() } else { format!("{nonce}:{count}:{client_nonce}:{qop}") };
        md5_hex(&format!("{ha1}:{middle}:{ha2}")) == self.response
    }

    /// What is kept of it. The line is of hashcat 11400, which cracks any digest with MD5.
    pub fn credential(&self, link: &Link, method: &str, kind: &'static str, accepted: bool) -> Credential {
        let Answer { user, realm, nonce, uri, response, qop, count, client_nonce } = self;
        let line = format!(
            "$sip$*{}*{}*{user}*{realm}*{method}**{uri}**{nonce}*{client_nonce}*{count}*{qop}*MD5*{response}",
            link.local.ip(),
            link.peer.ip(),
        );
        Credential {
            principal: user.clone().into_bytes(),
            kind,
            secret: response.clone().into_bytes(),
            challenge: Some(nonce.clone().into_bytes()),
            crack_line: Some(line),
            method: "Digest",
            accepted,
        }
    }
}

/// A fresh challenge for `realm`.
pub fn challenge(realm: &str) -> String {
    format!("Digest realm=\"{realm}\", nonce=\"{}\", algorithm=MD5, qop=\"auth\"", nonce())
}

/// 32 hexadecimal digits that nobody can foresee.
pub fn nonce() -> String {
    let mut nonce = [0; 16];
    OsRng.fill_bytes(&mut nonce);
    hex::encode(nonce)
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

    #[test]
    fn the_example_of_the_standard_is_right() {
        // RFC 2617, 3.5.
        let answer = Answer::read(
            "username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
             response=\"6629fae49393a05397450978507c4ef1\"",
        );
        assert!(answer.is_of("GET", "Circle Of Life"));
        assert!(!answer.is_of("POST", "Circle Of Life") && !answer.is_of("GET", "circle of life"));
    }

    proptest! {
        #[test]
        fn any_field_is_read_without_panic(text in ".{0,80}") {
            parameter(&text, "nonce");
        }
    }
}
