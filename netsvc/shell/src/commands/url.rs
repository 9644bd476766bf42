//! What is to be fetched: the address, and the plausible content that it gives.

use crate::{
    fs::{elf_program, name},
    interpret::Shell,
    live::listeners,
};
use netsvc_persona::stage::Transport;
use std::net::Ipv4Addr;

/// What a file name says about the machine that its program is for.
const MACHINES: [(&str, &str); 14] = [
    ("x86_64", "x86_64"),
    ("x86", "x86_64"),
    ("i686", "i686"),
    ("i586", "i686"),
    ("arm7", "armv7l"),
    ("arm", "armv7l"),
    ("mpsl", "mipsel"),
    ("mipsel", "mipsel"),
    ("mips", "mips"),
    ("ppc", "ppc"),
    ("sh4", "sh4"),
    ("spc", "sparc"),
    ("m68k", "m68k"),
    ("aarch64", "aarch64"),
];

/// An address to fetch from.
pub(super) struct Url {
    pub(super) whole: String,
    /// As programs print it.
    pub(super) shown: String,
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: String,
    path: String,
    /// The address of the host, where a way of the node leads to it.
    pub(super) found: Option<Ipv4Addr>,
}

impl Url {
    pub(super) fn parse(text: &str) -> Url {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (authority, path) = rest
            .split_once('/')
            .map_or((rest, String::from("/")), |(authority, path)| (authority, format!("/{path}")));
        let (user, authority) =
            authority.rsplit_once('@').map_or((None, authority), |(user, at)| (Some(user), at));
        let default = match scheme {
            "https" => "443",
            "ftp" => "21",
            _ => "80",
        };
        let (host, port) = split_port(authority);
        let port = if port.is_empty() { default } else { port };
        // Passwords are not echoed (wget: url_string with URL_AUTH_HIDE_PASSWD).
        let shown = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            None => String::new(),
            Some((name, "")) => format!("{name}@"),
            Some((name, _)) => format!("{name}:*password*@"),
        };
        Url {
            whole: format!("{scheme}://{rest}"),
            shown: format!("{scheme}://{shown}{authority}{path}"),
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port: port.to_owned(),
            path,
            found: None,
        }
    }

    /// As [`Url::parse`], with the address where a way of the node leads to the host.
    pub(super) fn seen_by(shell: &Shell, text: &str) -> Url {
        let url = Url::parse(text);
        let found = shell.outward.way.find(&url.host).map(|found| found.address);
        Url { found, ..url }
    }

    /// The port, if it is one.
    pub(super) fn number(&self) -> Option<u16> {
        self.port.parse().ok()
    }

    /// What stands in the line `Host` of a request.
    pub(super) fn authority(&self) -> String {
        let usual = matches!((self.scheme.as_str(), self.port.as_str()), ("http", "80") | ("https", "443"));
        if usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Whether no resolver knows the host (RFC 6761, section 6.4), or there is none.
    pub(super) fn is_nowhere(&self) -> bool {
        self.host.is_empty() || self.host.ends_with(".invalid") || self.host.ends_with(".test")
    }

    /// Whether the host is an IPv6 address; this node has none, so it cannot be reached.
    pub(super) fn is_ipv6(&self) -> bool {
        self.host.parse::<std::net::Ipv6Addr>().is_ok()
    }

    /// Whether the host is this one, and nothing listens at the port; or one that gives nothing that is made up.
    pub(super) fn is_refused(&self, shell: &Shell) -> bool {
        let own = self.host.parse::<Ipv4Addr>().is_ok_and(|address| {
            address.is_loopback() || std::net::IpAddr::V4(address) == shell.live.persona.ip
        });
        let port: Option<u16> = self.port.parse().ok();
        let open = listeners(&shell.live)
            .iter()
            .any(|listener| listener.transport == Transport::Tcp && Some(listener.port) == port);
        // What a way leads to answers in its own words, or not at all.
        self.found.is_some() || (own || self.host == "localhost") && !open
    }

    /// The path with its query.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn file_name(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or("");
        match name(path) {
            "" => "index.html",
            found => found,
        }
    }

    /// The address that stands in `Location` as `next`, from the page at this one.
    pub(super) fn leads_to(&self, next: &str) -> String {
        if next.contains("://") {
            return next.to_owned();
        }
        let base = format!("{}://{}", self.scheme, self.authority());
        if next.starts_with('/') {
            return format!("{base}{next}");
        }
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{base}{folder}/{next}")
    }

    /// How wget names whom it connects to: a line of its own where it is a name, and the peer.
    pub(super) fn resolved(&self, shell: &Shell) -> (String, String) {
        let (host, port, address) = (&self.host, &self.port, self.address(shell));
        if host.parse::<Ipv4Addr>().is_ok() {
            (String::new(), format!("{host}:{port}"))
        } else {
            let line = format!("Resolving {host} ({host})... {address}\n");
            (line, format!("{host} ({host})|{address}|:{port}"))
        }
    }

    /// The address that the host "resolves" to.
    pub(super) fn address(&self, shell: &Shell) -> Ipv4Addr {
        self.found.or_else(|| self.host.parse().ok()).unwrap_or_else(|| {
            if self.host == "localhost" {
                return Ipv4Addr::LOCALHOST;
            }
            let bits = shell.live.fixed(&["address", &self.host]).to_le_bytes();
            let [first, second, third, fourth, ..] = bits;
            Ipv4Addr::new(23 + first % 150, second, third, fourth.max(1))
        })
    }

    /// Content that fits the name, always the same for the same URL and node.
    pub(super) fn content(&self, shell: &Shell) -> Vec<u8> {
        let file = self.file_name().to_ascii_lowercase();
        let seed = shell.live.fixed(&["download", &self.whole]);
        let machine = MACHINES.iter().find(|(part, _)| file.contains(part)).map(|(_, machine)| *machine);
        if file.ends_with(".sh") {
            return format!(
                "#!/bin/sh\n# {:08x}\ncd /tmp || cd /var/run || cd /mnt || cd /root || cd /\nexit 0\n",
                seed & 0xffff_ffff
            )
            .into_bytes();
        }
        let plain = !file.contains('.') && self.path != "/";
        match machine.or(plain.then_some(shell.live.persona.os.machine.as_str())) {
            Some(machine) => elf_program(self.file_name(), machine, true, false, usize::try_from(28_000 + seed % 90_000).unwrap_or(40_000)),
            None if file.ends_with(".html") || file.ends_with(".php") || self.path == "/" => format!("<!DOCTYPE html>\n<html>\n<head><title>{}</title></head>\n<body>\n<h1>It works!</h1>\n<!-- {seed:016x} -->\n</body>\n</html>\n", self.host).into_bytes(),
            None => {
                let mut bytes = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec();
                let body = elf_program(&self.whole, "x86_64", true, false, usize::try_from(9_000 + seed % 60_000).unwrap_or(9_000));
                bytes.extend(body.into_iter().skip(900));
                bytes
            }
        }
    }
}

/// Host and port of an authority; an IPv6 address stands in brackets (RFC 3986, 3.2.2).
fn split_port(authority: &str) -> (&str, &str) {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':').unwrap_or(""));
    }
    authority.rsplit_once(':').unwrap_or((authority, ""))
}
