//! The site of `http` behind TLS: the same server and application with the same state, spoken to in HTTP/1.x or in
//! HTTP/2 as ALPN agrees (RFC 7301, 9113).
//!
//! What nginx 1.22.1 and Apache httpd 2.4 of Debian 12 make of a client's protocols, and of a request in clear, was
//! taken from them.

mod protocols;
mod talks;

use super::http;
use netsvc_kit::{Def, Host, Link, Machine, Port, Secure, Serve, Setting, SettingKind, secure::Protocol};
use netsvc_persona::service::Look;
use std::{sync::Arc, time::Duration};

/// The service.
pub static SERVICE: Def = Def {
    slug: "https",
    about: "Web server (HTTPS)",
    ports: &[Port::tls(443)],
    settings: &[http::APP, http::TITLE, HTTP2],
    products: http::products::SECURE,
    daemons: http::daemons::DAEMONS,
    talks: talks::TALKS,
    records: http::RECORDS,
    limits: http::LIMITS,
    look: Look::Http,
    command_line: false,
    idle: Duration::from_secs(65),
    total: Def::TOTAL,
    full: http::full,
    serve: Serve::Secure(&SECURE),
};

const HTTP2: Setting = Setting {
    key: "http2",
    kind: SettingKind::Bool,
    default: "",
    help: "whether HTTP/2 is offered, by servers that have it; empty: as the product is delivered",
};

static SECURE: Secure = Secure {
    open,
    protocols: &[
        Protocol { name: protocols::HTTP2, open: open_http2 },
        Protocol { name: protocols::HTTP1, open },
    ],
    agree: protocols::agree,
    plain: protocols::plain,
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(http::machine::Http::new(host, link))
}

fn open_http2(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(http::h2::Connection::new(http::h2::Web::new(host, link)))
}
