//! A service whose peers agree on what is spoken inside TLS while they shake hands (ALPN, RFC 7301), and who may
//! have forgotten TLS altogether.

use crate::{Host, def::Open};
use openssl::{
    error::ErrorStack,
    ex_data::Index,
    ssl::{AlpnError, Ssl, SslRef},
};
use std::sync::{Arc, OnceLock};

/// Most protocols of a client that are looked at.
const OFFERED: usize = 64;

/// How a service is served behind TLS that begins with the first byte.
#[derive(Debug)]
pub struct Secure {
    /// What serves where no protocol was agreed on.
    pub open: Open,
    /// What serves where one was.
    pub protocols: &'static [Protocol],
    /// What the product on a host makes of the protocols that a client offers.
    pub agree: fn(&Host, &[&[u8]]) -> Agreed,
    /// What serves a peer who begins with these bytes (up to [`Secure::FIRST`]) instead of TLS; `None`: they are
    /// given to the TLS library, which refuses them.
    pub plain: fn(&Host, &[u8]) -> Option<Open>,
}

/// A protocol that can be agreed on.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Its name as ALPN has it.
    pub name: &'static [u8],
    /// What serves it.
    pub open: Open,
}

/// What comes of a client's offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// This protocol, whether or not it was offered.
    On(&'static [u8]),
    /// The offer is not answered.
    Silence,
    /// The handshake ends with the alert `no_application_protocol`.
    Refusal,
}

impl Secure {
    /// First bytes by which [`Secure::plain`] decides.
    pub const FIRST: usize = 5;

    /// What serves a connection on which `protocol` was agreed on.
    pub(crate) fn opening(&self, protocol: Option<&[u8]>) -> Open {
        let known = self.protocols.iter().find(|known| Some(known.name) == protocol);
        known.map_or(self.open, |known| known.open)
    }

    /// All that can serve.
    pub fn openings(&self) -> impl Iterator<Item = Open> {
        std::iter::once(self.open).chain(self.protocols.iter().map(|protocol| protocol.open))
    }

    /// Whether a peer who begins with `first` means TLS: a handshake's record, or the hello of SSL 2.
    pub(crate) fn is_tls(first: &[u8]) -> bool {
        first.first().is_none_or(|byte| *byte == 0x16 || byte & 0x80 != 0)
    }
}

/// What a handshake in progress knows of its service.
struct Offer {
    host: Arc<Host>,
    secure: &'static Secure,
}

fn index() -> Result<Index<Ssl, Offer>, ErrorStack> {
    static INDEX: OnceLock<Index<Ssl, Offer>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let made = Ssl::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| made))
}

/// Lets the handshake of `ssl` agree on what `secure` speaks.
pub(crate) fn prepare(ssl: &mut SslRef, host: &Arc<Host>, secure: &'static Secure) -> Result<(), ErrorStack> {
    ssl.set_ex_data(index()?, Offer { host: host.clone(), secure });
    Ok(())
}

/// What a server with a handshake in progress makes of the list that its client sent.
pub(crate) fn select(ssl: &SslRef, list: &[u8]) -> Result<&'static [u8], AlpnError> {
    let offer = index().ok().and_then(|index| ssl.ex_data(index)).ok_or(AlpnError::NOACK)?;
    let mut offered: Vec<&[u8]> = Vec::new();
    let mut rest = list;
    while let Some((length, after)) = rest.split_first() {
        let Some((name, left)) = after.split_at_checked(usize::from(*length)) else { break };
        if OFFERED <= offered.len() {
            break;
        }
        offered.push(name);
        rest = left;
    }
    match (offer.secure.agree)(&offer.host, &offered) {
        Agreed::On(name) => Ok(name),
        Agreed::Silence => Err(AlpnError::NOACK),
        Agreed::Refusal => Err(AlpnError::ALERT_FATAL),
    }
}
