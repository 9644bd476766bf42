//! Whether a client holds the key that it offers: signatures of user authentication (RFC 4252 §7).

use crate::{
    codec::{Reader, Writer},
    numbers::{HOSTBOUND, USERAUTH_REQUEST},
};
use rsa::{BigUint, RsaPublicKey, pkcs1v15, signature::Verifier};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// Longest modulus that is computed with, in bytes: OpenSSH's limit of 16384 bits.
const MODULUS_MAX: usize = 2048;
/// Largest public exponent, in bytes; nobody has a larger one, and larger ones cost time.
const EXPONENT_MAX: usize = 8;

/// A request with a signature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) session: &'a [u8],
    pub(crate) user: &'a [u8],
    pub(crate) algorithm: &'a [u8],
    pub(crate) key: &'a [u8],
    /// The server's key that the client has seen, in the form that binds the signature to it.
    pub(crate) host_key: Option<&'a [u8]>,
    pub(crate) signature: &'a [u8],
}

impl Claim<'_> {
    /// Whether the signature is the key's over this request.
    pub(crate) fn holds(&self) -> bool {
        self.check().is_some()
    }

    fn check(&self) -> Option<()> {
        let mut signature = Reader::new(self.signature);
        if signature.string().ok()? != self.algorithm {
            return None;
        }
        let signature = signature.string().ok()?;
        let mut key = Reader::new(self.key);
        let kind = key.string().ok()?;
        let data = self.signed();
        match (self.algorithm, kind) {
            (b"ssh-ed25519", b"ssh-ed25519") => {
                let key =
                    ed25519_dalek::VerifyingKey::from_bytes(key.string().ok()?.try_into().ok()?).ok()?;
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(&data, &signature).ok()
            }
            (b"rsa-sha2-512", b"ssh-rsa") => rsa::<Sha512>(key, signature, &data),
            (b"rsa-sha2-256", b"ssh-rsa") => rsa::<Sha256>(key, signature, &data),
            (b"ssh-rsa", b"ssh-rsa") => rsa::<Sha1>(key, signature, &data),
            (algorithm, kind) if algorithm == kind => ecdsa(kind, key, signature, &data),
            _ => None,
        }
    }

    /// What the client has signed.
    fn signed(&self) -> Vec<u8> {
        let method = if self.host_key.is_some() { HOSTBOUND } else { "publickey" };
        let mut writer = Writer::default();
        writer.string(self.session).u8(USERAUTH_REQUEST).string(self.user).string("ssh-connection");
        writer.string(method).bool(true).string(self.algorithm).string(self.key);
        if let Some(host_key) = self.host_key {
            writer.string(host_key);
        }
        writer.finish()
    }
}

