//! Passwords, the first administrator, and the secret that signs tokens.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use decnet_store::{Store, record::User};
use netsvc_wire::stamp::Micros;
use rand_core::RngCore;

/// Name of the first administrator.
const ADMIN: &str = "admin";
/// Setting that holds the generated signing secret, hex.
const SECRET: &str = "api.signing_secret";
/// Shortest signing secret that is taken, in bytes (RFC 7518 §3.2: as long as the hash).
const SECRET_BYTES: usize = 32;
/// Characters of a generated password: none that is taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a generated password; 5 bits each.
const PASSWORD_LENGTH: usize = 24;
/// Passwords that everybody tries first.
const KNOWN_BAD: [&str; 8] =
    ["admin", "password", "changeme", "change-me", "secret", "decnet", "12345678", "fallback-secret"];

/// Why an account could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The password given for the administrator is one that everybody tries.
    #[error("the administrator's password is too short (8 characters at least) or too well known")]
    WeakPassword,
    /// The signing secret given is too short or well known.
    #[error("the signing secret is shorter than {SECRET_BYTES} bytes or well known")]
    WeakSecret,
    /// Hashing failed.
    #[error("hash a password")]
    Hash,
    /// The store failed.
    #[error("set up an account")]
    Store(#[source] decnet_store::Error),
}

/// Makes the first administrator `admin` if there is no user, with the password `configured` or a
/// generated one, which is returned to be shown once. A configured password that differs from the
/// stored one replaces it and revokes all tokens.
///
/// # Errors
/// [`AccountError`].
pub async fn ensure_admin(
    store: &Store,
    configured: Option<&str>,
    now: Micros,
) -> Result<Option<String>, AccountError> {
    let stored = store.user_get(ADMIN).await.map_err(AccountError::Store)?;
    let password = match (configured, &stored) {
        (Some(password), _) if is_weak(password) => return Err(AccountError::WeakPassword),
        (Some(password), Some(user)) if verify(password, &user.password_hash) => return Ok(None),
        (Some(password), _) => password.to_owned(),
        (None, Some(_)) => return Ok(None),
        (None, None) => generate(),
    };
    let user = User {
        name: ADMIN.to_owned(),
        password_hash: hash(&password)?,
        role: "admin".to_owned(),
        created_at: now,
    };
    store.user_put(&user).await.map_err(AccountError::Store)?;
    store.token_revoke_all(ADMIN, now).await.map_err(AccountError::Store)?;
    Ok(configured.is_none().then_some(password))
}

/// The secret that signs tokens: `configured`, or one made once and kept in the store.
///
/// # Errors
/// [`AccountError::WeakSecret`] for a secret that can be guessed, [`AccountError::Store`].
pub async fn signing_secret(store: &Store, configured: Option<&str>) -> Result<Vec<u8>, AccountError> {
    if let Some(secret) = configured {
        let known = KNOWN_BAD.iter().any(|bad| secret.to_lowercase().starts_with(bad));
        let varied = secret.bytes().collect::<std::collections::BTreeSet<_>>().len() >= 8;
        return if secret.len() >= SECRET_BYTES && varied && !known {
            Ok(secret.as_bytes().to_vec())
        } else {
            Err(AccountError::WeakSecret)
        };
    }
    let mut fresh = [0; SECRET_BYTES];
    OsRng.fill_bytes(&mut fresh);
    let kept = store.setting_default(SECRET, &hex::encode(fresh)).await.map_err(AccountError::Store)?;
    Ok(kept.into_bytes())
}

fn is_weak(password: &str) -> bool {
    password.chars().count() < 8 || KNOWN_BAD.contains(&password.to_lowercase().as_str())
}

fn generate() -> String {
    let mut random = [0; PASSWORD_LENGTH];
    OsRng.fill_bytes(&mut random);
    random
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|byte| char::from(*byte))
        .collect()
}

/// PHC string of an argon2id hash (RFC 9106 §4, the parameters of OWASP).
pub(crate) fn hash(password: &str) -> Result<String, AccountError> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| AccountError::Hash)
}

/// Whether `password` is the one of `hash`; takes as long when it is not.
pub(crate) fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
