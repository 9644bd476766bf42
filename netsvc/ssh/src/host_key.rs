//! Host keys and their signatures (RFC 4253 §6.6, RFC 5656, RFC 8332, RFC 8709).

use crate::codec::Writer;
use ed25519_dalek::Signer as _;
use rsa::{RsaPrivateKey, pkcs1v15, signature::SignatureEncoding as _, traits::PublicKeyParts as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Host key and signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ed25519,
    EcdsaP256,
    RsaSha512,
    RsaSha256,
    RsaSha1,
}

impl Algorithm {
    /// The scheme called `name`.
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        Some(match name {
            "ssh-ed25519" => Algorithm::Ed25519,
            "ecdsa-sha2-nistp256" => Algorithm::EcdsaP256,
            "rsa-sha2-512" => Algorithm::RsaSha512,
            "rsa-sha2-256" => Algorithm::RsaSha256,
            "ssh-rsa" => Algorithm::RsaSha1,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ssh-ed25519",
            Algorithm::EcdsaP256 => "ecdsa-sha2-nistp256",
            Algorithm::RsaSha512 => "rsa-sha2-512",
            Algorithm::RsaSha256 => "rsa-sha2-256",
            Algorithm::RsaSha1 => "ssh-rsa",
        }
    }

    pub(crate) fn is_rsa(self) -> bool {
        matches!(self, Algorithm::RsaSha512 | Algorithm::RsaSha256 | Algorithm::RsaSha1)
    }
}

/// An RSA key that is made at its first use, off the runtime's threads.
pub struct LazyRsa {
    make: Arc<dyn Fn() -> Option<RsaPrivateKey> + Send + Sync>,
    key: OnceCell<Option<Arc<RsaPrivateKey>>>,
}

impl LazyRsa {
    /// A key that `make` makes or loads when it is first asked for; `None` leaves the server without one.
    pub fn new(make: impl Fn() -> Option<RsaPrivateKey> + Send + Sync + 'static) -> Self {
        LazyRsa { make: Arc::new(make), key: OnceCell::new() }
    }

    /// The key.
    pub async fn get(&self) -> Option<Arc<RsaPrivateKey>> {
        let make = || async {
            let make = Arc::clone(&self.make);
            tokio::task::spawn_blocking(move || make()).await.ok().flatten().map(Arc::new)
        };
        self.key.get_or_init(make).await.clone()
    }
}

impl std::fmt::Debug for LazyRsa {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LazyRsa")
    }
}

/// The host keys of a server.
#[derive(Debug)]
pub struct HostKeys {
    ed25519: ed25519_dalek::SigningKey,
    ecdsa: p256::ecdsa::SigningKey,
    rsa: Arc<LazyRsa>,
}

impl HostKeys {
    /// Keys from the seed of the ed25519 key, the scalar of the ECDSA key and a source of the RSA key.
    /// `None` when the scalar is 0 or not below the order of the curve.
    pub fn new(ed25519_seed: &[u8; 32], p256_scalar: &[u8; 32], rsa: Arc<LazyRsa>) -> Option<HostKeys> {
        Some(HostKeys {
            ed25519: ed25519_dalek::SigningKey::from_bytes(ed25519_seed),
            ecdsa: p256::ecdsa::SigningKey::from_bytes(p256_scalar.into()).ok()?,
            rsa,
        })
    }

    /// Public keys in their wire form, in the order of OpenSSH's default files: RSA, ECDSA, Ed25519.
    pub async fn public(&self) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        for algorithm in [Algorithm::RsaSha512, Algorithm::EcdsaP256, Algorithm::Ed25519] {
            keys.extend(self.public_of(algorithm).await);
        }
        keys
    }

    /// The public key that `algorithm` signs with.
    pub(crate) async fn public_of(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        let mut writer = Writer::default();
        match algorithm {
            Algorithm::Ed25519 => {
                writer.string("ssh-ed25519").string(self.ed25519.verifying_key().as_bytes())
            }
            Algorithm::EcdsaP256 => {
                let point = self.ecdsa.verifying_key().to_encoded_point(false);
                writer.string("ecdsa-sha2-nistp256").string("nistp256").string(point.as_bytes())
            }
            _ => {
                let key = self.rsa.get().await?;
                writer.string("ssh-rsa").mpint(&key.e().to_bytes_be()).mpint(&key.n().to_bytes_be())
            }
        };
        Some(writer.finish())
    }

    /// The scheme that proves the key `public`; `rsa` for the RSA key.
    pub(crate) async fn scheme_of(&self, public: &[u8], rsa: Algorithm) -> Option<Algorithm> {
        for algorithm in [Algorithm::EcdsaP256, Algorithm::Ed25519, rsa] {
            if self.public_of(algorithm).await.as_deref() == Some(public) {
                return Some(algorithm);
            }
        }
        None
    }

    /// Signs `data`; the result is the signature's wire form.
    pub(crate) async fn sign(&self, algorithm: Algorithm, data: Vec<u8>) -> Option<Vec<u8>> {
        let signature = match algorithm {
            Algorithm::Ed25519 => self.ed25519.sign(&data).to_bytes().to_vec(),
            Algorithm::EcdsaP256 => {
                let signature: p256::ecdsa::Signature = self.ecdsa.sign(&data);
                let (r, s) = signature.split_bytes();
                Writer::default().mpint(&r).mpint(&s).take()
            }
            rsa => {
                let key = self.rsa.get().await?;
                tokio::task::spawn_blocking(move || rsa_sign(rsa, &key, &data)).await.ok().flatten()?
            }
        };
        Some(Writer::default().string(algorithm.name()).string(&signature).take())
    }
}

fn rsa_sign(algorithm: Algorithm, key: &RsaPrivateKey, data: &[u8]) -> Option<Vec<u8>> {
    use rsa::signature::RandomizedSigner as _;
    let key = key.clone();
    let mut random = rand_core::OsRng;
    let signature = match algorithm {
        Algorithm::RsaSha512 => pkcs1v15::SigningKey::<Sha512>::new(key).try_sign_with_rng(&mut random, data),
        Algorithm::RsaSha256 => pkcs1v15::SigningKey::<Sha256>::new(key).try_sign_with_rng(&mut random, data),
        _ => pkcs1v15::SigningKey::<Sha1>::new(key).try_sign_with_rng(&mut random, data),
    };
    signature.ok().map(|signature| signature.to_vec())
}
