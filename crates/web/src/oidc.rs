//! Logging in by an OpenID provider (OpenID Connect Core 1.0, authorization code with PKCE, RFC 7636).
//!
//! What is between the two halves of a login is kept by the browser, in a cookie that is signed here: nobody fills our
//! memory by beginning logins, and a login that another browser began is none. The end of it is a secret that works
//! once, in the way of one-time links, so that the dashboard needs no second way to get its token.

mod address;
mod ask;
mod jwt;
mod provider;
mod roles;

pub use roles::{BadRoles, Roles};

pub(crate) use jwt::Refused;

use crate::{account::random, auth::hashed, tls, token::SigningKey};
use address::Address;
use ask::Asker;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use decnet_model::access::{Role, is_user_name};
use parking_lot::Mutex;
use provider::Provider;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use utoipa::IntoParams;

/// Where the provider sends people back to, below the dashboard's address.
pub(crate) const RETURN: &str = "/api/v1/login/oidc/return";
/// The cookie that a login is kept in meanwhile, and where it is sent.
pub(crate) const COOKIE: &str = "decnet_login";
pub(crate) const COOKIE_PATH: &str = "/api/v1/login/oidc";
/// How long somebody may take to log in there, in seconds.
pub(crate) const PATIENCE: i64 = 600;
/// How long the secret at the end is good, in µs.
const HANDED: i64 = 60_000_000;
/// Such secrets at the same time.
const HANDED_MOST: usize = 1024;
/// Logins that ask the provider at the same time.
const TURNS: usize = 8;
/// Longest code that a provider gives.
const CODE_MOST: usize = 4096;

/// What is known of the provider by the settings.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, as it calls itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; empty: we have none.
    pub client_secret: String,
    /// What is asked for, separated by spaces; `openid` is among it.
    pub scopes: String,
    /// The claim that is the login name.
    pub name_claim: String,
    /// The claim whose values are looked up in `roles`.
    pub role_claim: String,
    /// Who may do what.
    pub roles: Roles,
    /// Address of the dashboard, to which people are sent back.
    pub dashboard: String,
    /// Authorities (PEM) that sign the provider's certificate, beside those of the web.
    pub authorities: Option<PathBuf>,
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OidcSettings({}, {})", self.issuer, self.client_id)
    }
}

/// Why there is no login by this provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// What stands for an address is none that is taken.
    #[error("{0}: {1:?} is no address; write https://HOST/PATH (http:// only for this host)")]
    Address(&'static str, String),
    /// Something is not said.
    #[error("{0} is missing: a login by oidc.issuer needs it")]
    Missing(&'static str),
    /// The file of authorities is of no use.
    #[error(transparent)]
    Authorities(#[from] crate::TlsError),
    /// TLS cannot be spoken.
    #[error("TLS cannot be spoken")]
    Tls(#[source] rustls::Error),
}

/// Logging in by a provider. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Oidc(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: OidcSettings,
    /// The dashboard's, without a `/` at the end.
    dashboard: String,
    provider: Provider,
    turns: Semaphore,
    /// Names by the hash of the secret that lets them in, and until when.
    handed: Mutex<BTreeMap<String, (String, i64)>>,
}

/// A login that was begun, as the browser keeps it.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    /// Until when it is good, in seconds.
    until: i64,
}

/// What a browser brings back from the provider (OpenID Connect Core 1.0 §3.1.2.5, §3.1.2.6).
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Returned {
    /// Stands for the token.
    #[serde(default)]
    pub(crate) code: String,
    /// What we gave along.
    #[serde(default)]
    pub(crate) state: String,
    /// Why there is no code.
    #[serde(default)]
    pub(crate) error: String,
}

/// Who was let in by the provider.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// What stands in the place of a password: whose name it is at which provider. No password has this hash.
    pub(crate) mark: String,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denied {
    /// The browser has not begun a login here, or long ago, or another one.
    #[error("the login was not begun in this browser, or too long ago")]
    State,
    /// The provider says no.
    #[error("the provider refuses: {0}")]
    Provider(String),
    /// The provider cannot be asked.
    #[error("the provider cannot be asked: {0}")]
    Away(String),
    /// What it says of who he is is not believed.
    #[error("the provider's token is refused: {0}")]
    Token(#[from] Refused),
    /// He has no name that a user can have.
    #[error("the claim {0} is no name that a user can have")]
    Name(String),
    /// None of his values has a role.
    #[error("{0} has no role here")]
    Role(String),
    /// The name is a user's who logs in otherwise.
    #[error("{0} is the name of another user here")]
    Taken(String),
}

impl Denied {
    /// The word by which the dashboard is told.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Denied::State => "state",
            Denied::Provider(_) => "provider",
            Denied::Away(_) => "away",
            Denied::Token(_) => "token",
            Denied::Name(_) => "name",
            Denied::Role(_) => "role",
            Denied::Taken(_) => "taken",
        }
    }
}

