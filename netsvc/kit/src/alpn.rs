//! What a handshake in progress makes of the protocols that its client offers (ALPN, RFC 7301).

use openssl::{
    error::ErrorStack,
    ex_data::Index,
    ssl::{AlpnError, Ssl, SslRef},
};
use std::sync::{Arc, OnceLock};

/// Most protocols of a client that are looked at.
const OFFERED: usize = 64;

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

impl Agreed {
    /// What Go's library makes of an offer, of the protocols that its server `speaks` (`negotiateALPN`, since 1.17):
    /// the first of them that is offered; a client of HTTP/1.1 alone is not answered where HTTP/2 is spoken.
    pub fn by_go(speaks: &[&'static [u8]], offered: &[&[u8]]) -> Agreed {
        if offered.is_empty() {
            return Agreed::Silence;
        }
        if let Some(name) = speaks.iter().copied().find(|name| offered.contains(name)) {
            return Agreed::On(name);
        }
        let falls_back = speaks.contains(&&b"h2"[..]) && offered.contains(&&b"http/1.1"[..]);
        if falls_back { Agreed::Silence } else { Agreed::Refusal }
    }
}

/// Chooses among what a client offers.
pub(crate) type Choice = Arc<dyn Fn(&[&[u8]]) -> Agreed + Send + Sync>;

fn index() -> Result<Index<Ssl, Choice>, ErrorStack> {
    static INDEX: OnceLock<Index<Ssl, Choice>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let made = Ssl::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| made))
}

/// Lets the handshake of `ssl` agree on what `choice` says.
pub(crate) fn prepare(ssl: &mut SslRef, choice: Choice) -> Result<(), ErrorStack> {
    ssl.set_ex_data(index()?, choice);
    Ok(())
}

/// What a server with a handshake in progress makes of the list that its client sent.
pub(crate) fn select(ssl: &SslRef, list: &[u8]) -> Result<&'static [u8], AlpnError> {
    let choice = index().ok().and_then(|index| ssl.ex_data(index)).ok_or(AlpnError::NOACK)?;
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
    match choice(&offered) {
        Agreed::On(name) => Ok(name),
        Agreed::Silence => Err(AlpnError::NOACK),
        Agreed::Refusal => Err(AlpnError::ALERT_FATAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_takes_the_first_that_it_speaks() {
        let both: &[&'static [u8]] = &[b"h2", b"http/1.1"];
        for (speaks, offered, agreed) in [
            (both, &[&b"http/1.1"[..], b"h2"][..], Agreed::On(b"h2")),
            (both, &[b"http/1.1"], Agreed::On(b"http/1.1")),
            (both, &[b"spdy/3"], Agreed::Refusal),
            (both, &[], Agreed::Silence),
            (&both[..1], &[b"http/1.1"], Agreed::Silence),
            (&both[1..], &[b"h2"], Agreed::Refusal),
        ] {
            assert_eq!(Agreed::by_go(speaks, offered), agreed, "{offered:?}");
        }
    }
}
