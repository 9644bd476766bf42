//! The applications behind the server. Each answers paths; what it does not know gets the server's 404.
//!
//! The pages are our own: the marks that tools look for (titles, field names, cookies, header fields,
//! paths) are those of the real application, the rest is plain.

pub mod appliances;
pub mod boxes;
pub mod cameras;
pub mod default_page;
pub mod forge;
pub mod java;
pub mod metadata;
pub mod php;
pub mod upnp;
pub mod welcome;

use super::{
    credentials::Verdict,
    form::Form,
    identity,
    product::{Family, Server},
    request::Request,
    response::{Content, Response, Source},
};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use netsvc_persona::subkey;
use rand_core::RngCore;

/// Names of the applications, as the setting takes them.
pub const NAMES: &[&str] = &[
    "default",
    "wordpress",
    "phpmyadmin",
    "tomcat",
    "jenkins",
    "gitlab",
    "grafana",
    "router",
    "printer",
    "iis",
    "camera",
];

/// What an application may use to answer.
pub struct Visit<'a> {
    /// The service on its node.
    pub host: &'a Host,
    /// The connection.
    pub link: &'a Link,
    /// The server in front.
    pub server: &'a Server,
    /// The request.
    pub request: &'a Request,
    /// What its Authorization field came to.
    pub verdict: &'a Verdict,
    /// Its body as a form.
    pub form: &'a Form,
}

/// The application that `host` has: as set, or as it suits product and persona.
pub fn choose(host: &Host, server: &Server) -> &'static str {
    let own = appliances::of(&host.persona().os.id, &server.name);
    match identity::setting(host, "app").and_then(|set| NAMES.iter().find(|name| **name == set)) {
        // Which camera it is, its maker says.
        Some(&"camera") => return own.unwrap_or("camera"),
        Some(set) => return set,
        None => {}
    }
    if let Some(own) = own {
        return own;
    }
    let draw = identity::generator(host, "app").next_u32() % 100;
    match server.family {
        Family::Iis => "iis",
        Family::Device if draw < 60 => "router",
        Family::Device => "camera",
        // What has a title of its own is no place for another.
        _ if identity::setting(host, "title").is_some() => match draw {
            0..45 => "default",
            45..85 => "wordpress",
            _ => "gitlab",
        },
        _ => match draw {
            0..35 => "default",
            35..60 => "wordpress",
            60..72 => "phpmyadmin",
            72..80 => "gitlab",
            80..88 => "grafana",
            88..95 => "jenkins",
            _ => "tomcat",
        },
    }
}

/// The answer of application `app`; `None` when it has no such path.
pub fn answer(app: &str, visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    if let Some(known) = upnp::answer(visit).or_else(|| metadata::answer(visit)) {
        return Some(known);
    }
    let mut response = match app {
        "wordpress" => php::wordpress(visit, out),
        "phpmyadmin" => php::phpmyadmin(visit, out),
        "tomcat" => java::tomcat(visit),
        "jenkins" => java::jenkins(visit, out),
        "gitlab" => forge::gitlab(visit, out),
        "grafana" => forge::grafana(visit, out),
        "router" => boxes::router(visit),
        "printer" => boxes::printer(visit),
        "camera" => cameras::hikvision(visit),
        "iis" => welcome::iis(visit),
        own if appliances::NAMES.contains(&own) => appliances::answer(own, visit),
        _ => welcome::plain(visit),
    }?;
    let made = match response.content {
        Content::Page { .. } | Content::Empty => true,
        // Files lie where the program is; those of PHP's sites are the server's.
        Content::File { .. } => matches!(source(app), Source::Program | Source::Tomcat),
        Content::Standard | Content::Echo(_) => false,
    };
    if made {
        response.source = source(app);
    }
    if app == "grafana" {
        // Go writes fields in the order of their names.
        response.fields.sort_by_key(|(name, _)| *name);
    }
    Some(response)
}

/// What makes the pages of `app`.
fn source(app: &str) -> Source {
    match app {
        "wordpress" | "phpmyadmin" => Source::Streamed,
        "tomcat" => Source::Tomcat,
        "jenkins" | "grafana" | "gitlab" => Source::Program,
        _ => Source::Server,
    }
}

