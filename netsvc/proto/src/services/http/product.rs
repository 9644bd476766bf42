//! Which server it is, what it calls statuses, and what it answers to broken requests.

use super::identity;
use super::maker::{self, Make};
use super::request::{Fault, Request};
use super::response::{Response, Source};
pub use netsvc_daemon::http::family::Family;
use netsvc_kit::Host;

/// The family of the product that `host` shows.
pub fn family(host: &Host) -> Family {
    let name = identity::product(host).map_or("nginx", |product| product.name.as_str()).to_ascii_lowercase();
    match name.as_str() {
        name if name.contains("nginx") => Family::Nginx,
        name if name.contains("apache") => Family::Apache,
        name if name.contains("iis") || name.contains("microsoft") => Family::Iis,
        name if name.contains("lighttpd") => Family::Lighttpd,
        _ => Family::Device,
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Family.
    pub family: Family,
    /// Value of the Server field.
    pub name: String,
    /// Name of the host where the request gives none.
    pub host: String,
    /// Whether its packaging switches compression on.
    pub compresses: bool,
}

impl Server {
    /// The server that `host` shows.
    pub fn of(host: &Host) -> Self {
        let (name, version, packaging) = match identity::product(host) {
            Some(product) => (product.name.as_str(), product.version.as_str(), product.packaging.as_str()),
            None => ("nginx", "", ""),
        };
        let family = family(host);
        let base = match family {
            Family::Nginx => "nginx",
            Family::Apache => "Apache",
            Family::Iis => "Microsoft-IIS",
            Family::Lighttpd => "lighttpd",
            Family::Device => name,
        };
        let mut shown = match (family, version) {
            (_, "") => base.to_owned(),
            (Family::Device, _) if name.starts_with("HP") && version.contains("; ") => {
                format!("{base}; {version}")
            }
            (Family::Device, _) if name.starts_with("HP") => {
                let serial: String = host
                    .persona()
                    .hardware
                    .serial
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .take(10)
                    .collect();
                format!(
                    "{base}; {version}; Serial Number: {}; Built:Tue Mar 07, 2017 08:05:54AM",
                    serial.to_uppercase()
                )
            }
            _ => format!("{base}/{version}"),
        };
        if shown == "App-webs" {
            // There is never a version behind the slash.
            shown.push('/');
        }
        // Apache shows its platform, nginx of Ubuntu too; other packagings are not shown.
        let platform = packaging.split(['-', ' ']).next().unwrap_or_default();
        let shows = family == Family::Apache || family == Family::Nginx && platform == "Ubuntu";
        if shows && !platform.is_empty() {
            shown.push_str(&format!(" ({platform})"));
        }
        let system = host.persona().os.id.as_str();
        let compresses = ["debian", "ubuntu", "kali"].iter().any(|kin| system.starts_with(kin));
        Server { family, name: shown, host: host.persona().fqdn(), compresses }
    }

    /// Whether it is httpd as Debian and its kin package it: their first page, their switches.
    pub fn is_debian(&self) -> bool {
        self.family == Family::Apache && (self.name.ends_with("(Debian)") || self.name.ends_with("(Ubuntu)"))
    }

    /// The methods that httpd names for files. Debian switches TRACE off.
    pub fn allow(&self) -> &'static str {
        if self.is_debian() { "OPTIONS,HEAD,GET,POST" } else { "HEAD,GET,POST,OPTIONS,TRACE" }
    }

    /// Who made it, as far as that shows.
    pub fn make(&self) -> Make {
        if self.family == Family::Device { Make::of(&self.name) } else { Make::Other }
    }

    /// Whether it does not say what it is.
    pub fn is_silent(&self) -> bool {
        ["VMware ESXi", "Siemens SIMATIC", maker::DAHUA].contains(&self.name.as_str())
    }

    /// The status that `fault` gets, with the detail that the page shows.
    pub fn fault(&self, fault: Fault) -> Response {
        let (status, detail) = match (self.family, fault) {
            (Family::Nginx, Fault::Unsecured) => (400, "The plain HTTP request was sent to HTTPS port"),
            (Family::Apache, Fault::Unsecured) => (
                400,
                "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n \
                 Instead use the HTTPS scheme to access this URL, please.<br />",
            ),
            (Family::Nginx | Family::Lighttpd, Fault::Version) => (505, ""),
            (Family::Iis, Fault::Version) => (505, ""),
            (Family::Nginx | Family::Apache, Fault::LongLine) => (414, ""),
            (Family::Iis, Fault::LongLine) => (414, ""),
            (Family::Lighttpd, Fault::LongLine | Fault::LongField | Fault::LongHead | Fault::ManyFields) => {
                (431, "")
            }
            (Family::Nginx, Fault::LongField | Fault::LongHead) => {
                (400, "Request Header Or Cookie Too Large")
            }
            (Family::Apache, Fault::LongField | Fault::LongHead) => {
                (400, "Size of a request header field exceeds server limit.")
            }
            (Family::Apache, Fault::ManyFields) => {
                (400, "The number of request header fields exceeds this server's limit.")
            }
            (Family::Iis, Fault::LongField | Fault::LongHead | Fault::ManyFields) => {
                (400, "Request Too Long")
            }
            (Family::Iis, Fault::Host) => (400, "Invalid Hostname"),
            (Family::Iis, Fault::Method) => (400, "Invalid Verb"),
            (Family::Iis, Fault::Target | Fault::Percent | Fault::Outside | Fault::Zero) => {
                (400, "Invalid URL")
            }
            (Family::Iis, Fault::Field | Fault::Colon) => (400, "Invalid Header"),
            (Family::Iis, Fault::Line) => (400, "Invalid Verb"),
            (_, Fault::Large) => (413, ""),
            (Family::Apache, Fault::Coding) => (400, ""),
            (_, Fault::Coding) => (501, ""),
            (_, Fault::Banned) => (405, ""),
            (_, Fault::Expectation) => return Response::standard(417),
            _ => (400, ""),
        };
        Response { detail: detail.to_owned(), ..Response::standard(status).closing() }
    }

    /// Whether the product minds `fault` in `request` at all.
    pub fn minds(&self, request: &Request, fault: Fault) -> bool {
        match (self.family, fault) {
            // What they mind is all that their own readers tell.
            (Family::Apache, Fault::Zero) => false,
            // It looks for encoded slashes first.
            (Family::Apache, Fault::Outside) => !request.target.to_ascii_lowercase().contains("%2f"),
            (Family::Nginx, Fault::Expectation) => false,
            (Family::Nginx | Family::Apache, _) => true,
            (Family::Lighttpd | Family::Device, Fault::Colon) => false,
            (_, Fault::ManyFields) => false,
            (Family::Lighttpd, Fault::Expectation) => false,
            (Family::Lighttpd | Family::Device, Fault::Outside) => false,
            (_, Fault::Method) => {
                !request.method.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte))
            }
            _ => true,
        }
    }

    /// Largest body that is read before 413 is said.
    pub fn body_limit(&self) -> u64 {
        match self.family {
            Family::Nginx | Family::Device => 1 << 20,
            Family::Apache => 1 << 30,
            Family::Iis => 30_000_000,
            Family::Lighttpd => 1 << 24,
        }
    }

    /// What `status` is called in an answer that `source` made.
    pub fn reason_of(&self, source: Source, status: u16) -> &'static str {
        if let Some(own) = self.make().reason(status) {
            return own;
        }
        match (source, status) {
            (Source::Server, _) => self.reason(status),
            // Tomcat 8.5 and later send none.
            (Source::Tomcat, _) => "",
            (_, 405) => "Method Not Allowed",
            (_, 302) => "Found",
            (_, 414) => "URI Too Long",
            (_, 503) => "Service Unavailable",
            _ => self.reason(status),
        }
    }

    /// What the product calls `status`.
    pub fn reason(&self, status: u16) -> &'static str {
        match (self.family, status) {
            (Family::Nginx, 405) => "Not Allowed",
            (Family::Nginx, 414) => "Request-URI Too Large",
            (Family::Apache, 414) => "Request-URI Too Long",
            (Family::Iis, 414) => "Request URI Too Long",
            (Family::Nginx, 302) => "Moved Temporarily",
            (Family::Nginx | Family::Apache | Family::Iis, 416) => "Requested Range Not Satisfiable",
            (Family::Nginx, 503) => "Service Temporarily Unavailable",
            (Family::Iis, 302) => "Redirect",
            (_, 200) => "OK",
            (_, 201) => "Created",
            (_, 204) => "No Content",
            (_, 206) => "Partial Content",
            (_, 301) => "Moved Permanently",
            (_, 302) => "Found",
            (_, 303) => "See Other",
            (_, 304) => "Not Modified",
            (_, 401) => "Unauthorized",
            (_, 403) => "Forbidden",
            (_, 404) => "Not Found",
            (_, 405) => "Method Not Allowed",
            (_, 408) => "Request Time-out",
            (_, 411) => "Length Required",
            (_, 412) => "Precondition Failed",
            (_, 413) => "Request Entity Too Large",
            (_, 414) => "URI Too Long",
            (_, 416) => "Range Not Satisfiable",
            (_, 417) => "Expectation Failed",
            (_, 422) => "Unprocessable Entity",
            (_, 429) => "Too Many Requests",
            (_, 431) => "Request Header Fields Too Large",
            (_, 500) => "Internal Server Error",
            (_, 501) => "Not Implemented",
            (_, 503) => "Service Unavailable",
            (_, 505) => "HTTP Version Not Supported",
            _ => "Bad Request",
        }
    }
}
