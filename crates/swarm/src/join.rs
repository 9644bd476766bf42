//! Joining a swarm: a token on the master's side, keys and a certificate on the agent's.

use crate::{
    Error,
    authority::{Certificate, random},
    controller::token_hash,
    error::stored,
    files::{self, Files, Membership},
    http, message,
    tls::{self, Own},
};
use decnet_model::swarm::{AUTHORITY, Identity, Invited, Token};
use decnet_store::Store;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the swarm where there is none yet. Returns the authority's certificate, PEM.
///
/// # Errors
/// When a file or the store cannot be written.
pub async fn begin(store: &Store, files: &Files, now: i64) -> Result<String, Error> {
    if !files.is_master() {
        let (_, signed) = files.begin(now)?;
        let row = files::row(&signed, &Identity::master());
        store.swarm_certificate_put(&row).await.map_err(stored("keep a certificate"))?;
    }
    let certificate = files.authority()?.certificate().to_owned();
    // Public, for those who may not read the folder.
    store.setting_put(AUTHORITY, &certificate).await.map_err(stored("keep the authority's certificate"))?;
    Ok(certificate)
}

/// Makes a token by which one host can join, once. `authority` is the authority's certificate, PEM.
///
/// # Errors
/// When there cannot be such a host, or there is one of that name.
pub async fn invite(store: &Store, authority: &str, invited: &Invited, now: i64) -> Result<Token, Error> {
    let hosts = store.swarm_hosts().await.map_err(stored("list the hosts"))?;
    invited.check(&hosts).map_err(Error::Wrong)?;
    let (token, hash) = fresh(authority)?;
    store.swarm_token_put(&invited.row(hash, now)).await.map_err(stored("keep a token"))?;
    Ok(token)
}

/// A token that pins `authority`, PEM, and its hash, which is all that is kept of it.
///
/// # Errors
/// When the certificate is none.
pub fn fresh(authority: &str) -> Result<(Token, String), Error> {
    let token = Token { secret: random(), pin: Sha256::digest(crate::authority::der(authority)?).into() };
    let hash = token_hash(&hex::encode(token.secret))?;
    Ok((token, hash))
}

/// Joins the swarm of `master` on `port` by `token`: a key is made here and stays here.
///
/// # Errors
/// When this host belongs to a swarm, the master cannot be reached or is another one, or it says no.
pub async fn join(
    files: &Files,
    master: &str,
    port: u16,
    token: &Token,
    version: &str,
) -> Result<Membership, Error> {
    if files.is_master() {
        return Err(Error::Wrong("this is the master of a swarm: it cannot join one".to_owned()));
    }
    if let Ok(member) = files.membership()
        && member.ended_at.is_none()
    {
        return Err(Error::Wrong(format!(
            "this host belongs to the swarm of {} already, as {}; `decnet leave` ends that",
            member.master, member.name
        )));
    }
    let pending = files.pending(&hex::encode(Sha256::digest(token.secret)))?;
    let wish = message::Join {
        secret: hex::encode(token.secret),
        request: pending.request.clone(),
        version: version.to_owned(),
    };
    let address = format!("{master}:{port}");
    let config = tls::joiner(token.pin)?;
    let joined: message::Joined =
        http::ask(&address, config, message::JOIN, &wish, message::SMALL, PATIENCE).await?;
    let certificate = Certificate::read_pem(&joined.certificate)?;
    if certificate.identity != Some(Identity::agent(&joined.host)) {
        return Err(Error::Garbled("the certificate is for somebody else".to_owned()));
    }
    if Sha256::digest(crate::authority::der(&joined.authority)?).as_slice() != token.pin {
        return Err(Error::Garbled("the authority is another one than the token's".to_owned()));
    }
    let membership = Membership {
        host: joined.host,
        name: joined.name,
        master: master.to_owned(),
        port,
        syslog_port: joined.syslog_port,
        authority: joined.authority,
        revoked: Vec::new(),
        ended_at: None,
        interface: None,
        lab: false,
    };
    files.put_own("agent", &Own { certificate: joined.certificate, key: pending.key })?;
    files.put_membership(&membership)?;
    files.forget_pending();
    Ok(membership)
}
