//! A connection from its first byte to its last.

use crate::{
    authentication::{self, Login},
    config::Config,
    connection,
    error::Error,
    handler::Handler,
    identification,
    link::Link,
    transport::Transport,
};
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};

/// What became of a connection.
#[derive(Debug)]
pub struct Outcome {
    /// Identification line of the client; empty when there was none that would do.
    pub client: Vec<u8>,
    /// User who logged in.
    pub user: Option<Vec<u8>>,
    /// Why it ended.
    pub error: Error,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

/// Serves one connection to its end. Dropping the future ends it too, programs included.
pub async fn serve<S, H>(stream: S, config: Arc<Config>, mut handler: H) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    let deadline = Instant::now() + config.grace;
    let mut transport = Transport::new(stream);
    transport.meter(handler.meter());
    let Some(place) = config.startups.admit(handler.source()) else {
        // The connection goes in any case.
        let _ = transport.write_clear(config.profile.turned_away().as_bytes()).await;
        return outcome(&transport, Vec::new(), None, Error::TurnedAway);
    };
    let banner = match timeout_at(deadline, identification::exchange(&mut transport, &config.profile)).await {
        Ok(Ok(banner)) => banner,
        Ok(Err(error)) => return outcome(&transport, Vec::new(), None, error),
        Err(_) => return outcome(&transport, Vec::new(), None, Error::GraceTimeOver),
    };
    let mut link = Box::new(Link::new(transport, config, banner.clone()));
    let login = timeout_at(deadline, log_in(&mut link, &mut handler)).await;
    drop(place);
    if let Some(facts) = link.facts() {
        handler.client(&facts);
    }
    let (user, error) = match login {
        Ok(Ok(login)) => {
            let error = Box::pin(connection::run(&mut link, &mut handler, &login)).await;
            (Some(login.user), error.err().unwrap_or(Error::Closed))
        }
        Ok(Err(error)) => (None, error),
        Err(_) => (None, Error::GraceTimeOver),
    };
    link.part(&error).await;
    outcome(&link.transport, banner, user, error)
}

async fn log_in<S, H>(link: &mut Link<S>, handler: &mut H) -> Result<Login, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let exchanged = link.first_exchange().await;
    // A client that offers nothing we have is worth knowing too.
    if let Some(facts) = link.facts() {
        handler.client(&facts);
    }
    exchanged?;
    authentication::run(link, handler).await
}

fn outcome<S>(transport: &Transport<S>, client: Vec<u8>, user: Option<Vec<u8>>, error: Error) -> Outcome {
    Outcome { client, user, error, bytes_in: transport.bytes_in, bytes_out: transport.bytes_out }
}
