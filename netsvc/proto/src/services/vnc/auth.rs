//! The password's proof: the challenge encrypted by DES under the password.

use netsvc_kit::{Accounts, Credential, Host, Link};
use openssl::symm::{Cipher, Crypter, Mode};

/// Bytes of a challenge and of its answer.
pub(super) const CHALLENGE: usize = 16;

/// The answer to `challenge` that `password` gives: each byte of the key has its bits the other way round.
fn proof(password: &[u8], challenge: &[u8]) -> Option<Vec<u8>> {
    let mut key = [0_u8; 8];
    for (to, from) in key.iter_mut().zip(password) {
        *to = from.reverse_bits();
    }
    // Three times the same key is DES itself.
    let whole = [key, key, key].concat();
    let mut crypter = Crypter::new(Cipher::des_ede3_ecb(), Mode::Encrypt, &whole, None).ok()?;
    crypter.pad(false);
    let mut out = vec![0; challenge.len() + 8];
    let count = crypter.update(challenge, &mut out).ok()?;
    let rest = crypter.finalize(out.get_mut(count..)?).ok()?;
    out.truncate(count + rest);
    Some(out)
}

/// Whether the answer to `challenge` lets in; what is written down of it.
pub(super) fn judge(host: &Host, link: &Link, challenge: &[u8], answer: &[u8]) -> Credential {
    let fits = |password: &[u8]| proof(password, challenge).is_some_and(|proof| proof == answer);
    // There are no names: the password is that of whoever sits at the screen.
    let users = host.persona().users.iter().filter(|user| user.password.is_some());
    let found = users.map(|user| user.name.as_bytes()).find_map(|name| {
        host.password_of(link, Accounts::Application, name, fits).map(|password| (name.to_vec(), password))
    });
    let first = host.persona().users.first().map_or(Vec::new(), |user| user.name.clone().into_bytes());
    // Without the password itself, a policy that counts attempts can only know the account.
    let (user, secret) = found.unwrap_or_else(|| (first, b"\0".to_vec()));
    let accepted = host.login(link, Accounts::System, &user, &secret);
    let (told, proof) = (hex::encode_upper(challenge), hex::encode_upper(answer));
    Credential {
        principal: Vec::new(),
        kind: "vnc_des_response",
        secret: answer.to_vec(),
        challenge: Some(challenge.to_vec()),
        crack_line: Some(format!("$vnc$*{told}*{proof}")),
        method: "VNC Authentication",
        accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_proven_by_des_with_its_bits_the_other_way_round() {
        let challenge = hex::decode("2F75B32AFD5C3C39D14C5F3F2F5D6A2B").unwrap();
        let proven = proof(b"password", &challenge).unwrap();
        assert_eq!(proven.len(), CHALLENGE);
        assert_ne!(proven, proof(b"passwort", &challenge).unwrap());
        assert_eq!(proven, proof(b"password9", &challenge).unwrap(), "eight characters count");
        // DES of zeros under zeros (FIPS 81).
        assert_eq!(hex::encode(proof(b"", &[0; 8]).unwrap()), "8ca64de9c1b123a7");
    }
}
