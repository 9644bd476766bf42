//! A service whose peers agree on what is spoken inside TLS while they shake hands (ALPN, RFC 7301), and who may
//! have forgotten TLS altogether.

pub use crate::alpn::Agreed;
use crate::{Host, Link, Machine};
use std::sync::Arc;

/// What makes the machine of a connection.
pub type Open = fn(&Arc<Host>, &Link) -> Box<dyn Machine>;

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
