//! One request to a provider, bounded in time and in what is read. Redirects are not followed: an address is where it
//! is.

use super::{ANSWER_TIME, address::Address};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::Value;
use std::{pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Bytes of an answer.
const MOST: usize = 256 * 1024;

/// Why there is no answer.
type Error = Box<dyn std::error::Error + Send + Sync>;

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

    /// Asks for JSON; a form is posted.
    ///
    /// # Errors
    /// Why there is none, for the messages of this program.
    pub(super) async fn ask(
        &self,
        address: &Address,
        sent: Option<Sent>,
    ) -> Result<(StatusCode, Value), String> {
        let place = address.authority();
        let asked = timeout(ANSWER_TIME, self.asked(address, sent)).await;
        let asked = asked.map_err(|_| format!("{place}: it takes too long"))?;
        asked.map_err(|error| format!("{place}: {}", crate::problem::chain(error.as_ref())))
    }

    async fn asked(&self, address: &Address, sent: Option<Sent>) -> Result<(StatusCode, Value), Error> {
        let request = request(address, sent)?;
        let socket = TcpStream::connect((address.host(), address.port())).await?;
        if !address.is_secure() {
            return talk(socket, request).await;
        }
        let name = ServerName::try_from(address.host().to_owned())?;
        talk(TlsConnector::from(Arc::clone(&self.0)).connect(name, socket).await?, request).await
    }
}

fn request(address: &Address, sent: Option<Sent>) -> Result<Request<Body>, axum::http::Error> {
    let builder = Request::builder()
        .uri(address.path())
        .header(header::HOST, address.authority())
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close");
    match sent {
        None => builder.method(Method::GET).body(Body::empty()),
        Some(Sent { form, authorization }) => {
            let builder = builder
                .method(Method::POST)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::CONTENT_LENGTH, form.len());
            let builder = match authorization {
                Some(value) => builder.header(header::AUTHORIZATION, value),
                None => builder,
            };
            builder.body(Body::from(form))
        }
    }
}

async fn talk(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<(StatusCode, Value), Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    let answered = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = to_bytes(Body::new(answer.into_body()), MOST).await?;
        Ok::<_, Error>((status, body))
    };
    let mut answered = pin!(answered);
    let carried = async {
        // How it ended is told by the answer.
        let _ = connection.await;
    };
    let (status, body) = tokio::select! {
        biased;
        answered = &mut answered => answered?,
        // It may have brought the last piece.
        () = carried => answered.await?,
    };
    Ok((status, serde_json::from_slice(&body)?))
}
