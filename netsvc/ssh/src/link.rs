//! One connection below authentication: packets, key exchange and the messages of the transport itself.

use crate::{
    codec::{Reader, Writer},
    config::Config,
    error::Error,
    handler::ClientFacts,
    kex::exchange::Exchange,
    numbers::{
        DEBUG, DISCONNECT, EXT_INFO, IGNORE, KEX_LAST, KEXINIT, PING, PONG, PROTOCOL_ERROR, UNIMPLEMENTED,
    },
    transport::Transport,
};
use md5::{Digest, Md5};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

/// Time that a peer has to take our last words.
const PARTING: Duration = Duration::from_secs(5);
/// Longest text of a peer that is kept.
const TEXT_MAX: usize = 256;

/// A connection whose peer identified itself.
pub(crate) struct Link<S> {
    /// Packets.
    pub(crate) transport: Transport<S>,
    /// Key exchange.
    pub(crate) exchange: Exchange,
    /// Settings.
    pub(crate) config: Arc<Config>,
    banner: Vec<u8>,
    /// The client asked for the signature algorithms again during authentication.
    update_signatures: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(crate) fn new(transport: Transport<S>, config: Arc<Config>, banner: Vec<u8>) -> Self {
        let exchange = Exchange::new(banner.clone(), config.profile.banner.clone());
        Link { transport, exchange, config, banner, update_signatures: false }
    }

