//! Where a request comes from, where it comes through somebody who hands requests on.

use crate::auth::Peer;
use axum::http::{Extensions, HeaderMap};
use decnet_model::alert::{Addresses, BadAddresses};
use std::net::IpAddr;

/// The header by which who hands a request on says for whom.
pub(crate) const FORWARDED: &str = "x-forwarded-for";

/// Who hands requests on to us and is believed for whom. Everybody else's word is nothing: it would let him try
/// passwords as often as he likes.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Addresses>);

impl Proxies {
    /// Addresses and networks, comma-separated.
    ///
    /// # Errors
    /// The first that is none.
    pub fn read(text: &str) -> Result<Self, BadAddresses> {
        let named = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        named.map(str::parse).collect::<Result<_, _>>().map(Proxies)
    }

    /// The peer, or whom it says it speaks for: the last one of the list, which it has added itself.
    pub(crate) fn origin(&self, extensions: &Extensions, headers: &HeaderMap) -> Peer {
        let Peer(peer) = Peer::of(extensions);
        let believed = peer.is_some_and(|peer| self.0.iter().any(|known| known.has(peer)));
        let said = headers.get_all(FORWARDED).iter().next_back().filter(|_| believed);
        let said = said.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
        let said = said.and_then(|one| one.trim().parse::<IpAddr>().ok());
        Peer(said.map(|address| address.to_canonical()).or(peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{extract::ConnectInfo, http::HeaderValue};
    use std::net::SocketAddr;

    fn origin(proxies: &str, peer: &str, said: &[&'static str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(FORWARDED, HeaderValue::from_static(value));
        }
        Proxies::read(proxies).unwrap().origin(&extensions, &headers).0.unwrap().to_string()
    }

    #[test]
    fn only_who_is_known_to_hand_on_is_believed_and_only_his_own_word() {
        let ours = "127.0.0.1, ::1,10.0.0.0/8";
        for (peer, said, origin_is) in [
            ("127.0.0.1", &["192.0.2.1"][..], "192.0.2.1"),
            ("10.1.2.3", &["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            ("10.1.2.3", &["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            ("::1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["nonsense"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("192.0.2.7", &["192.0.2.1"], "192.0.2.7"),
        ] {
            assert_eq!(origin(ours, peer, said), origin_is, "{peer} {said:?}");
        }
        assert_eq!(origin("", "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        assert!(Proxies::read("10.0.0.0/8, nobody").is_err());
    }
}
