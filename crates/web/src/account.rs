//! Passwords, the first administrator, and the secret that signs tokens.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use decnet_model::secret::{self, SIGNING_BYTES, WeakSecret};
use decnet_store::{Store, record::User};
use netsvc_wire::stamp::Micros;
use rand_core::RngCore;

/// Name of the first administrator.
const ADMIN: &str = "admin";
/// Setting that holds the generated signing secret, hex.
const SECRET: &str = "api.signing_secret";
/// Characters of a generated password: none that is taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a generated password; 5 bits each.
const PASSWORD_LENGTH: usize = 24;

/// Why an account could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The password given can be guessed.
    #[error("the password is {0}")]
    WeakPassword(WeakSecret),
    /// The signing secret given can be guessed.
    #[error("the signing secret is {0}")]
    WeakSecret(WeakSecret),
    /// There is no such user.
    #[error("no user is called {0:?}")]
    NoSuchUser(String),
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
    if let Some(password) = configured {
        secret::check_password(password).map_err(AccountError::WeakPassword)?;
    }
    let password = match (configured, &stored) {
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
    if let Some(given) = configured {
        secret::check_signing(given).map_err(AccountError::WeakSecret)?;
        return Ok(given.as_bytes().to_vec());
    }
    let mut fresh = [0; SIGNING_BYTES];
    OsRng.fill_bytes(&mut fresh);
    let kept = store.setting_default(SECRET, &hex::encode(fresh)).await.map_err(AccountError::Store)?;
    Ok(kept.into_bytes())
}

/// Gives the user `name` another password, `chosen` or a generated one, which is returned to be shown
/// once; all of the user's tokens are revoked.
///
/// # Errors
/// [`AccountError`].
pub async fn reset_password(
    store: &Store,
    name: &str,
    chosen: Option<&str>,
    now: Micros,
) -> Result<Option<String>, AccountError> {
    if let Some(password) = chosen {
        secret::check_password(password).map_err(AccountError::WeakPassword)?;
    }
    let stored = store.user_get(name).await.map_err(AccountError::Store)?;
    let stored = stored.ok_or_else(|| AccountError::NoSuchUser(name.to_owned()))?;
    let password = chosen.map_or_else(generate, str::to_owned);
    let user = User { password_hash: hash(&password)?, ..stored };
    store.user_put(&user).await.map_err(AccountError::Store)?;
    store.token_revoke_all(name, now).await.map_err(AccountError::Store)?;
    Ok(chosen.is_none().then_some(password))
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