/// Whether `app` reads a request body at `path`, so that it is worth a 100 Continue.
pub fn is_dynamic(app: &str, path: &str) -> bool {
    match app {
        "default" | "iis" => false,
        "wordpress" | "phpmyadmin" => path.ends_with(".php") || path.ends_with('/'),
        _ => true,
    }
}

impl Visit<'_> {
    /// Whether it is a POST.
    pub fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    /// Whether it reads: GET or HEAD.
    pub fn is_read(&self) -> bool {
        matches!(self.request.method.as_str(), "GET" | "HEAD")
    }

    /// When the software was installed, µs since the epoch: what files are dated by.
    pub fn installed(&self) -> i64 {
        self.host.persona().installed_at
    }

    /// The title that the operator gave the site.
    pub fn own_title(&self) -> Option<String> {
        identity::setting(self.host, "title")
    }

    /// Title of the site.
    pub fn title(&self) -> String {
        if let Some(title) = self.own_title() {
            return title;
        }
        let name = self.host.persona().domain.split('.').next().unwrap_or_default().to_owned();
        let mut letters = name.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => "Intranet".to_owned(),
        }
    }

    /// Judges the login in the body, records it, and says whether it is right; `None` when there is none.
    pub fn login(&self, out: &mut Out) -> Option<bool> {
        let (user, password) = self.form.login()?;
        Some(self.judge(user, password, "form", out))
    }

    /// Judges a login of the application, records that it came by `mechanism`, and says whether it is right.
    pub fn judge(&self, user: &str, password: &str, mechanism: &'static str, out: &mut Out) -> bool {
        let (user, password) = (user.as_bytes(), password.as_bytes());
        let accepted = self.host.login(self.link, Accounts::Application, user, password);
        out.credential(Credential::plaintext(user, password, mechanism, accepted));
        accepted
    }

    /// The cookie value of a session that was let in: the same for a source, so that it can be replayed.
    pub fn session(&self, app: &str) -> String {
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let source = self.link.peer.ip().to_string();
        hex::encode(subkey::bytes(&key, &["http session", app, &source]).get(..16).unwrap_or_default())
    }

    /// Whether the request carries that session in cookie `name`.
    pub fn is_in(&self, app: &str, name: &str) -> bool {
        self.request.cookie(name) == Some(self.session(app).as_str())
    }

    /// Address that links of the site begin with.
    pub fn base(&self) -> String {
        let host = self.request.field("host").filter(|host| !host.is_empty());
        let scheme = if self.link.tls { "https" } else { "http" };
        format!("{scheme}://{}", super::html::escape(host.unwrap_or(&self.server.host)))
    }

    /// Small fixed random text of the node, hex.
    pub fn token(&self, label: &str) -> String {
        let mut bytes = [0; 16];
        identity::generator(self.host, label).fill_bytes(&mut bytes);
        hex::encode(bytes)
    }
}

/// A fresh random text, hex, for forms.
pub fn fresh() -> String {
    let mut bytes = [0; 16];
    rand_core::OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// A page with `title` and `body`.
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"UTF-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
}

/// A 16×16 icon of two colours that `seed` chooses.
pub fn icon(seed: &[u8]) -> Vec<u8> {
    let mut colours = seed.iter().copied().chain([0x30, 0x60, 0x90, 0xf0, 0xf0, 0xf0]);
    let mut next = || colours.next().unwrap_or_default();
    let mut bytes = vec![0, 0, 1, 0, 1, 0, 16, 16, 2, 0, 1, 0, 1, 0];
    bytes.extend_from_slice(&176_u32.to_le_bytes());
    bytes.extend_from_slice(&22_u32.to_le_bytes());
    bytes.extend_from_slice(&40_u32.to_le_bytes());
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&32_u32.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 1, 0]);
    bytes.extend_from_slice(&[0; 24]);
    bytes.extend_from_slice(&[next(), next(), next(), 0, 0xff, 0xff, 0xff, 0]);
    for row in 0..16_u8 {
        let bits = if (3..13).contains(&row) { 0x1ff8_u16.rotate_left(u32::from(next() % 3)) } else { 0 };
        bytes.extend_from_slice(&bits.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes.extend_from_slice(&[0; 64]);
    bytes
}
