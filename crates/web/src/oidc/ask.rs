//! One request to a provider.

use super::{ANSWER_TIME, address::Address};
use crate::problem::chain;
use axum::http::StatusCode;
use decnet_outward::{Asked, Method, Place, ask};
use rustls::ClientConfig;
use serde_json::Value;
use std::{error::Error, sync::Arc};

/// Bytes of an answer.
const MOST: usize = 256 * 1024;

/// What asks.
#[derive(Clone, Debug)]
pub(super) struct Asker(Arc<ClientConfig>);

/// What is sent along: a form, and who we say we are.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) form: String,
    pub(super) authorization: Option<String>,
}

impl Asker {
    pub(super) fn new(tls: Arc<ClientConfig>) -> Self {
        Asker(tls)
    }

    /// Asks for JSON; a form is posted. Redirects are not followed: an address is where it is.
    ///
    /// # Errors
    /// Why there is none, for the messages of this program.
    pub(super) async fn ask(
        &self,
        address: &Address,
        sent: Option<Sent>,
    ) -> Result<(StatusCode, Value), String> {
        let failed = |error: &dyn Error| format!("{}: {}", address.authority(), chain(error));
        let tls = address.is_secure().then(|| Arc::clone(&self.0));
        let place = Place { tls, host: address.host().to_owned(), port: address.port() };
        let path = address.path().to_owned();
        let mut asked = Asked { method: Method::Get, path, headers: Vec::new(), body: Vec::new() };
        if let Some(Sent { form, authorization }) = sent {
            asked.method = Method::Post;
            asked.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
            asked.headers.extend(authorization.map(|value| ("authorization", value)));
            asked.body = form.into_bytes();
        }
        let answer = ask(&place, &asked, MOST, ANSWER_TIME).await.map_err(|error| failed(&error))?;
        let status = StatusCode::from_u16(answer.status).map_err(|error| failed(&error))?;
        let said = serde_json::from_slice(&answer.body).map_err(|error| failed(&error))?;
        Ok((status, said))
    }
}
