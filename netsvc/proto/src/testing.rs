//! For tests that feed parsers any bytes: the ways in that have no public name otherwise.

use crate::services;
use netsvc_kit::{Host, Link};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves ssh over packets in clear to a peer that everybody's password lets in.
pub async fn ssh_in_clear<S>(host: &Arc<Host>, link: &Link, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    services::ssh::serve_in_clear(host, link, stream).await;
}

/// Takes Telnet commands out of `bytes`; what was typed, and the answers.
pub fn telnet_options(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    services::telnet::take_options(bytes)
}

/// Takes frames of SPDY out of `bytes`; how many there were.
pub fn k8s_streams(bytes: &[u8]) -> usize {
    services::k8s::count_frames(bytes)
}
