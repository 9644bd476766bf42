//! The methods of key exchange: from the client's public value to ours and the shared secret.

use super::{groups::Group, hash::Hash};
use crate::{
    codec::{Malformed, Writer},
    crypto::random_array,
};
use ml_kem::kem::KeyExport as _;
use num_bigint_dig::BigUint;
use p256::elliptic_curve::{
    self, CurveArithmetic,
    sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint},
};
use rand_core::OsRng;

/// A method that can be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// Its hash.
    pub(crate) hash: Hash,
    /// How it agrees.
    pub(crate) agreement: Agreement,
}

/// Ways to agree on a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// RFC 8731.
    Curve25519,
    /// RFC 5656.
    Nistp256,
    /// RFC 5656.
    Nistp384,
    /// RFC 5656.
    Nistp521,
    /// Streamlined NTRU Prime beside Curve25519.
    Sntrup761,
    /// ML-KEM beside Curve25519.
    MlKem768,
    /// RFC 4253 §8 and RFC 8268 with a fixed group.
    Fixed(&'static str),
    /// RFC 4419.
    GroupExchange,
}

impl Method {
    /// The method called `name`.
    pub(crate) fn named(name: &str) -> Option<Method> {
        use Agreement::{
            Curve25519, Fixed, GroupExchange, MlKem768, Nistp256, Nistp384, Nistp521, Sntrup761,
        };
        let (agreement, hash) = match name {
            "curve25519-sha256" | "curve25519-sha256@libssh.org" => (Curve25519, Hash::Sha256),
            "ecdh-sha2-nistp256" => (Nistp256, Hash::Sha256),
            "ecdh-sha2-nistp384" => (Nistp384, Hash::Sha384),
            "ecdh-sha2-nistp521" => (Nistp521, Hash::Sha512),
            "sntrup761x25519-sha512" | "sntrup761x25519-sha512@openssh.com" => (Sntrup761, Hash::Sha512),
            "mlkem768x25519-sha256" => (MlKem768, Hash::Sha256),
            "diffie-hellman-group-exchange-sha256" => (GroupExchange, Hash::Sha256),
            "diffie-hellman-group-exchange-sha1" => (GroupExchange, Hash::Sha1),
            "diffie-hellman-group1-sha1" => (Fixed("group1"), Hash::Sha1),
            "diffie-hellman-group14-sha1" => (Fixed("group14"), Hash::Sha1),
            "diffie-hellman-group14-sha256" => (Fixed("group14"), Hash::Sha256),
            "diffie-hellman-group16-sha512" => (Fixed("group16"), Hash::Sha512),
            "diffie-hellman-group18-sha512" => (Fixed("group18"), Hash::Sha512),
            _ => return None,
        };
        Some(Method { hash, agreement })
    }
}

/// What both sides know after an exchange, each as it stands on the wire.
#[derive(Debug)]
pub(crate) struct Agreed {
    /// The client's public value.
    pub(crate) client: Vec<u8>,
    /// Ours.
    pub(crate) server: Vec<u8>,
    /// The secret K.
    pub(crate) secret: Vec<u8>,
}

/// Agrees by any method but those with finite groups. `public` is the client's value.
pub(crate) fn agree(method: Method, public: &[u8]) -> Result<Agreed, Malformed> {
    let (server, secret) = match method.agreement {
        Agreement::Curve25519 => {
            let (server, secret) = curve25519(public)?;
            (server.to_vec(), mpint(&secret))
        }
        Agreement::Nistp256 => nist::<p256::NistP256>(public)?,
        Agreement::Nistp384 => nist::<p384::NistP384>(public)?,
        Agreement::Nistp521 => nist::<p521::NistP521>(public)?,
        Agreement::Sntrup761 => hybrid(method.hash, public, sntrup761::PUBLIC_KEY_SIZE, sntrup)?,
        Agreement::MlKem768 => hybrid(method.hash, public, 1184, mlkem)?,
        Agreement::Fixed(_) | Agreement::GroupExchange => return Err(Malformed),
    };
    Ok(Agreed { client: string(public), server: string(&server), secret })
}

