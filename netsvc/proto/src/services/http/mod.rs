//! HTTP/1.x, and HTTP/2 for who agrees on it, as nginx, Apache httpd, IIS, lighttpd and the servers of devices speak
//! them, with the pages of well-known applications behind it (RFC 9110, 9112, 9113).
//!
//! Header order, error pages and the treatment of broken requests were taken from nginx 1.22.1, Apache
//! httpd 2.4 and lighttpd 1.4.69 of Debian 12; those of IIS from its documentation and public captures.

pub mod apps;
pub mod builtin;
pub mod coding;
pub mod credentials;
pub(super) mod daemons;
pub mod exploit;
pub mod h2;
pub mod html;
pub mod identity;
pub mod iis;
pub(super) mod limits;
pub mod machine;
pub mod maker;
pub mod page;
pub mod product;
pub(super) mod products;
pub mod range;
pub mod response;
pub mod site;
pub(super) mod talks;
pub mod writer;

pub use netsvc_daemon::http::{apache, body, form, head, nginx, request};
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use product::Family;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
pub(super) const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::Request,
    Kind::AuthAttempt,
    Kind::DownloadAttempt,
    Kind::ExploitAttempt,
    Kind::FileCaptured,
];
/// What it leaves out.
pub(super) const LIMITS: &[&str] = &[
    "Applications show their logins and what lies before them; what lies behind is one page for most.",
    "What is uploaded is never run.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "http",
    about: "Web server (HTTP)",
    ports: &[Port::tcp(80)],
    settings: &[APP, TITLE],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Http,
    command_line: false,
    idle: Duration::from_secs(65),
    total: Def::TOTAL,
    full,
    serve: Serve::Machine(open),
};

/// What can be set of a site, at each service that shows it.
pub(super) const APP: Setting = Setting {
    key: "app",
    kind: SettingKind::Limited(&SettingKind::Enum(apps::NAMES), limits::APP),
    default: "",
    help: "application behind the server",
};
/// See [`APP`].
pub(super) const TITLE: Setting = Setting {
    key: "title",
    kind: SettingKind::Limited(&SettingKind::Text, limits::TITLE),
    default: "",
    help: "title of the site; empty: from the domain",
};

/// nginx: `worker_connections` as Debian sets them, and the oldest connection that waits for a request is closed.
/// Apache: `MaxRequestWorkers` of the event module; lighttpd: a third of 1,024 descriptors (`server.max-connections`).
pub(super) fn full(host: &Host) -> Full {
    match product::family(host) {
        Family::Nginx => Full::of(768, Beyond::Displace),
        Family::Apache => Full::of(150, Beyond::Wait),
        Family::Lighttpd => Full::of(341, Beyond::Wait),
        Family::Iis => Full::of(1000, Beyond::Wait),
        Family::Device => Full::of(64, Beyond::Wait),
    }
}

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(machine::Http::new(host, link))
}
