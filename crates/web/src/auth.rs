//! Who is asking.

use crate::{ApiState, Problem, token::Claims};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header, request::Parts},
};
use decnet_store::record::User;
use netsvc_wire::stamp::now;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// A logged-in user: handlers that take one refuse everybody else.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) user: User,
    pub(crate) claims: Claims,
}

impl FromRequestParts<ApiState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Problem::Unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::Unauthorized);
        }
        let claims = state.key().verify(token.trim(), now()).ok_or(Problem::Unauthorized)?;
        let user = state.store().token_user(&claims.jti, now()).await?;
        let user = user.filter(|user| user.name == claims.sub).ok_or(Problem::Unauthorized)?;
        Ok(Viewer { user, claims })
    }
}

impl Viewer {
    /// Whether what let this user in still does: the token has not expired and is not revoked, and the
    /// user is there.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn is_welcome(&self, state: &ApiState) -> Result<bool, decnet_store::Error> {
        let user = state.store().token_user(&self.claims.jti, now()).await?;
        Ok(user.is_some_and(|user| user.name == self.claims.sub))
    }
}

/// Address of the asking peer; 0.0.0.0 where there is no socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Peer(info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())))
    }
}
