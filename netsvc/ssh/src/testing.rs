//! For tests that feed a server any bytes: a connection without encryption, so that they reach every layer.

use crate::{Config, Handler, authentication, connection, link::Link, transport::Transport};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Runs authentication and then the connection over packets in clear, as if no keys had been agreed on.
pub async fn serve_in_clear<S, H>(stream: S, config: Arc<Config>, mut handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    let mut link = Box::new(Link::new(Transport::new(stream), config, b"SSH-2.0-peer".to_vec()));
    let Ok(login) = authentication::run(&mut link, &mut handler).await else { return };
    // How it ends is of no interest here.
    let _ = connection::run(&mut link, &mut handler, &login).await;
}

/// `payload` as a packet in clear (RFC 4253 §6).
pub fn packet(payload: &[u8]) -> Vec<u8> {
    let mut padding = 8 - (payload.len() + 5) % 8;
    if padding < 4 {
        padding += 8;
    }
    let length = u32::try_from(payload.len() + padding + 1).unwrap_or(u32::MAX);
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.push(u8::try_from(padding).unwrap_or_default());
    bytes.extend_from_slice(payload);
    bytes.extend(std::iter::repeat_n(0, padding));
    bytes
}
