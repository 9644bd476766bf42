//! ID tokens (OpenID Connect Core 1.0 §3.1.3.7): JSON Web Tokens signed by a provider (RFC 7515, RFC 7518, RFC 8037).
//!
//! Which algorithms there are is said here, and which of them a key is for is said by the key: a token chooses nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// Longest token that is looked at; groups of large companies make long ones.
const MOST: usize = 64 * 1024;
/// Clocks may differ so much, in seconds.
const SKEW: i64 = 60;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is none.
    #[error("that is no token")]
    Malformed,
    /// None, one with a shared secret, or one that nobody should use.
    #[error("its algorithm is not taken")]
    Algorithm,
    /// The provider has no such key.
    #[error("its key is not the provider's")]
    UnknownKey,
    /// The key has not signed it.
    #[error("its signature is wrong")]
    Signature,
    /// Somebody else's.
    #[error("another provider has issued it")]
    Issuer,
    /// For somebody else.
    #[error("it is for another client")]
    Audience,
    /// Too old.
    #[error("it has expired")]
    Expired,
    /// From the future.
    #[error("it is not valid yet")]
    Early,
    /// Of another login.
    #[error("it belongs to another login")]
    Nonce,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) nonce: &'a str,
    /// Now, in seconds.
    pub(super) now: i64,
}

/// A key of a provider.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// The only algorithm that it says it is for.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    /// Reads one of a set (RFC 7517); `None`: it is for something else.
    pub(super) fn read(key: &Value) -> Option<Key> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        // Uncompressed points begin with 4 (SEC 1 §2.3.3).
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { n: without_zeros(bytes("n")?), e: without_zeros(bytes("e")?) },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x")?),
            _ => return None,
        };
        Some(Key { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
    }

    /// Whether it is one for `algorithm`.
    fn is_for(&self, algorithm: &str) -> bool {
        let fits = match self.material {
            Material::Rsa { .. } => ["RS256", "PS256"].contains(&algorithm),
            Material::P256(_) => algorithm == "ES256",
            Material::P384(_) => algorithm == "ES384",
            Material::Ed25519(_) => algorithm == "EdDSA",
        };
        fits && self.algorithm.as_ref().is_none_or(|only| only == algorithm)
    }

    fn has_signed(&self, algorithm: &str, text: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                match algorithm {
                    "RS256" => key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, text, signature),
                    _ => key.verify(&signature::RSA_PSS_2048_8192_SHA256, text, signature),
                }
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(text, signature)
            }
            Material::P384(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(text, signature)
            }
            Material::Ed25519(point) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(text, signature)
            }
        };
        verified.is_ok()
    }
}

fn without_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// The algorithms that are taken.
const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// The claims of a token that one of `keys` has signed and that says what is `wanted`.
///
/// # Errors
/// The first reason not to believe it.
pub(super) fn verify(token: &str, keys: &[Key], wanted: &Wanted<'_>) -> Result<Map<String, Value>, Refused> {
    if MOST < token.len() {
        return Err(Refused::Malformed);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, mac] = parts.as_slice() else { return Err(Refused::Malformed) };
    let (head, claims) = (object(header)?, object(payload)?);
    let said = |name: &str| head.get(name).and_then(Value::as_str);
    let algorithm = said("alg").filter(|said| ALGORITHMS.contains(said)).ok_or(Refused::Algorithm)?;
    // What must be understood is not (RFC 7515 §4.1.11).
    if head.contains_key("crit") {
        return Err(Refused::Algorithm);
    }
    let key = key_for(keys, said("kid"), algorithm).ok_or(Refused::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(mac).map_err(|_| Refused::Malformed)?;
    let signed = format!("{header}.{payload}");
    if !key.has_signed(algorithm, signed.as_bytes(), &signature) {
        return Err(Refused::Signature);
    }
    check(&claims, wanted)?;
    Ok(claims)
}

fn object(part: &str) -> Result<Map<String, Value>, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)
}

/// The key that a token names; one that names none is signed by the only one there is.
fn key_for<'a>(keys: &'a [Key], id: Option<&str>, algorithm: &str) -> Option<&'a Key> {
    let mut fit = keys.iter().filter(|key| key.is_for(algorithm));
    match id {
        Some(id) => fit.find(|key| key.id.as_deref() == Some(id)),
        None => fit.next().filter(|_| fit.next().is_none()),
    }
}