impl Oidc {
    /// Logins by the provider of the settings. It is asked when somebody logs in.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn new(settings: OidcSettings) -> Result<Self, OidcError> {
        for (name, text) in
            [("oidc.client-id", &settings.client_id), ("alerts.dashboard", &settings.dashboard)]
        {
            if text.is_empty() {
                return Err(OidcError::Missing(name));
            }
        }
        if settings.roles.is_empty() {
            return Err(OidcError::Missing("oidc.roles"));
        }
        let dashboard = settings.dashboard.trim_end_matches('/').to_owned();
        Address::of_people(&dashboard)
            .ok_or_else(|| OidcError::Address("alerts.dashboard", dashboard.clone()))?;
        let issuer = Address::read(&settings.issuer);
        issuer.ok_or_else(|| OidcError::Address("oidc.issuer", settings.issuer.clone()))?;
        let provider = Provider::new(&settings, Asker::new(trust(settings.authorities.as_ref())?));
        Ok(Oidc(Arc::new(Inner {
            settings,
            dashboard,
            provider,
            turns: Semaphore::new(TURNS),
            handed: Mutex::default(),
        })))
    }

    /// The provider's host, as people are told of it.
    pub(crate) fn provider_name(&self) -> String {
        Address::read(&self.0.settings.issuer).map(|address| address.host().to_owned()).unwrap_or_default()
    }

    /// Whether the browser may send the cookie over TLS alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.dashboard.starts_with("https://")
    }

    fn returned_to(&self) -> String {
        format!("{}{RETURN}", self.0.dashboard)
    }

    /// Begins a login at `now`, in seconds: where the browser goes, and what it keeps.
    ///
    /// # Errors
    /// [`Denied::Away`].
    pub(crate) async fn begin(&self, key: &SigningKey, now: i64) -> Result<(String, String), Denied> {
        let _turn =
            self.0.turns.try_acquire().map_err(|_| Denied::Away("too many log in at once".to_owned()))?;
        let found = self.0.provider.discovered().await.map_err(Denied::Away)?;
        let begun = Begun { state: random(), nonce: random(), verifier: random(), until: now + PATIENCE };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(begun.verifier.as_bytes()));
        let asked = form(&[
            ("response_type", "code"),
            ("client_id", &self.0.settings.client_id),
            ("redirect_uri", &self.returned_to()),
            ("scope", &self.0.settings.scopes),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let kept = serde_json::to_vec(&begun).unwrap_or_default();
        Ok((with(&found.authorization, &asked), key.seal(&kept)))
    }

    /// Where a browser ends what it is logged in as at the provider (OpenID Connect RP-Initiated Logout 1.0); `None`:
    /// it cannot, or the provider is away.
    pub(crate) async fn farewell(&self) -> Option<String> {
        let _turn = self.0.turns.try_acquire().ok()?;
        let found = self.0.provider.discovered().await.ok()?;
        let asked = form(&[
            ("client_id", &self.0.settings.client_id),
            ("post_logout_redirect_uri", &format!("{}/login", self.0.dashboard)),
        ]);
        found.end.as_ref().map(|end| with(end, &asked))
    }

    /// Ends a login with what the browser has kept and brings from the provider.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub(crate) async fn end(
        &self,
        key: &SigningKey,
        kept: &str,
        state: &str,
        code: &str,
        now: i64,
    ) -> Result<Guest, Denied> {
        let begun: Begun = key
            .open(kept)
            .and_then(|kept| serde_json::from_slice(&kept).ok())
            .filter(|begun: &Begun| now < begun.until && !state.is_empty() && begun.state == state)
            .ok_or(Denied::State)?;
        if code.is_empty() || CODE_MOST < code.len() {
            return Err(Denied::State);
        }
        let _turn =
            self.0.turns.try_acquire().map_err(|_| Denied::Away("too many log in at once".to_owned()))?;
        let token = self.0.provider.exchange(code, &begun.verifier, &self.returned_to()).await?;
        let wanted = jwt::Wanted {
            issuer: &self.0.settings.issuer,
            audience: &self.0.settings.client_id,
            nonce: &begun.nonce,
            now,
        };
        let claims = self.0.provider.claims(&token, &wanted).await?;
        self.guest(&claims)
    }

    fn guest(&self, claims: &Map<String, Value>) -> Result<Guest, Denied> {
        let settings = &self.0.settings;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let name = text(&settings.name_claim).filter(|name| is_user_name(name));
        let name = name.ok_or_else(|| Denied::Name(settings.name_claim.clone()))?.to_owned();
        let subject = text("sub").filter(|subject| !subject.is_empty()).ok_or(Refused::Malformed)?;
        let role = settings.roles.of(roles::values(claims, &settings.role_claim));
        let role = role.ok_or_else(|| Denied::Role(name.clone()))?;
        // Neither has a line break in it: an issuer is an address, and of the subject only what is behind it counts.
        let mark = format!("{MARK}{}", hashed(&format!("{}\n{subject}", settings.issuer)));
        Ok(Guest { name, role, mark })
    }

    /// A secret that lets `name` in once, within a minute.
    pub(crate) fn hand(&self, name: &str, now: i64) -> String {
        let secret = random();
        let mut handed = self.0.handed.lock();
        handed.retain(|_, (_, until)| now < *until);
        if handed.len() < HANDED_MOST {
            handed.insert(hashed(&secret), (name.to_owned(), now.saturating_add(HANDED)));
        }
        secret
    }

    /// Whom a secret lets in; it is used up by that.
    pub(crate) fn take(&self, hash: &str, now: i64) -> Option<String> {
        let (name, until) = self.0.handed.lock().remove(hash)?;
        (now < until).then_some(name)
    }
}

/// What the hash of a user begins with who has no password: he logs in by a provider.
const MARK: &str = "$oidc$";

/// Whether a stored hash is that of a user who logs in by a provider.
pub(crate) fn is_mark(hash: &str) -> bool {
    hash.starts_with(MARK)
}

fn trust(authorities: Option<&PathBuf>) -> Result<Arc<ClientConfig>, OidcError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authorities {
        roots.add_parsable_certificates(tls::certificates("oidc.ca", path)?);
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(OidcError::Tls)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// An address with more parameters.
fn with(address: &str, asked: &str) -> String {
    let join = if address.contains('?') { '&' } else { '?' };
    format!("{address}{join}{asked}")
}

/// Names and values as `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", escaped(name), escaped(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A text where only unreserved characters (RFC 3986 §2.3) may stand.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Longest wait for an answer of the provider.
const ANSWER_TIME: Duration = Duration::from_secs(10);
