//! Addresses at which a provider is asked.

use axum::http::Uri;
use std::net::IpAddr;

/// Longest address.
const MOST: usize = 2048;

/// An address with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

impl Address {
    /// Reads one that we may ask: over TLS, or on this host.
    pub(super) fn read(text: &str) -> Option<Address> {
        Address::of_people(text).filter(|address| address.secure || is_here(&address.host))
    }

    /// Reads one that a browser may open.
    pub(super) fn of_people(text: &str) -> Option<Address> {
        if MOST < text.len()
            || text.contains(['#', '"', '\\'])
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // A port that is none reads as no port.
        let port = match (authority.as_str() == authority.host(), secure) {
            (true, true) => 443,
            (true, false) => 80,
            (false, _) => authority.port_u16().filter(|port| *port > 0)?,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        (!host.is_empty()).then_some(Address { secure, host, port, path })
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What a request calls it.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_over_tls_or_on_this_host() {
        for (text, authority) in [
            ("https://login.example/realms/x", Some("login.example:443")),
            ("https://[2001:db8::1]:8443/x?y=1", Some("[2001:db8::1]:8443")),
            ("http://127.0.0.1:9000/x", Some("127.0.0.1:9000")),
            ("http://localhost:9000", Some("localhost:9000")),
            ("http://login.example/x", None),
            ("https://a:b@login.example/x", None),
            ("https://login.example/x#y", None),
            ("https://login.example:99999/", None),
            ("https://login.example:/", None),
            ("https://login.example/ x", None),
            ("ftp://login.example/", None),
            ("login.example", None),
            ("/x", None),
            ("", None),
        ] {
            assert_eq!(
                Address::read(text).map(|address| address.authority()).as_deref(),
                authority,
                "{text}"
            );
        }
        assert!(Address::of_people("http://decnet.lan:8080").is_some());
    }
}
