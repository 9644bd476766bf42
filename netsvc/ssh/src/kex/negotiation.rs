//! KEXINIT: what each side offers and what they settle on (RFC 4253 §7.1).

use super::secret::Method;
use crate::{
    codec::{Malformed, Reader, Writer},
    crypto::{cipher::CipherKind, mac::MacKind, random_array},
    host_key::Algorithm,
    numbers::KEXINIT,
    profile::Profile,
};

/// Longest name list that is kept of a peer.
const LIST_MAX: usize = 8 * 1024;

/// The lists of a KEXINIT, each as it was on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Key exchange methods.
    pub kex: String,
    /// Host key algorithms.
    pub host_keys: String,
    /// Ciphers, client to server.
    pub ciphers_in: String,
    /// Ciphers, server to client.
    pub ciphers_out: String,
    /// MACs, client to server.
    pub macs_in: String,
    /// MACs, server to client.
    pub macs_out: String,
    /// Compressions, client to server.
    pub compressions_in: String,
    /// Compressions, server to client.
    pub compressions_out: String,
    /// Whether a guessed packet follows.
    pub guessed: bool,
}

impl Offer {
    /// Reads a KEXINIT payload.
    pub fn parse(payload: &[u8]) -> Result<Offer, Malformed> {
        let mut reader = Reader::new(payload);
        reader.take(17)?;
        let mut lists = [const { String::new() }; 10];
        for list in &mut lists {
            let text = reader.name_list()?;
            if LIST_MAX < text.len() {
                return Err(Malformed);
            }
            list.push_str(text);
        }
        let [
            kex,
            host_keys,
            ciphers_in,
            ciphers_out,
            macs_in,
            macs_out,
            compressions_in,
            compressions_out,
            _,
            _,
        ] = lists;
        let guessed = reader.bool()?;
        reader.u32()?;
        Ok(Offer {
            kex,
            host_keys,
            ciphers_in,
            ciphers_out,
            macs_in,
            macs_out,
            compressions_in,
            compressions_out,
            guessed,
        })
    }

    /// The text that HASSH is the MD5 of.
    pub fn hassh_text(&self) -> String {
        format!("{};{};{};{}", self.kex, self.ciphers_in, self.macs_in, self.compressions_in)
    }
}

/// Our KEXINIT. After the first exchange OpenSSH leaves the markers of the first one out of the list.
pub(crate) fn init(profile: &Profile, kex: &str) -> Vec<u8> {
    let mut writer = Writer::message(KEXINIT);
    writer.raw(&random_array::<16>());
    for list in [
        kex,
        &profile.host_keys,
        &profile.ciphers,
        &profile.ciphers,
        &profile.macs,
        &profile.macs,
        &profile.compressions,
        &profile.compressions,
        "",
        "",
    ] {
        writer.string(list);
    }
    writer.bool(false).u32(0);
    writer.finish()
}

/// What was settled on.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// Key exchange method.
    pub(crate) method: Method,
    /// Host key and signature.
    pub(crate) host_key: Algorithm,
    /// Client to server.
    pub(crate) inward: Suite,
    /// Server to client.
    pub(crate) outward: Suite,
    /// Whether the client's guessed packet is to be thrown away.
    pub(crate) skip_guess: bool,
}

/// Protection of one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite {
    /// Cipher.
    pub(crate) cipher: CipherKind,
    /// MAC; `None` beside a cipher that authenticates.
    pub(crate) mac: Option<MacKind>,
    /// Whether zlib begins after authentication.
    pub(crate) compressed: bool,
}

/// Settles on algorithms; `None` when nothing fits, upon which OpenSSH closes without a word.
pub(crate) fn settle(offer: &Offer, profile: &Profile) -> Option<Settled> {
    let kex = choose(&offer.kex, &profile.kex)?;
    let host_key = choose(&offer.host_keys, &profile.host_keys)?;
    let first = |list: &str| list.split(',').next().map(str::to_owned);
    let guessed_right =
        first(&offer.kex) == first(&profile.kex) && first(&offer.host_keys) == first(&profile.host_keys);
    Some(Settled {
        method: Method::named(kex)?,
        host_key: Algorithm::named(host_key)?,
        inward: suite(&offer.ciphers_in, &offer.macs_in, &offer.compressions_in, profile)?,
        outward: suite(&offer.ciphers_out, &offer.macs_out, &offer.compressions_out, profile)?,
        skip_guess: offer.guessed && !guessed_right,
    })
}

fn suite(ciphers: &str, macs: &str, compressions: &str, profile: &Profile) -> Option<Suite> {
    let cipher = CipherKind::named(choose(ciphers, &profile.ciphers)?)?;
    let mac = if 0 < cipher.tag { None } else { Some(MacKind::named(choose(macs, &profile.macs)?)?) };
    let compressed = choose(compressions, &profile.compressions)? != "none";
    Some(Suite { cipher, mac, compressed })
}

/// The first of the client's names that we have too.
fn choose<'a>(client: &'a str, server: &str) -> Option<&'a str> {
    client.split(',').find(|name| !name.is_empty() && listed(server, name))
}

/// Whether `name` is in `list`.
pub(crate) fn listed(list: &str, name: &str) -> bool {
    list.split(',').any(|entry| entry == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offer(kex: &str, ciphers: &str) -> Offer {
        Offer {
            kex: kex.to_owned(),
            host_keys: "ssh-ed25519".to_owned(),
            ciphers_in: ciphers.to_owned(),
            ciphers_out: ciphers.to_owned(),
            macs_in: "hmac-sha2-256".to_owned(),
            macs_out: "hmac-sha2-256".to_owned(),
            compressions_in: "none".to_owned(),
            compressions_out: "none".to_owned(),
            guessed: false,
        }
    }

    fn profile() -> Profile {
        Profile::new("9.2p1", "Debian-2+deb12u3", "debian12").unwrap()
    }

    #[test]
    fn the_first_name_of_the_client_that_we_have_is_chosen() {
        let settled =
            settle(&offer("x,curve25519-sha256,ecdh-sha2-nistp256", "rot13,aes128-ctr"), &profile()).unwrap();
        assert_eq!(settled.method, Method::named("curve25519-sha256").unwrap());
        assert_eq!(settled.inward.cipher, CipherKind::named("aes128-ctr").unwrap());
    }

    #[test]
    fn markers_and_unknown_names_are_never_chosen() {
        assert!(settle(&offer("kex-strict-s-v00@openssh.com", "aes128-ctr"), &profile()).is_none());
        assert!(settle(&offer("curve25519-sha256", "3des-cbc"), &profile()).is_none());
    }

    #[test]
    fn our_own_offer_reads_back() {
        let profile = profile();
        let offer = Offer::parse(&init(&profile, &profile.kex)).unwrap();
        assert_eq!(offer.kex, profile.kex);
        assert_eq!(offer.macs_out, profile.macs);
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Offer::parse(&bytes);
        }
    }
}
