//! Bearer tokens: JSON Web Tokens with HS256 (RFC 7519, RFC 7515) and an id by which the store revokes them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use netsvc_wire::stamp::Micros;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The only header that is written and read, so that a token cannot choose its own algorithm.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Longest token that is looked at.
const TOKEN_LIMIT: usize = 1024;

/// Goes before what is sealed when it is signed: no token begins so.
const SEALED: &str = "sealed:";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Login name.
    pub(crate) sub: String,
    /// Id in the store.
    pub(crate) jti: String,
    /// Issued at, in seconds.
    pub(crate) iat: i64,
    /// Expires at, in seconds.
    pub(crate) exp: i64,
}

/// The key that signs tokens.
#[derive(Clone)]
pub(crate) struct SigningKey(Hmac<Sha256>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(***)")
    }
}

impl SigningKey {
    /// A key from secret bytes; `None` never happens for HMAC, which takes any length.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(SigningKey)
    }

    /// A signed token.
    pub(crate) fn sign(&self, claims: &Claims) -> Option<String> {
        let payload = serde_json::to_vec(claims).ok()?;
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload));
        let mac = self.0.clone().chain_update(signed.as_bytes()).finalize().into_bytes();
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Bytes that [`SigningKey::open`] gives back, and that whoever keeps them cannot change. They are no token.
    pub(crate) fn seal(&self, bytes: &[u8]) -> String {
        let sealed = URL_SAFE_NO_PAD.encode(bytes);
        let mac = self.0.clone().chain_update(SEALED).chain_update(&sealed).finalize().into_bytes();
        format!("{sealed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// What was sealed with this key.
    pub(crate) fn open(&self, text: &str) -> Option<Vec<u8>> {
        let (sealed, mac) = text.split_once('.').filter(|_| text.len() <= TOKEN_LIMIT)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.0.clone().chain_update(SEALED).chain_update(sealed).verify_slice(&mac).ok()?;
        URL_SAFE_NO_PAD.decode(sealed).ok()
    }

    /// The claims of a token that this key signed and that has not expired at `now`.
    pub(crate) fn verify(&self, token: &str, now: Micros) -> Option<Claims> {
        if token.len() > TOKEN_LIMIT {
            return None;
        }
        let (signed, mac) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // Compares in constant time.
        self.0.clone().chain_update(signed.as_bytes()).verify_slice(&mac).ok()?;
        if header != URL_SAFE_NO_PAD.encode(HEADER) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now < claims.exp.saturating_mul(1_000_000)).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims() -> Claims {
        Claims { sub: "admin".into(), jti: "1".into(), iat: 100, exp: 200 }
    }

    #[test]
    fn a_token_is_valid_for_its_key_and_time_only() {
        let key = SigningKey::new(b"one").unwrap();
        let token = key.sign(&claims()).unwrap();
        assert_eq!(key.verify(&token, 199_999_999), Some(claims()));
        assert_eq!(key.verify(&token, 200_000_000), None);
        assert_eq!(SigningKey::new(b"two").unwrap().verify(&token, 0), None);
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_key_and_unchanged_only() {
        let key = SigningKey::new(b"one").unwrap();
        let sealed = key.seal(b"kept");
        assert_eq!(key.open(&sealed).as_deref(), Some(&b"kept"[..]));
        assert_eq!(SigningKey::new(b"two").unwrap().open(&sealed), None);
        for bad in [sealed.replacen('a', "b", 1), format!("x{sealed}"), String::new(), ".".to_owned()] {
            assert!(bad == sealed || key.open(&bad).is_none(), "{bad}");
        }
        assert_eq!((key.verify(&sealed, 0), key.open(&key.sign(&claims()).unwrap())), (None, None));
    }

    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        let key = SigningKey::new(b"one").unwrap();
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert_eq!(key.verify(&format!("{none}.{payload}."), 0), None);
        let signed = format!("{none}.{payload}");
        let mac = key.0.clone().chain_update(signed.as_bytes()).finalize().into_bytes();
        assert_eq!(key.verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)), 0), None);
    }

    #[test]
    fn a_known_token_is_signed_as_others_sign_it() {
        // The MAC was computed with Python's hmac module.
        let key = SigningKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
        let token = key.sign(&claims()).unwrap();
        assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZG1pbiIsImp0aSI6IjEi"));
        assert_eq!(token.rsplit('.').next(), Some(KNOWN_MAC));
    }

    const KNOWN_MAC: &str = "zy2yWKQU1Ix1TgxLMHJTre9eFONG5qmfIZOXRGdRy0s";

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in ".*") {
            prop_assert_eq!(SigningKey::new(b"one").unwrap().verify(&text, 0), None);
        }
    }
}
