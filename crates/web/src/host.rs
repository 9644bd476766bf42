//! By which name this interface may be spoken to.
//!
//! A page elsewhere can make its own name lead here (DNS rebinding), but it cannot make its browser say
//! another name than its own. So names that are not ours are refused; addresses cannot be rebound.

use crate::{Problem, origin::Proxies};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use std::net::IpAddr;

/// Names by which the interface may be spoken to, beside addresses and `localhost`, and who may hand requests on to it.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
    proxies: Proxies,
}

impl Hosts {
    /// These names, in whatever case.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        Hosts { names, proxies: Proxies::default() }
    }

    /// The same, where these hand requests on and are believed for whom.
    #[must_use]
    pub fn handed_on_by(self, proxies: Proxies) -> Self {
        Hosts { proxies, ..self }
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Whether a request is meant for us: it says a host, once, and that is ours.
    pub(crate) fn is_ours(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let mut given = headers.get_all(header::HOST).iter();
        let first = given.next().map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
        let one = given.next().is_none();
        let authority: Option<Authority> = match first {
            Some(parsed) => parsed,
            None => uri.authority().cloned(),
        };
        one && authority.is_some_and(|authority| self.has(authority.host()))
    }

    fn has(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.names.contains(&host)
    }
}

/// Answers only those who speak to us by a name of ours.
pub(crate) async fn is_for_us(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !hosts.is_ours(request.headers(), request.uri()) {
        return Err(Problem::Misdirected);
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_names_of_ours_and_addresses_are_ours() {
        let hosts = Hosts::new(["Ops.Example".to_owned()]);
        let ours = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(text));
            hosts.is_ours(&headers, &Uri::from_static("/"))
        };
        for good in
            ["127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "localhost:1", "ops.example:80", "a.localhost."]
        {
            assert!(ours(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "", "a b", "ops.example@evil"]
        {
            assert!(!ours(bad), "{bad}");
        }
        assert!(!hosts.is_ours(&HeaderMap::new(), &Uri::from_static("/")));
        let mut twice = HeaderMap::new();
        twice.append(header::HOST, HeaderValue::from_static("localhost"));
        twice.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(!hosts.is_ours(&twice, &Uri::from_static("/")));
    }
}
