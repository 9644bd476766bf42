//! What a provider says of itself (OpenID Connect Discovery 1.0) and its keys (RFC 7517), asked for once and kept for a
//! while.

use super::{
    Denied, OidcSettings,
    address::Address,
    ask::{Asker, Sent},
    escaped, form,
    jwt::{self, Key, Refused, Wanted},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How long what was asked for is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// Shortest time between two looks for a key that is not known: made-up tokens do not make us ask for ever.
const AGAIN: Duration = Duration::from_secs(30);
/// Keys that are looked at.
const KEYS_MOST: usize = 64;

/// Where a provider is asked what.
#[derive(Debug)]
pub(super) struct Discovered {
    /// Where people log in.
    pub(super) authorization: String,
    /// Where they log out.
    pub(super) end: Option<String>,
    token: Address,
    keys: Address,
    /// Whether our secret is sent in the form, because no header is taken.
    in_form: bool,
}

/// A provider.
pub(super) struct Provider {
    issuer: String,
    client_id: String,
    client_secret: String,
    asker: Asker,
    discovered: Mutex<Option<(Arc<Discovered>, Instant)>>,
    keys: Mutex<Option<Keys>>,
}

/// The keys of a provider.
struct Keys {
    list: Arc<Vec<Key>>,
    asked_at: Instant,
    /// When one was looked for last that was not among them.
    missed_at: Option<Instant>,
}

// It has a secret.
impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Provider({})", self.issuer)
    }
}

impl Provider {
    pub(super) fn new(settings: &OidcSettings, asker: Asker) -> Self {
        Provider {
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            asker,
            discovered: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) async fn discovered(&self) -> Result<Arc<Discovered>, String> {
        let mut kept = self.discovered.lock().await;
        if let Some((found, at)) = kept.as_ref()
            && at.elapsed() < KEPT
        {
            return Ok(Arc::clone(found));
        }
        let text = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let address = Address::read(&text).ok_or_else(|| format!("{text} is no address"))?;
        let (status, said) = self.asker.ask(&address, None).await?;
        if !status.is_success() {
            return Err(format!("{text} answers {status}"));
        }
        let found = Arc::new(self.read(&said)?);
        *kept = Some((Arc::clone(&found), Instant::now()));
        Ok(found)
    }

    fn read(&self, said: &Value) -> Result<Discovered, String> {
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
        // §4.3: another one may not speak for it.
        if text("issuer") != self.issuer {
            return Err(format!("it calls itself {:?}, and oidc.issuer {:?}", text("issuer"), self.issuer));
        }
        let address = |name: &str| {
            Address::read(text(name)).ok_or_else(|| format!("its {name} {:?} is no address", text(name)))
        };
        address("authorization_endpoint")?;
        let ways = said.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let takes = |way: &str| ways.is_some_and(|ways| ways.iter().any(|known| known == way));
        Ok(Discovered {
            authorization: text("authorization_endpoint").to_owned(),
            end: Some(text("end_session_endpoint"))
                .filter(|end| Address::read(end).is_some())
                .map(str::to_owned),
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }

    /// The ID token that a code stands for.
    ///
    /// # Errors
    /// [`Denied::Away`], [`Denied::Provider`].
    pub(super) async fn exchange(&self, code: &str, verifier: &str, back: &str) -> Result<String, Denied> {
        let found = self.discovered().await.map_err(Denied::Away)?;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
            ("client_id", &self.client_id),
        ];
        let mut authorization = None;
        if !self.client_secret.is_empty() && found.in_form {
            pairs.push(("client_secret", &self.client_secret));
        } else if !self.client_secret.is_empty() {
            // RFC 6749 §2.3.1: both are escaped before they are joined.
            let both = format!("{}:{}", escaped(&self.client_id), escaped(&self.client_secret));
            authorization = Some(format!("Basic {}", STANDARD.encode(both)));
        }
        let sent = Sent { form: form(&pairs), authorization };
        let (status, said) = self.asker.ask(&found.token, Some(sent)).await.map_err(Denied::Away)?;
        let token = said.get("id_token").and_then(Value::as_str).filter(|_| status.is_success());
        token.map(str::to_owned).ok_or_else(|| {
            let error = said.get("error").and_then(Value::as_str).unwrap_or("there is no id_token");
            Denied::Provider(format!(
                "{status}, {}",
                error.chars().take(100).collect::<String>().escape_debug()
            ))
        })
    }

    /// The claims of an ID token that is good. Where its key is not known, the keys are asked for anew.
    ///
    /// # Errors
    /// [`Denied::Away`], [`Denied::Token`].
    pub(super) async fn claims(
        &self,
        token: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Map<String, Value>, Denied> {
        let keys = self.keys(false).await?;
        match jwt::verify(token, &keys, wanted) {
            Err(Refused::UnknownKey) => {
                let keys = self.keys(true).await?;
                Ok(jwt::verify(token, &keys, wanted)?)
            }
            other => Ok(other?),
        }
    }

    /// Its keys; one is `missed` among those that it had.
    async fn keys(&self, missed: bool) -> Result<Arc<Vec<Key>>, Denied> {
        let mut kept = self.keys.lock().await;
        if let Some(Keys { list, asked_at, missed_at }) = kept.as_ref()
            && if missed {
                missed_at.is_some_and(|at| at.elapsed() < AGAIN)
            } else {
                asked_at.elapsed() < KEPT
            }
        {
            return Ok(Arc::clone(list));
        }
        let found = self.discovered().await.map_err(Denied::Away)?;
        let (status, said) = self.asker.ask(&found.keys, None).await.map_err(Denied::Away)?;
        if !status.is_success() {
            return Err(Denied::Away(format!("its keys: {status}")));
        }
        let list = said.get("keys").and_then(Value::as_array);
        let list: Vec<Key> = list.into_iter().flatten().take(KEYS_MOST).filter_map(Key::read).collect();
        let list = Arc::new(list);
        let missed_at =
            if missed { Some(Instant::now()) } else { kept.as_ref().and_then(|kept| kept.missed_at) };
        *kept = Some(Keys { list: Arc::clone(&list), asked_at: Instant::now(), missed_at });
        Ok(list)
    }
}
