//! Canaries: what each kind needs, where it fires and where it cannot, and what an operator asks for.

mod kinds;

pub use kinds::{Needs, Traits};

use crate::{flaw::Flaw, record::CanaryKind};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Length of an id.
pub const ID_LENGTH: usize = 18;
/// Letters of an id: those of base32 in small letters, which survive DNS, and whoever writes them down.
pub const ID_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Most canaries that there may be.
pub const MOST: u64 = 50_000;
/// Most bytes that may lie on one decky, all its planted files together: they travel with its persona.
pub const MOST_PLANTED: usize = 56 * 1024;
/// Longest memo.
const MEMO: usize = 500;
/// Longest name of a file, host or account.
const NAME: usize = 120;

/// Whether `text` has the form of an id.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| ID_LETTERS.contains(&byte))
}

impl CanaryKind {
    /// Permission bits of its file.
    pub fn mode(self) -> u32 {
        let own = [
            CanaryKind::SshKey,
            CanaryKind::Aws,
            CanaryKind::Password,
            CanaryKind::Netrc,
            CanaryKind::Wireguard,
            CanaryKind::Kubeconfig,
        ];
        if own.contains(&self) { 0o600 } else { 0o644 }
    }
}

/// Where what fires arrives: the address of our pages and the zone of our names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `http://HOST[:PORT][/PATH]` without a `/` at the end.
    pub base: Option<Base>,
    /// A DNS zone in small letters.
    pub zone: Option<String>,
}

/// An address of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    text: String,
    host: String,
}

/// Why a text is no address of pages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address: give http://HOST[:PORT] or https://HOST[:PORT], with a path or without")]
pub struct BadBase(String);

impl Base {
    /// Its host, with the port where one is named.
    pub fn authority(&self) -> &str {
        self.text.split('/').nth(2).unwrap_or_default()
    }

    /// Its host.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Base {
    type Err = BadBase;

    fn from_str(text: &str) -> Result<Base, BadBase> {
        let bad = || BadBase(text.to_owned());
        let whole = text.trim_end_matches('/');
        let rest =
            whole.strip_prefix("http://").or_else(|| whole.strip_prefix("https://")).ok_or_else(bad)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let number = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let host_fits = is_host(host) || host.trim_matches(['[', ']']).parse::<std::net::Ipv6Addr>().is_ok();
        if host_fits && port.is_none_or(number) && path.bytes().all(plain) && text.len() <= 200 {
            Ok(Base { text: whole.to_owned(), host: host.to_owned() })
        } else {
            Err(bad())
        }
    }
}

/// Whether `text` is a host name or an IPv4 address.
pub fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= NAME && text.split('.').all(label)
}

impl Origin {
    /// Reads settings, of which an empty one is none.
    ///
    /// # Errors
    /// A flaw for each setting that is wrong, named as the settings are.
    pub fn read(base: &str, zone: &str) -> Result<Origin, Vec<Flaw>> {
        let mut flaws = Vec::new();
        let mut origin = Origin::default();
        match base.parse() {
            _ if base.is_empty() => {}
            Ok(base) => origin.base = Some(base),
            Err(error) => flaws.push(("canary.http-base", error.to_string())),
        }
        let zone = zone.trim_matches('.').to_ascii_lowercase();
        if is_host(&zone) && zone.contains('.') {
            origin.zone = Some(zone);
        } else if !zone.is_empty() {
            flaws.push(("canary.dns-zone", format!("{zone:?} is no DNS zone such as files.example.net")));
        }
        if flaws.is_empty() { Ok(origin) } else { Err(flaws) }
    }
}

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The kind.
    pub kind: CanaryKind,
    /// What he says of it.
    pub memo: String,
    /// Name of its file; `None`: the usual one of the kind.
    pub file: Option<String>,
    /// Login name that it shows.
    pub user: Option<String>,
    /// What the kind says of `target`.
    pub target: Option<String>,
}

impl Asked {
    /// A canary of `kind` of which nothing more is said.
    pub fn of(kind: CanaryKind) -> Asked {
        Asked { kind, memo: String::new(), file: None, user: None, target: None }
    }

    /// What is wrong with it where things arrive at `origin`.
    pub fn flaws(&self, origin: &Origin) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let traits = self.kind.traits();
        let plain = |text: &str| {
            (1..=NAME).contains(&text.len())
                && text.chars().all(|c| !c.is_control() && !"/\\\"<>'".contains(c))
        };
        if MEMO < self.memo.len() {
            flaws.push(("memo", format!("longer than {MEMO} bytes")));
        }
        if self.file.as_deref().is_some_and(|file| !plain(file) || file.starts_with("..")) {
            flaws.push(("file", "a file name without / \\ \" ' < >".to_owned()));
        }
        let account = |text: &str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if self.user.as_deref().is_some_and(|user| !account(user)) {
            flaws.push(("user", "letters, digits, `-`, `_` and `.`".to_owned()));
        }
        let missing = match traits.needs {
            Needs::Base if origin.base.is_none() => Some(
                "pages of this kind need an address under which they are reached: set canary.http-base \
                 (DECNET_CANARY_HTTP_BASE), for example http://192.0.2.10:8088",
            ),
            Needs::Zone if origin.zone.is_none() => Some(
                "this kind needs a zone whose names are asked of us: set canary.dns-zone (DECNET_CANARY_DNS_ZONE), \
                 for example files.example.net",
            ),
            Needs::Domain if self.target.is_none() => Some("say its mail domain as target"),
            _ => None,
        };
        flaws.extend(missing.map(|text| ("kind", text.to_owned())));
        flaws.extend(self.target_flaw(traits.target));
        flaws
    }

    fn target_flaw(&self, about: &str) -> Option<Flaw> {
        let target = self.target.as_deref()?;
        let web = matches!(self.kind, CanaryKind::WebBug | CanaryKind::Qr);
        let text = match () {
            () if about.is_empty() => format!("{} has no target", self.kind),
            () if web && target.parse::<Base>().is_err() => {
                "a web page such as https://www.example.net/news".to_owned()
            }
            () if !web && !is_host(target) => "a host or domain such as files.example.net".to_owned(),
            () => return None,
        };
        Some(("target", text))
    }
}