    /// The next message that is not the transport's own. Must not be dropped before it is done.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            let payload = self.transport.receive().await?;
            if let Some(payload) = self.absorb(payload).await? {
                return Ok(payload);
            }
        }
    }

    /// Handles a message of the transport; gives back any other.
    pub(crate) async fn absorb(&mut self, payload: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
        let number = payload.first().copied().ok_or(crate::codec::Malformed)?;
        let ping = self.config.profile.answers_ping();
        match number {
            0 => Err(invalid_type(number)),
            PING.. if !ping => Err(invalid_type(number)),
            DISCONNECT => Err(disconnected(&payload)),
            IGNORE | DEBUG | UNIMPLEMENTED if self.exchange.session().is_empty() => {
                // Under strict rules these are violations too, but only the first offer tells of the rules.
                if self.exchange.first_offer.is_some() {
                    self.exchange.tolerate(&self.transport, number)?;
                }
                Ok(None)
            }
            IGNORE | DEBUG | UNIMPLEMENTED | PONG => Ok(None),
            PING => {
                let data = Reader::new(payload.get(1..).unwrap_or_default()).string()?;
                let pong = Writer::message(PONG).string(data).take();
                // Before authentication OpenSSH does not flush the answer.
                match self.exchange.is_authenticated() {
                    true => self.transport.send(pong)?,
                    false => self.transport.send_with_next(pong)?,
                }
                Ok(None)
            }
            EXT_INFO if !self.exchange.is_first() && self.config.profile.updates_signatures() => {
                self.extension(&payload)?;
                Ok(None)
            }
            KEXINIT..=KEX_LAST => {
                self.exchange_keys(payload).await?;
                Ok(None)
            }
            // Nothing listens for these before the first keys, and OpenSSH closes without a word.
            _ if KEX_LAST < number && self.exchange.is_first() => Err(Error::Broken { swallow: 0 }),
            _ if self.exchange.is_first() => {
                self.exchange.unexpected(&mut self.transport, number)?;
                Ok(None)
            }
            _ => Ok(Some(payload)),
        }
    }

    async fn exchange_keys(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        let config = Arc::clone(&self.config);
        self.exchange.handle(&mut self.transport, &config.profile, &config.keys, payload).await
    }

    fn extension(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.u8()?;
        // OpenSSH refuses more than 1024 extensions.
        let count = reader.u32()?.min(1024);
        for _ in 0..count {
            let (name, value) = (reader.string()?, reader.string()?);
            self.update_signatures |= name == b"ext-info-in-auth@openssh.com" && value == b"0";
        }
        Ok(())
    }

    /// Sends the signature algorithms again where client and release know of it.
    pub(crate) fn update_signatures(&mut self) -> Result<(), Error> {
        let wanted = std::mem::take(&mut self.update_signatures);
        if !wanted {
            return Ok(());
        }
        let mut writer = Writer::message(EXT_INFO);
        writer.u32(1).string("server-sig-algs").string(&self.config.profile.signatures);
        self.transport.send(writer.finish())
    }

    /// Runs the first key exchange.
    pub(crate) async fn first_exchange(&mut self) -> Result<(), Error> {
        let config = Arc::clone(&self.config);
        self.exchange.begin(&mut self.transport, &config.profile)?;
        while self.exchange.session().is_empty() || self.exchange.is_going() {
            let payload = self.transport.receive().await?;
            self.absorb(payload).await?;
        }
        Ok(())
    }

    /// What the client showed of itself; once, after its first offer.
    pub(crate) fn facts(&mut self) -> Option<ClientFacts> {
        let offer = self.exchange.first_offer.take()?;
        let hassh = hex::encode(Md5::digest(offer.hassh_text()));
        Some(ClientFacts { banner: self.banner.clone(), offer: *offer, hassh })
    }

    /// Whether the client calls itself OpenSSH, which some messages are only sent to.
    pub(crate) fn is_openssh(&self) -> bool {
        self.banner.splitn(3, |byte| *byte == b'-').nth(2).is_some_and(|name| name.starts_with(b"OpenSSH"))
    }

    /// Asks for new keys when these were used enough.
    pub(crate) fn rekey_if_due(&mut self) -> Result<(), Error> {
        let limit = self.config.rekey_bytes;
        let used = self.transport.opener.used.up(limit) || self.transport.sealer.used.up(limit);
        if used && !self.exchange.is_going() {
            let config = Arc::clone(&self.config);
            self.exchange.begin(&mut self.transport, &config.profile)?;
        }
        Ok(())
    }

    /// Says what is to be said at the end: a disconnect message, or nothing.
    pub(crate) async fn part(&mut self, error: &Error) {
        let last = async {
            match error {
                Error::Disconnected(text) => {
                    let mut writer = Writer::message(DISCONNECT);
                    writer.u32(PROTOCOL_ERROR).string(text).string("");
                    self.transport.send(writer.finish())?;
                    self.transport.flush().await
                }
                Error::Broken { swallow } => self.transport.swallow(*swallow).await,
                _ => Ok(()),
            }
        };
        // The connection ends in any case.
        let _ = timeout(PARTING, last).await;
    }
}

fn invalid_type(number: u8) -> Error {
    Error::Disconnected(format!("Invalid ssh2 packet type: {number}"))
}

fn disconnected(payload: &[u8]) -> Error {
    let mut reader = Reader::new(payload);
    let parsed = reader.u8().and_then(|_| Ok((reader.u32()?, reader.string()?)));
    match parsed {
        Ok((reason, text)) => Error::PeerDisconnected {
            reason,
            text: String::from_utf8_lossy(text.get(..TEXT_MAX).unwrap_or(text)).into_owned(),
        },
        Err(malformed) => Error::Malformed(malformed),
    }
}

#[cfg(test)]
mod tests {
    use crate::{kex::exchange::extension_info, profile::Profile};

    #[test]
    fn the_extension_message_names_what_the_release_has() {
        let message = |version, packaging| extension_info(&Profile::new(version, packaging, "").unwrap());
        let text = String::from_utf8_lossy(&message("9.6p1", "Ubuntu-3ubuntu13")).into_owned();
        assert!(text.contains("ping@openssh.com") && text.contains("publickey-hostbound@openssh.com"));
        let text = String::from_utf8_lossy(&message("7.4p1", "")).into_owned();
        assert!(!text.contains("hostbound"));
    }
}
