//! What the servers make of the protocols that a client offers, and of a client without TLS.

use crate::services::http::{
    identity,
    machine::Http,
    product::{self, Family},
};
use netsvc_kit::{Host, Link, Machine, Open, secure::Agreed};
use std::sync::Arc;

pub(super) const HTTP2: &[u8] = b"h2";
pub(super) const HTTP1: &[u8] = b"http/1.1";

/// What comes of the protocols `offered`.
pub(super) fn agree(host: &Host, offered: &[&[u8]]) -> Agreed {
    let family = product::family(host);
    let wants = |name: &[u8]| offered.contains(&name);
    // The first OpenSSL with ALPN is 1.0.2.
    let knows = host.persona().os.id != "centos6";
    match family {
        _ if !knows => Agreed::Silence,
        Family::Nginx | Family::Apache | Family::Iis if has_http2(host, family) && wants(HTTP2) => {
            Agreed::On(HTTP2)
        }
        Family::Nginx if wants(HTTP1) => Agreed::On(HTTP1),
        // nginx: change log of 1.21.4.
        Family::Nginx if (1, 21, 4) <= version(host) => Agreed::Refusal,
        // mod_ssl answers to any offer with what it will speak (`ssl_callback_alpn_select`), since 2.4.17.
        Family::Apache if (2, 4, 17) <= version(host) => Agreed::On(HTTP1),
        Family::Iis if has_http2(host, family) && wants(HTTP1) => Agreed::On(HTTP1),
        _ => Agreed::Silence,
    }
}

/// Whether the server speaks HTTP/2: nginx where its sites say so, which they mostly do; httpd where the packager
/// switches it on (Fedora and its kin); IIS since Windows 10 and Server 2016.
fn has_http2(host: &Host, family: Family) -> bool {
    let packaging = identity::product(host).map_or("", |product| product.packaging.as_str());
    let (able, usual) = match family {
        Family::Nginx => ((1, 9, 5) <= version(host), true),
        Family::Apache => {
            let able = (2, 4, 17) <= version(host);
            (able, packaging.starts_with("Fedora") || packaging.starts_with("Rocky"))
        }
        Family::Iis => ((10, 0, 0) <= version(host), true),
        Family::Lighttpd | Family::Device => (false, false),
    };
    able && host.flag("http2", usual)
}

fn version(host: &Host) -> (u32, u32, u32) {
    let text = identity::product(host).map_or("", |product| product.version.as_str());
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    (next(), next(), next())
}

/// What serves a client that begins with `first` instead of TLS: nginx reads any request, httpd what OpenSSL takes
/// for one (`ssl3_get_record`).
pub(super) fn plain(host: &Host, first: &[u8]) -> Option<Open> {
    const METHODS: [&[u8]; 4] = [b"GET ", b"POST ", b"HEAD ", b"PUT "];
    let answers = match product::family(host) {
        Family::Nginx => true,
        Family::Apache => METHODS.iter().any(|method| first.starts_with(method)),
        Family::Iis | Family::Lighttpd | Family::Device => false,
    };
    answers.then_some(unsecured as Open)
}

fn unsecured(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Http::unsecured(host, link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing;
    use netsvc_persona::Product;

    fn agreed(product: (&str, &str, &str), settings: &[(&str, &str)], offered: &[&[u8]]) -> Agreed {
        let folder = tempfile::tempdir().unwrap();
        let (name, version, packaging) = (product.0.into(), product.1.into(), product.2.into());
        let mut persona = testing::persona("web-01");
        persona.products.insert("http".to_owned(), Product { name, version, packaging });
        agree(&testing::host(&testing::stage(folder.path()), persona, "https", settings), offered)
    }

    #[test]
    fn each_server_answers_to_protocols_in_its_way() {
        let both: &[&[u8]] = &[b"h2", b"http/1.1"];
        let odd: &[&[u8]] = &[b"spdy/3"];
        let nginx = ("nginx", "1.22.1", "");
        let apache = ("Apache", "2.4.57", "Debian");
        for (product, settings, offered, expected) in [
            (nginx, &[][..], both, Agreed::On(HTTP2)),
            (nginx, &[("http2", "no")], both, Agreed::On(HTTP1)),
            (nginx, &[], odd, Agreed::Refusal),
            (("nginx", "1.18.0", "Ubuntu"), &[], odd, Agreed::Silence),
            (apache, &[], both, Agreed::On(HTTP1)),
            (apache, &[("http2", "yes")], both, Agreed::On(HTTP2)),
            (apache, &[], odd, Agreed::On(HTTP1)),
            (("Apache", "2.4.57", "Rocky Linux"), &[], both, Agreed::On(HTTP2)),
            (("Apache", "2.4.6", "CentOS"), &[("http2", "yes")], both, Agreed::Silence),
            (("Microsoft-IIS", "10.0", ""), &[], both, Agreed::On(HTTP2)),
            (("Microsoft-IIS", "8.5", ""), &[], both, Agreed::Silence),
            (("debut", "1.20", ""), &[("http2", "yes")], both, Agreed::Silence),
        ] {
            assert_eq!(agreed(product, settings, offered), expected, "{product:?} {settings:?}");
        }
    }
}