fn rsa<D>(mut key: Reader<'_>, signature: &[u8], data: &[u8]) -> Option<()>
where
    D: sha2::Digest + rsa::pkcs8::AssociatedOid,
{
    let exponent = BigUint::from_bytes_be(key.mpint(EXPONENT_MAX).ok()?);
    let modulus = BigUint::from_bytes_be(key.mpint(MODULUS_MAX + 1).ok()?);
    let key = RsaPublicKey::new_with_max_size(modulus, exponent, MODULUS_MAX * 8).ok()?;
    let signature = pkcs1v15::Signature::try_from(signature).ok()?;
    pkcs1v15::VerifyingKey::<D>::new(key).verify(data, &signature).ok()
}

fn ecdsa(kind: &[u8], mut key: Reader<'_>, signature: &[u8], data: &[u8]) -> Option<()> {
    let _curve = key.string().ok()?;
    let point = key.string().ok()?;
    let mut numbers = Reader::new(signature);
    let (r, s) = (numbers.mpint(67).ok()?, numbers.mpint(67).ok()?);
    macro_rules! verify {
        ($curve:ident, $length:literal) => {{
            let scalar = |number| Some($curve::FieldBytes::clone_from_slice(&padded::<$length>(number)?));
            let signature = $curve::ecdsa::Signature::from_scalars(scalar(r)?, scalar(s)?).ok()?;
            $curve::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?.verify(data, &signature).ok()
        }};
    }
    match kind {
        b"ecdsa-sha2-nistp256" => verify!(p256, 32),
        b"ecdsa-sha2-nistp384" => verify!(p384, 48),
        b"ecdsa-sha2-nistp521" => verify!(p521, 66),
        _ => None,
    }
}

/// A number with leading zeros up to `N` bytes; `None` when it is longer.
fn padded<const N: usize>(number: &[u8]) -> Option<[u8; N]> {
    let digits = number.strip_prefix(&[0]).unwrap_or(number);
    let mut bytes = [0; N];
    bytes.get_mut(N.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Signer as _;
    use proptest::prelude::*;

    const SESSION: &[u8] = b"session";

    /// A claim whose signature `sign` makes, checked whole and with one byte of the user changed.
    fn check(algorithm: &str, key: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) {
        let blank = Claim {
            session: SESSION,
            user: b"root",
            algorithm: algorithm.as_bytes(),
            key,
            host_key: None,
            signature: &[],
        };
        let made = sign(&blank.signed());
        let signature = Writer::default().string(algorithm).string(&made).take();
        let claim = Claim { signature: &signature, ..blank };
        assert!(claim.holds(), "{algorithm}");
        assert!(!Claim { user: b"toor", ..claim }.holds(), "{algorithm}: another user");
        assert!(!Claim { session: b"other", ..claim }.holds(), "{algorithm}: another session");
    }

    #[test]
    fn a_signature_proves_its_key_and_nothing_else() {
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let key = Writer::default().string("ssh-ed25519").string(ed25519.verifying_key().as_bytes()).take();
        check("ssh-ed25519", &key, |data| ed25519.sign(data).to_bytes().to_vec());

        let ecdsa = p256::ecdsa::SigningKey::from_bytes(&[7; 32].into()).unwrap();
        let point = ecdsa.verifying_key().to_encoded_point(false);
        let key = Writer::default()
            .string("ecdsa-sha2-nistp256")
            .string("nistp256")
            .string(point.as_bytes())
            .take();
        check("ecdsa-sha2-nistp256", &key, |data| {
            let signature: p256::ecdsa::Signature = ecdsa.sign(data);
            let (r, s) = signature.split_bytes();
            Writer::default().mpint(&r).mpint(&s).take()
        });
    }

    #[test]
    fn an_rsa_key_is_proved_with_each_digest() {
        use rsa::{
            signature::{RandomizedSigner as _, SignatureEncoding as _},
            traits::PublicKeyParts as _,
        };
        let mut random = rand_core::OsRng;
        let private = rsa::RsaPrivateKey::new(&mut random, 1024).unwrap();
        let key = Writer::default()
            .string("ssh-rsa")
            .mpint(&private.e().to_bytes_be())
            .mpint(&private.n().to_bytes_be())
            .take();
        check("rsa-sha2-256", &key, |data| {
            let signer = pkcs1v15::SigningKey::<Sha256>::new(private.clone());
            signer.sign_with_rng(&mut rand_core::OsRng, data).to_vec()
        });
    }

    proptest! {
        #[test]
        fn any_bytes_prove_nothing(
            algorithm in prop_oneof![Just("ssh-ed25519"), Just("rsa-sha2-512"), Just("ecdsa-sha2-nistp521")],
            key in proptest::collection::vec(any::<u8>(), 0..200),
            made in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let kind = if algorithm.starts_with("rsa") { "ssh-rsa" } else { algorithm };
            let key = [Writer::default().string(kind).take(), key].concat();
            let signature = Writer::default().string(algorithm).string(&made).take();
            let claim = Claim {
                session: SESSION,
                user: b"",
                algorithm: algorithm.as_bytes(),
                key: &key,
                host_key: None,
                signature: &signature,
            };
            prop_assert!(!claim.holds());
        }
    }
}
