//! CRAM-MD5 (RFC 2195), as the mail services have it: a challenge, and the keyed digest of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use md5::Md5;
use netsvc_kit::{Accounts, Credential, Host, Link};

/// A challenge as Dovecot makes them, of the random `draw`, at `clock` µs since the epoch.
pub fn challenge(draw: u64, clock: i64, host: &str) -> Vec<u8> {
    let number = draw % 9_000_000_000_000_000 + 1_000_000_000_000_000;
    format!("<{number}.{}@{host}>", clock / 1_000_000).into_bytes()
}

/// Judges the answer to `challenge`: a name, a space and the digest in hexadecimal digits. `None` when it is none.
pub fn judge(host: &Host, link: &Link, challenge: Vec<u8>, answer: &[u8]) -> Option<Credential> {
    let space = answer.iter().rposition(|&byte| byte == b' ')?;
    let (name, given) = answer.split_at_checked(space)?;
    let given = given.trim_ascii();
    let fits = |password: &[u8]| digest(password, &challenge).is_some_and(|made| made == given);
    let password = host.password_of(link, Accounts::Mailboxes, name, fits);
    let accepted = password.is_some_and(|password| host.login(link, Accounts::Mailboxes, name, &password));
    Some(Credential {
        principal: name.to_vec(),
        kind: "cram_md5",
        secret: given.to_vec(),
        crack_line: Some(format!("$cram_md5${}${}", STANDARD.encode(&challenge), STANDARD.encode(answer))),
        challenge: Some(challenge),
        method: "CRAM-MD5",
        accepted,
    })
}

fn digest(password: &[u8], challenge: &[u8]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Md5>::new_from_slice(password).ok()?;
    mac.update(challenge);
    Some(hex::encode(mac.finalize().into_bytes()).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, link, persona, stage};

    #[test]
    fn the_example_of_the_standard_is_right() {
        // RFC 2195 §2.
        let made = digest(b"tanstaaftanstaaf", b"<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(made.as_deref(), Some(&b"b913a602c7eda7a495b4e6e7334d3890"[..]));
    }

    #[test]
    fn a_digest_of_the_password_lets_in_and_every_other_is_kept_for_crackers() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("mail-01"), "imap", &[]);
        let challenge = challenge(5, 1_700_000_000_000_000, "mail");
        let proof = String::from_utf8(digest(b"toor", &challenge).unwrap()).unwrap();
        let judged = |answer: &str| judge(&host, &link(143), challenge.clone(), answer.as_bytes());
        assert!(judged(&format!("root {proof}")).unwrap().accepted);
        let refused = judged(&format!("admin {proof}")).unwrap();
        assert!(!refused.accepted && refused.crack_line.unwrap().starts_with("$cram_md5$PD"));
        assert!(judged("root").is_none());
    }
}