fn check(claims: &Map<String, Value>, wanted: &Wanted<'_>) -> Result<(), Refused> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // Some write seconds with a fraction.
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
    if text("iss") != Some(wanted.issuer) {
        return Err(Refused::Issuer);
    }
    let (ours, others) = match claims.get("aud") {
        Some(Value::String(one)) => (one == wanted.audience, false),
        Some(Value::Array(list)) => (list.iter().any(|one| one == wanted.audience), list.len() > 1),
        _ => (false, false),
    };
    // §3.1.3.7, 3 to 5: of several it says for which it was made.
    let authorised = text("azp").map_or(!others, |party| party == wanted.audience);
    if !ours || !authorised {
        return Err(Refused::Audience);
    }
    if seconds("exp").is_none_or(|end| end.saturating_add(SKEW) <= wanted.now) {
        return Err(Refused::Expired);
    }
    if ["nbf", "iat"]
        .iter()
        .filter_map(|name| seconds(name))
        .any(|begin| wanted.now.saturating_add(SKEW) < begin)
    {
        return Err(Refused::Early);
    }
    if text("nonce") != Some(wanted.nonce) {
        return Err(Refused::Nonce);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::json;

    const WANTED: Wanted<'static> = Wanted { issuer: "https://i", audience: "us", nonce: "n", now: 1000 };

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let of = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
            Signer(EcdsaKeyPair::from_pkcs8(of, pkcs8.as_ref(), &random).unwrap())
        }

        fn key(&self, id: &str) -> Key {
            let point = self.0.public_key().as_ref();
            let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
            Key::read(&json!({"kty": "EC", "crv": "P-256", "kid": id, "x": part(1..33), "y": part(33..65)}))
                .unwrap()
        }

        fn sign(&self, head: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(head), part(claims));
            let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        }
    }

    #[test]
    fn a_token_is_believed_only_with_all_that_it_must_say() {
        let signer = Signer::new();
        let keys = [signer.key("1")];
        let good =
            json!({"iss": "https://i", "aud": "us", "exp": 1100, "iat": 990, "nonce": "n", "sub": "s"});
        let head = json!({"alg": "ES256", "kid": "1"});
        assert_eq!(verify(&signer.sign(&head, &good), &keys, &WANTED).unwrap()["sub"], "s");
        for (name, value, refused) in [
            ("iss", json!("https://other"), Refused::Issuer),
            ("aud", json!("them"), Refused::Audience),
            ("aud", json!(["us", "them"]), Refused::Audience),
            ("azp", json!("them"), Refused::Audience),
            ("aud", Value::Null, Refused::Audience),
            ("exp", json!(940), Refused::Expired),
            ("exp", json!("1100"), Refused::Expired),
            ("nbf", json!(1061), Refused::Early),
            ("iat", json!(5000), Refused::Early),
            ("nonce", json!("m"), Refused::Nonce),
            ("nonce", Value::Null, Refused::Nonce),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert_eq!(verify(&signer.sign(&head, &claims), &keys, &WANTED), Err(refused), "{name} {value}");
        }
        let mut several = good.clone();
        (several["aud"], several["azp"]) = (json!(["us", "them"]), json!("us"));
        assert!(verify(&signer.sign(&head, &several), &keys, &WANTED).is_ok());
    }

    #[test]
    fn a_token_chooses_neither_its_algorithm_nor_its_key() {
        let (signer, other) = (Signer::new(), Signer::new());
        let keys = [signer.key("1"), other.key("2")];
        let good = json!({"iss": "https://i", "aud": "us", "exp": 1100, "nonce": "n", "sub": "s"});
        for (head, refused) in [
            (json!({"alg": "none"}), Refused::Algorithm),
            (json!({"alg": "HS256", "kid": "1"}), Refused::Algorithm),
            (json!({"alg": "es256", "kid": "1"}), Refused::Algorithm),
            (json!({"kid": "1"}), Refused::Algorithm),
            (json!({"alg": "ES256", "kid": "1", "crit": ["b64"]}), Refused::Algorithm),
            (json!({"alg": "ES256", "kid": "3"}), Refused::UnknownKey),
            (json!({"alg": "RS256", "kid": "1"}), Refused::UnknownKey),
            (json!({"alg": "ES256"}), Refused::UnknownKey),
            (json!({"alg": "ES256", "kid": "2"}), Refused::Signature),
        ] {
            assert_eq!(verify(&signer.sign(&head, &good), &keys, &WANTED), Err(refused), "{head}");
        }
        let unsigned = signer.sign(&json!({"alg": "none"}), &good);
        let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
        assert_eq!(verify(&unsigned, &keys, &WANTED), Err(Refused::Algorithm));
        assert!(verify(&signer.sign(&json!({"alg": "ES256"}), &good), &keys[..1], &WANTED).is_ok());
        assert!(Key::read(&json!({"kty": "EC", "crv": "P-256", "use": "enc", "x": "", "y": ""})).is_none());
        assert!(Key::read(&json!({"kty": "oct", "k": "AAAA"})).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in ".*", key in ".*") {
            prop_assert!(verify(&text, &[], &WANTED).is_err());
            let key = json!({"kty": "RSA", "n": key, "e": key, "x": key});
            let _ = Key::read(&key);
        }
    }
}