/// A canary that is laid on a decky by its fleet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Plant {
    /// What it looks like.
    pub kind: CanaryKind,
    /// Its path there; `~` is a home.
    pub path: String,
}

impl FromStr for Plant {
    type Err = String;

    fn from_str(text: &str) -> Result<Plant, String> {
        let (kind, path) = text.split_once(':').ok_or_else(|| format!("{text:?} is not KIND:PATH"))?;
        let kind =
            kind.trim().parse().map_err(|_| format!("no kind of canary is called {:?}", kind.trim()))?;
        let path = path.trim();
        let rest = path.strip_prefix('~').unwrap_or(path);
        planted_path(rest, rest.contains('\\')).map_err(|(_, why)| format!("{path:?} is not {why}"))?;
        if path.contains(',') {
            return Err(format!("{path:?} has a comma"));
        }
        Ok(Plant { kind, path: path.to_owned() })
    }
}

impl fmt::Display for Plant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.path)
    }
}

impl TryFrom<String> for Plant {
    type Error = String;

    fn try_from(text: String) -> Result<Plant, String> {
        text.parse()
    }
}

impl From<Plant> for String {
    fn from(plant: Plant) -> String {
        plant.to_string()
    }
}

/// A path where a file may be planted, as a persona has it.
///
/// # Errors
/// What is wrong with it.
pub fn planted_path(text: &str, windows: bool) -> Result<String, Flaw> {
    let bad = |why: &str| Err(("path", why.to_owned()));
    let mut path = text.to_owned();
    if windows {
        path = path.replace('\\', "/");
        if path.get(..2).is_some_and(|drive| drive.eq_ignore_ascii_case("c:")) {
            path.drain(..2);
        }
    }
    if !path.starts_with('/') || path.ends_with('/') || path.len() > 400 {
        return bad("an absolute path of a file");
    }
    if path.chars().any(char::is_control)
        || path.split('/').skip(1).any(|part| ["", ".", ".."].contains(&part))
    {
        return bad("a path without `//`, `.`, `..` and control characters");
    }
    if !windows && ["/proc/", "/sys/", "/dev/"].iter().any(|top| path.starts_with(top)) {
        return bad("no file system of the kernel");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_pages_is_whole_or_refused() {
        for (text, host) in [
            ("http://192.0.2.1:8088", Some("192.0.2.1")),
            ("https://files.example.net/", Some("files.example.net")),
            ("http://[2001:db8::1]:8088/a", Some("[2001:db8::1]")),
            ("http://", None),
            ("ftp://a.example", None),
            ("http://a b", None),
            ("http://a:0", None),
            ("http://a/\"x", None),
        ] {
            let found = text.parse::<Base>().ok();
            assert_eq!(found.as_ref().map(Base::host), host, "{text}");
        }
    }

    #[test]
    fn what_a_kind_needs_is_asked_for() {
        let whole = Origin::read("http://a.example", "z.example").unwrap();
        let given = |kind: CanaryKind| {
            let target = (kind == CanaryKind::Email).then(|| "m.example".to_owned());
            Asked { target, ..Asked::of(kind) }
        };
        for &kind in CanaryKind::ALL {
            assert!(given(kind).flaws(&whole).is_empty(), "{kind}");
            let lacking = Asked::of(kind).flaws(&Origin::default());
            assert_eq!(lacking.is_empty(), kind.traits().needs == Needs::Nothing, "{kind}");
            let traits = kind.traits();
            assert!(
                !traits.fires.is_empty() && !traits.silent.is_empty() && !traits.channels.is_empty(),
                "{kind}"
            );
        }
        assert!(Origin::read("x", "y").is_err_and(|flaws| flaws.len() == 2));
        let odd =
            Asked { target: Some("x y".into()), user: Some("a b".into()), ..Asked::of(CanaryKind::Password) };
        assert_eq!(odd.flaws(&whole).len(), 2);
    }

    #[test]
    fn a_fleet_file_says_what_lies_where() {
        for good in ["env:/srv/app/.env", "ssh-key:~/.ssh/id_ed25519", r"docx:C:\Users\eve\plan.docx"] {
            assert_eq!(good.parse::<Plant>().unwrap().to_string(), good);
        }
        for bad in ["env", "env:", "x:/a", "env:a", "env:/a/../b", "env:/a,b"] {
            assert!(bad.parse::<Plant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_is_planted_where_a_file_can_be() {
        for (path, windows, expected) in [
            ("/home/eve/.env", false, Some("/home/eve/.env")),
            (r"C:\Users\eve\Desktop\plan.docx", true, Some("/Users/eve/Desktop/plan.docx")),
            ("etc/x", false, None),
            ("/etc/../x", false, None),
            ("/etc/", false, None),
            ("/proc/1/x", false, None),
            (r"\\srv\share", true, None),
        ] {
            assert_eq!(planted_path(path, windows).ok().as_deref(), expected, "{path}");
        }
    }
}