/// Agrees in a finite group. Expensive: the largest group takes tens of milliseconds.
pub(crate) fn agree_in(group: &Group, public: &[u8]) -> Result<Agreed, Malformed> {
    let one = BigUint::from(1u8);
    let client = BigUint::from_bytes_be(public);
    let ones: u32 = public.iter().map(|byte| byte.count_ones()).sum();
    // OpenSSH also refuses values with fewer than four bits set.
    if client <= one || &group.prime - &one <= client || ones < 4 {
        return Err(Malformed);
    }
    // 512 bits are twice the strongest key that any offered cipher takes.
    let exponent = BigUint::from_bytes_be(&random_array::<64>());
    let server = group.generator.modpow(&exponent, &group.prime);
    let secret = client.modpow(&exponent, &group.prime);
    Ok(Agreed {
        client: mpint(public),
        server: mpint(&server.to_bytes_be()),
        secret: mpint(&secret.to_bytes_be()),
    })
}

fn curve25519(public: &[u8]) -> Result<([u8; 32], [u8; 32]), Malformed> {
    let public: [u8; 32] = public.try_into().map_err(|_| Malformed)?;
    let ours = x25519_dalek::EphemeralSecret::random_from_rng(OsRng);
    let server = x25519_dalek::PublicKey::from(&ours).to_bytes();
    let shared = ours.diffie_hellman(&public.into());
    if shared.was_contributory() { Ok((server, shared.to_bytes())) } else { Err(Malformed) }
}

fn nist<C>(public: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed>
where
    C: CurveArithmetic,
    elliptic_curve::AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
    elliptic_curve::FieldBytesSize<C>: ModulusSize,
{
    let public = elliptic_curve::PublicKey::<C>::from_sec1_bytes(public).map_err(|_| Malformed)?;
    let ours = elliptic_curve::ecdh::EphemeralSecret::<C>::random(&mut OsRng);
    let server = ours.public_key().to_encoded_point(false).as_bytes().to_vec();
    Ok((server, mpint(ours.diffie_hellman(&public).raw_secret_bytes())))
}

/// A post-quantum method beside Curve25519: values one after the other, secrets hashed together.
fn hybrid(
    hash: Hash,
    public: &[u8],
    size: usize,
    encapsulate: fn(&[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed>,
) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let (key, point) = public.split_at_checked(size).ok_or(Malformed)?;
    let (mut server, first) = encapsulate(key)?;
    let (ours, second) = curve25519(point)?;
    server.extend_from_slice(&ours);
    Ok((server, string(&hash.of(&[&first, &second]))))
}

fn sntrup(public: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let key = sntrup761::EncapsulationKey::try_from(public).map_err(|_| Malformed)?;
    let (sealed, secret) = key.encapsulate_deterministic(random_array());
    Ok((sealed.as_ref().to_vec(), secret.as_ref().to_vec()))
}

fn mlkem(public: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let bytes = public.try_into().map_err(|_| Malformed)?;
    let key = ml_kem::EncapsulationKey768::new(&bytes).map_err(|_| Malformed)?;
    debug_assert_eq!(key.to_bytes().len(), public.len());
    let (sealed, secret) = key.encapsulate_deterministic(&random_array::<32>().into());
    Ok((sealed.to_vec(), secret.to_vec()))
}

fn mpint(bytes: &[u8]) -> Vec<u8> {
    Writer::default().mpint(bytes).take()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    Writer::default().string(bytes).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_finite_group_agree() {
        let group = Group::named("group14").unwrap();
        let exponent = BigUint::from(0x1234_5678_9abc_def1u64);
        let public = group.generator.modpow(&exponent, &group.prime).to_bytes_be();
        let agreed = agree_in(&group, &public).unwrap();
        let server = BigUint::from_bytes_be(agreed.server.get(4..).unwrap());
        assert_eq!(mpint(&server.modpow(&exponent, &group.prime).to_bytes_be()), agreed.secret);
    }

    #[test]
    fn values_outside_the_group_are_refused() {
        let group = Group::named("group14").unwrap();
        for public in [vec![], vec![1], group.prime.to_bytes_be(), vec![0xff; 300]] {
            assert!(agree_in(&group, &public).is_err());
        }
    }

    #[test]
    fn public_values_of_the_wrong_size_are_refused() {
        for name in [
            "curve25519-sha256",
            "ecdh-sha2-nistp256",
            "ecdh-sha2-nistp521",
            "sntrup761x25519-sha512",
            "mlkem768x25519-sha256",
        ] {
            for size in [0, 1, 31, 33, 64, 1189, 1217, 4000] {
                assert!(agree(Method::named(name).unwrap(), &vec![4; size]).is_err(), "{name} {size}");
            }
        }
    }
}
