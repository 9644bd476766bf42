//! Who is asking.

use crate::{ApiState, Problem, taxii, token::Claims};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::access::Scope;
use decnet_store::record::User;
use netsvc_wire::stamp::now;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

/// What tokens for programs begin with, so that one that lies around is told for what it is.
pub(crate) const TOKEN_MARK: &str = "dnt_";

/// A user who may use the route: handlers that take one are behind [`crate::access::guard`].
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    pub(crate) user: User,
    pub(crate) pass: Pass,
}

/// What let a user in.
#[derive(Clone, Debug)]
pub(crate) enum Pass {
    /// A login by `password`, `link` or `oidc`.
    Session { claims: Claims, kind: String },
    /// A token for programs.
    Token { hash: String, scopes: BTreeSet<Scope> },
}

impl FromRequestParts<ApiState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        parts.extensions.get::<Viewer>().cloned().ok_or(Problem::Unauthorized)
    }
}

impl Viewer {
    /// The user of the token that comes with a request.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] where there is none that is good, or the store fails.
    pub(crate) async fn identify(parts: &Parts, state: &ApiState) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Problem::Unauthorized)?;
        let token = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => token.trim().to_owned(),
            "basic" if parts.uri.path().starts_with(taxii::PATH) => {
                of_basic(token).ok_or(Problem::Unauthorized)?
            }
            _ => return Err(Problem::Unauthorized),
        };
        let token = token.as_str();
        let found = if token.starts_with(TOKEN_MARK) {
            Viewer::of_program(&hashed(token), state).await?
        } else {
            let claims = state.key().verify(token, now()).ok_or(Problem::Unauthorized)?;
            Viewer::of_session(claims, state).await?
        };
        found.ok_or(Problem::Unauthorized)
    }

    async fn of_program(hash: &str, state: &ApiState) -> Result<Option<Self>, decnet_store::Error> {
        let found = state.store().api_token_use(hash, now()).await?;
        Ok(found.map(|(token, user)| {
            let scopes = token.scopes.split(' ').filter_map(|scope| scope.parse().ok()).collect();
            Viewer { user, pass: Pass::Token { hash: token.hash, scopes } }
        }))
    }

    async fn of_session(claims: Claims, state: &ApiState) -> Result<Option<Self>, decnet_store::Error> {
        let Some((user, kind)) = state.store().token_user(&claims.jti, now()).await? else { return Ok(None) };
        let ours = user.name == claims.sub;
        Ok(ours.then_some(Viewer { user, pass: Pass::Session { claims, kind } }))
    }

    /// Id of the login that this is; `None` for a token.
    pub(crate) fn session(&self) -> Option<&str> {
        match &self.pass {
            Pass::Session { claims, .. } => Some(&claims.jti),
            Pass::Token { .. } => None,
        }
    }
}

/// The token for programs in the place of a password (RFC 7617): many who speak TAXII know no other way. Only there,
/// and never a login of people, so that no browser keeps one and sends it along unasked.
fn of_basic(encoded: &str) -> Option<String> {
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (_, password) = text.split_once(':')?;
    password.starts_with(TOKEN_MARK).then(|| password.to_owned())
}

/// SHA-256 of a secret of ours, hex. It is random and long: nothing slower is needed.
pub(crate) fn hashed(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Address of the asking peer; `None` where there is no socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl Peer {
    /// Who holds the other end of the connection.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        Peer(extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical()))
    }

    /// Where the request comes from, whoever handed it on.
    pub(crate) fn noted(extensions: &Extensions) -> Self {
        extensions.get::<Peer>().copied().unwrap_or_else(|| Peer::of(extensions))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Peer::noted(&parts.extensions))
    }
}
