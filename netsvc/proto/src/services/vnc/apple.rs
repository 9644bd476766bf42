//! Apple's authentication by Diffie-Hellman (kind 30, rfbproto, "Diffie-Hellman Authentication"): name and password of
//! an account, encrypted by AES-128 in ECB under the MD5 of the shared secret.

use md5::{Digest, Md5};
use netsvc_persona::subkey;
use openssl::{
    bn::{BigNum, BigNumContext},
    error::ErrorStack,
    symm::{Cipher, Crypter, Mode},
};

/// Bytes of the prime, of keys, and of the encrypted account.
const KEY: usize = 128;
/// Bytes of an answer.
pub(super) const ANSWER: usize = 2 * KEY;
/// Bytes of a name and of a password, with the zero behind.
const FIELD: usize = 64;
const GENERATOR: u32 = 2;

/// The server's half of one exchange.
pub(super) struct Exchange {
    secret: BigNum,
    prime: BigNum,
}

impl Exchange {
    /// One whose secret is drawn from `key` for `label`.
    pub(super) fn new(key: &[u8], label: &str) -> Result<Exchange, ErrorStack> {
        let secret = BigNum::from_slice(&subkey::bytes(key, &["screen sharing", label]))?;
        Ok(Exchange { secret, prime: BigNum::get_rfc2409_prime_1024()? })
    }

    /// What the server says: generator, length, prime, public key.
    pub(super) fn offer(&self) -> Result<Vec<u8>, ErrorStack> {
        let public = self.power(&BigNum::from_u32(GENERATOR)?)?;
        Ok([&[0, 2, 0, 128][..], &self.prime.to_vec_padded(128)?, &public].concat())
    }

    /// Name and password in the client's answer.
    pub(super) fn open(&self, answer: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let (account, public) = answer.split_at_checked(KEY)?;
        let shared = self.power(&BigNum::from_slice(public).ok()?).ok()?;
        let mut crypter =
            Crypter::new(Cipher::aes_128_ecb(), Mode::Decrypt, &Md5::digest(shared), None).ok()?;
        crypter.pad(false);
        let mut plain = vec![0; KEY + 16];
        crypter.update(account, &mut plain).ok()?;
        let text = |from: usize| {
            let field = plain.get(from..from + FIELD).unwrap_or_default();
            field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
        };
        Some((text(0), text(FIELD)))
    }

    fn power(&self, base: &BigNum) -> Result<Vec<u8>, ErrorStack> {
        let (mut result, mut context) = (BigNum::new()?, BigNumContext::new()?);
        result.mod_exp(base, &self.secret, &self.prime, &mut context)?;
        result.to_vec_padded(128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_on_the_key_of_an_account() {
        let (server, client) = (Exchange::new(&[1; 32], "1").unwrap(), Exchange::new(&[2; 32], "2").unwrap());
        let offer = server.offer().unwrap();
        assert_eq!(offer.len(), 4 + 2 * KEY);
        let shared = client.power(&BigNum::from_slice(&offer[4 + KEY..]).unwrap()).unwrap();
        let mut plain = [0x55; KEY];
        plain[..6].copy_from_slice(b"admin\0");
        plain[FIELD..FIELD + 7].copy_from_slice(b"secret\0");
        let mut crypter =
            Crypter::new(Cipher::aes_128_ecb(), Mode::Encrypt, &Md5::digest(shared), None).unwrap();
        crypter.pad(false);
        let mut hidden = vec![0; KEY + 16];
        crypter.update(&plain, &mut hidden).unwrap();
        let answer = [&hidden[..KEY], &client.offer().unwrap()[4 + KEY..]].concat();
        assert_eq!(server.open(&answer), Some((b"admin".to_vec(), b"secret".to_vec())));
        assert_eq!(server.open(b"short"), None);
    }
}
