//! Passwords, one-time links, tokens for programs, the first administrator, and the secret that signs
//! bearer tokens.

use crate::auth::{TOKEN_MARK, hashed};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use decnet_model::{
    access::{Role, Scope, is_user_name},
    secret::{self, SIGNING_BYTES, WeakSecret},
};
use decnet_store::{
    Store,
    record::{ApiToken, LoginLink, User},
};
use netsvc_wire::stamp::{self, Micros};
use rand_core::RngCore;
use std::{collections::BTreeSet, time::Duration};

/// Name of the first administrator.
const ADMIN: &str = "admin";
/// Setting that holds the generated signing secret, hex.
pub const SIGNING_SECRET: &str = "api.signing_secret";
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
    /// A name that no user can have.
    #[error("a user's name is made of letters, digits and . _ - @, 64 at most")]
    BadName,
    /// A user has the name.
    #[error("a user is called {0} already")]
    Exists(String),
    /// Hashing failed.
    #[error("hash a password")]
    Hash,
    /// The store failed.
    #[error("set up an account")]
    Store(#[source] decnet_store::Error),
}

/// Makes the first administrator `admin` if there is no user, with the password `configured` or a
/// generated one, which is returned to be shown once and has to be changed by him. A configured password that
/// differs from the stored one replaces it and revokes all tokens.
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
        role: Role::Admin,
        must_change: configured.is_none(),
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
    let kept =
        store.setting_default(SIGNING_SECRET, &hex::encode(fresh)).await.map_err(AccountError::Store)?;
    Ok(kept.into_bytes())
}

/// Gives the user `name` another password, `chosen` or a generated one, which is returned to be shown
/// once and has to be changed by him; all of the user's logins end.
///
/// # Errors
/// [`AccountError`].
pub async fn reset_password(
    store: &Store,
    name: &str,
    chosen: Option<&str>,
    now: Micros,
) -> Result<Option<String>, AccountError> {
    let (password, made) = password_of(chosen).map_err(AccountError::WeakPassword)?;
    let changed = store.user_password_set(name, &hash(&password)?, made.is_some(), None, now).await;
    let there = changed.map_err(AccountError::Store)?;
    if there { Ok(made) } else { Err(AccountError::NoSuchUser(name.to_owned())) }
}

/// Makes the user `name` with the password `chosen` or a generated one, which is returned to be shown once and has
/// to be changed.
///
/// # Errors
/// [`AccountError`].
pub async fn create_user(
    store: &Store,
    name: &str,
    role: Role,
    chosen: Option<&str>,
    now: Micros,
) -> Result<Option<String>, AccountError> {
    if !is_user_name(name) {
        return Err(AccountError::BadName);
    }
    let (password, made) = password_of(chosen).map_err(AccountError::WeakPassword)?;
    if store.user_get(name).await.map_err(AccountError::Store)?.is_some() {
        return Err(AccountError::Exists(name.to_owned()));
    }
    let (name, password_hash) = (name.to_owned(), hash(&password)?);
    let user = User { name, password_hash, role, must_change: made.is_some(), created_at: now };
    store.user_put(&user).await.map_err(AccountError::Store)?;
    Ok(made)
}

/// How long a one-time link is good.
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// Makes a link that lets the user `name` in once, within fifteen minutes of `now`. What is returned belongs after
/// `/login#link=` of the dashboard's address; nobody keeps it.
///
/// # Errors
/// [`AccountError::NoSuchUser`], [`AccountError::Store`].
pub async fn create_link(store: &Store, name: &str, now: Micros) -> Result<String, AccountError> {
    let known = store.user_get(name).await.map_err(AccountError::Store)?;
    known.ok_or_else(|| AccountError::NoSuchUser(name.to_owned()))?;
    let secret = random();
    let life = i64::try_from(LINK_LIFE.as_micros()).unwrap_or_default();
    let link = LoginLink { hash: hashed(&secret), user_name: name.to_owned(), expires_at: now + life };
    store.link_put(&link, now).await.map_err(AccountError::Store)?;
    Ok(secret)
}

/// Longest name of a token, in characters.
const TOKEN_NAME: usize = 100;
/// Longest life of a token, in days.
const TOKEN_DAYS: u32 = 3650;

/// A token for a program that is to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken<'a> {
    /// Whose it is to be.
    pub user: &'a str,
    /// What it is for.
    pub name: &'a str,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// Days until it expires.
    pub days: u32,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A field and what is wrong with it.
    #[error("{0}: {1}")]
    Wrong(&'static str, String),
    /// The store failed.
    #[error("make a token")]
    Store(#[from] decnet_store::Error),
}

/// Makes a token for a program; returns its row, and the token, which nobody keeps.
///
/// # Errors
/// [`TokenError`].
pub async fn create_token(
    store: &Store,
    wanted: &NewApiToken<'_>,
    now: Micros,
) -> Result<(ApiToken, String), TokenError> {
    let wrong = |field, message: String| Err(TokenError::Wrong(field, message));
    if !(1..=TOKEN_NAME).contains(&wanted.name.chars().count()) {
        return wrong("name", format!("1 to {TOKEN_NAME} characters"));
    }
    if wanted.scopes.is_empty() {
        return wrong("scopes", "one at least: read, work, manage".to_owned());
    }
    if !(1..=TOKEN_DAYS).contains(&wanted.days) {
        return wrong("days", format!("1 to {TOKEN_DAYS}"));
    }
    if store.user_get(wanted.user).await?.is_none() {
        return wrong("user", format!("no user is called {:?}", wanted.user));
    }
    let token = format!("{TOKEN_MARK}{}", random());
    let hash = hashed(&token);
    let scopes: Vec<_> = wanted.scopes.iter().map(|scope| scope.name()).collect();
    let row = ApiToken {
        id: hash.chars().take(16).collect(),
        user_name: wanted.user.to_owned(),
        name: wanted.name.to_owned(),
        hash,
        scopes: scopes.join(" "),
        created_at: now,
        expires_at: now + i64::from(wanted.days) * stamp::DAY,
        used_at: None,
        revoked_at: None,
    };
    store.api_token_put(&row).await?;
    Ok((row, token))
}

/// 256 random bits for addresses and headers.
pub(crate) fn random() -> String {
    let mut random = [0; 32];
    OsRng.fill_bytes(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}

/// The password that a user gets: `chosen`, or one that is made. The second is what is to be shown once.
///
/// # Errors
/// [`WeakSecret`] for a chosen one that can be guessed.
pub(crate) fn password_of(chosen: Option<&str>) -> Result<(String, Option<String>), WeakSecret> {
    match chosen {
        Some(password) => secret::check_password(password).map(|()| (password.to_owned(), None)),
        None => {
            let made = generate();
            Ok((made.clone(), Some(made)))
        }
    }
}

/// A password that nobody guesses and everybody can copy from a screen.
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
