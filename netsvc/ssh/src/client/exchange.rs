//! A client's key exchange: the first one, by the methods that every server of ours has one of.

use crate::{
    codec::{Malformed, Reader, Writer},
    crypto::{cipher::CipherKind, mac::MacKind, random_array},
    error::Error,
    kex::{
        exchange::suite_keys,
        groups::Group,
        negotiation::{Offer, Suite, listed},
        secret::{Agreement, Method},
    },
    numbers::{DEBUG, DISCONNECT, IGNORE, KEX_INIT, KEX_REPLY, KEXINIT, NEWKEYS},
    transport::Transport,
};
use num_bigint_dig::BigUint;
use p256::elliptic_curve::{self, sec1::ToEncodedPoint};
use rand_core::OsRng;
use tokio::io::{AsyncRead, AsyncWrite};

const METHODS: &str = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
                       diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1";
const HOST_KEYS: &str = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa";
const CIPHERS: &str = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
                       aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-cbc";
const MACS: &str = "umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,\
                    umac-64@openssh.com,hmac-sha2-256,hmac-sha1";
/// Longest public value: 8192 bits.
const VALUE_MAX: usize = 1024;
/// Messages of the transport that may come before the one that is due.
const PATIENCE: usize = 32;

/// Our half of a secret.
enum Half {
    Curve(x25519_dalek::EphemeralSecret),
    Nist(elliptic_curve::ecdh::EphemeralSecret<p256::NistP256>),
    Group(Group, BigUint),
}

/// Exchanges keys, puts them in force, and gives the host's key. The signature is not looked at: whoever answers at
/// the addresses that a node reaches is whom its process serves there.
pub(super) async fn run<S>(transport: &mut Transport<S>, ours: &str, theirs: &[u8]) -> Result<Vec<u8>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let our_offer = offer();
    transport.send(our_offer.clone())?;
    let their_offer = message(transport, KEXINIT).await?;
    let offered = Offer::parse(&their_offer)?;
    let method = choose(METHODS, &offered.kex).and_then(Method::named).ok_or(Error::NoCommonAlgorithm)?;
    let outward = suite(&offered.ciphers_in, &offered.macs_in).ok_or(Error::NoCommonAlgorithm)?;
    let inward = suite(&offered.ciphers_out, &offered.macs_out).ok_or(Error::NoCommonAlgorithm)?;
    let (half, public) = half(method).ok_or(Error::NoCommonAlgorithm)?;
    let mut begin = Writer::message(KEX_INIT);
    begin.raw(&public);
    transport.send(begin.finish())?;
    let reply = message(transport, KEX_REPLY).await?;
    let mut reader = Reader::new(&reply);
    reader.u8()?;
    let host_key = reader.string()?.to_vec();
    let (value, secret) = half.agree(&mut reader)?;
    let mut text = Writer::default();
    text.string(ours).string(theirs).string(&our_offer).string(&their_offer).string(&host_key);
    text.raw(&public).raw(&value).raw(&secret);
    let hash = method.hash.of(&[text.bytes()]);
    let derive = |letter: u8, length: usize| method.hash.key(&secret, &hash, letter, &hash, length);
    let outward = suite_keys(&outward, [b'A', b'C', b'E'], &derive).ok_or(Error::Key)?;
    let inward = suite_keys(&inward, [b'B', b'D', b'F'], &derive).ok_or(Error::Key)?;
    transport.send(vec![NEWKEYS])?;
    transport.sealer.rekey(outward, false);
    message(transport, NEWKEYS).await?;
    transport.opener.rekey(inward, false);
    Ok(host_key)
}

/// The next message, which has to be `wanted`.
async fn message<S>(transport: &mut Transport<S>, wanted: u8) -> Result<Vec<u8>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..PATIENCE {
        let payload = transport.receive().await?;
        match payload.first().copied() {
            Some(number) if number == wanted => return Ok(payload),
            Some(IGNORE | DEBUG) => {}
            Some(DISCONNECT) => return Err(Error::Closed),
            _ => return Err(Error::Malformed(Malformed)),
        }
    }
    Err(Error::Malformed(Malformed))
}

fn offer() -> Vec<u8> {
    let mut writer = Writer::message(KEXINIT);
    writer.raw(&random_array::<16>());
    for list in [METHODS, HOST_KEYS, CIPHERS, CIPHERS, MACS, MACS, "none", "none", "", ""] {
        writer.string(list);
    }
    writer.bool(false).u32(0);
    writer.finish()
}

/// The first of our names that the server has too.
fn choose<'a>(ours: &'a str, theirs: &str) -> Option<&'a str> {
    ours.split(',').find(|name| listed(theirs, name))
}

fn suite(ciphers: &str, macs: &str) -> Option<Suite> {
    let cipher = CipherKind::named(choose(CIPHERS, ciphers)?)?;
    let mac = if 0 < cipher.tag { None } else { Some(MacKind::named(choose(MACS, macs)?)?) };
    Some(Suite { cipher, mac, compressed: false })
}

/// Our half, and our public value as it stands on the wire.
fn half(method: Method) -> Option<(Half, Vec<u8>)> {
    Some(match method.agreement {
        Agreement::Curve25519 => {
            let ours = x25519_dalek::EphemeralSecret::random_from_rng(OsRng);
            let public = x25519_dalek::PublicKey::from(&ours).to_bytes();
            (Half::Curve(ours), Writer::default().string(public).take())
        }
        Agreement::Nistp256 => {
            let ours = elliptic_curve::ecdh::EphemeralSecret::<p256::NistP256>::random(&mut OsRng);
            let public = ours.public_key().to_encoded_point(false).as_bytes().to_vec();
            (Half::Nist(ours), Writer::default().string(public).take())
        }
        Agreement::Fixed(name) => {
            let group = Group::named(name)?;
            let exponent = BigUint::from_bytes_be(&random_array::<32>());
            let public = group.generator.modpow(&exponent, &group.prime).to_bytes_be();
            (Half::Group(group, exponent), Writer::default().mpint(&public).take())
        }
        _ => return None,
    })
}

impl Half {
    /// The server's value and the secret, both as they stand on the wire.
    fn agree(self, reader: &mut Reader<'_>) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
        match self {
            Half::Curve(ours) => {
                let value = reader.string()?;
                let public: [u8; 32] = value.try_into().map_err(|_| Malformed)?;
                let shared = ours.diffie_hellman(&public.into());
                Ok((string(value), mpint(shared.as_bytes())))
            }
            Half::Nist(ours) => {
                let value = reader.string()?;
                let public = elliptic_curve::PublicKey::<p256::NistP256>::from_sec1_bytes(value)
                    .map_err(|_| Malformed)?;
                Ok((string(value), mpint(ours.diffie_hellman(&public).raw_secret_bytes())))
            }
            Half::Group(group, exponent) => {
                let value = reader.mpint(VALUE_MAX)?;
                let secret = BigUint::from_bytes_be(value).modpow(&exponent, &group.prime);
                Ok((mpint(value), mpint(&secret.to_bytes_be())))
            }
        }
    }
}

fn mpint(bytes: &[u8]) -> Vec<u8> {
    Writer::default().mpint(bytes).take()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    Writer::default().string(bytes).take()
}
