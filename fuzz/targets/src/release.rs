//! Releases and their signatures: what an operator, or whoever is in his place, hands to a host.

use decnet_swarm::release::{PublicKey, SecretKey, Signature, bundle};

/// The first byte says what the rest is: a public key, a secret key, a signature, or a bundle.
pub(crate) fn release(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 4 {
        0 => {
            if let Ok(key) = PublicKey::read(&text) {
                assert_eq!(
                    PublicKey::read(&key.text()),
                    Ok(key),
                    "a key is another one when it is read again"
                );
            }
        }
        1 => {
            if let Ok(key) = SecretKey::read(&text) {
                assert!(SecretKey::read(&key.text()).is_ok(), "a key cannot be read again");
            }
        }
        2 => {
            if let Ok(signature) = Signature::read(&text) {
                let key = PublicKey::read("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
                assert!(
                    key.is_ok_and(|key| signature.verify(&key, rest).is_err()),
                    "a signature over itself is believed"
                );
            }
        }
        _ => {
            if let Ok(manifest) = bundle::peek_at(rest) {
                assert!(manifest.check().is_ok(), "a manifest is taken that is of no use");
            }
        }
    }
}
