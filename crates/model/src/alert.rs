//! Where alerts go, how they look there, and which incidents they tell of: values that are checked when they are
//! given, and what is decided of them.

mod asked;
mod mail;

pub use asked::{Asked, AskedMute, LONGEST_MUTE, is_rule_name};
pub use mail::{Mail, Security};

use crate::record::{AlertRule, IncidentView};
use netsvc_wire::stamp::Micros;
use std::{fmt, net::IpAddr, str::FromStr};

/// Longest target.
const LONGEST: usize = 2048;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Where alerts go.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// An HTTP POST.
    Web {
        /// Whether over TLS.
        tls: bool,
        /// Name or address of the server.
        host: String,
        /// Its port.
        port: u16,
        /// Path and query. It is a secret with most services.
        path: String,
    },
    /// A syslog server (RFC 5424).
    Syslog {
        /// Over TCP (RFC 6587, octet counting) and not UDP (RFC 5426).
        tcp: bool,
        /// Name or address of the server.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Mail.
    Mail(Mail),
}

/// Why a text is no target.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "no target: {0}; write https://HOST/PATH, http://HOST/PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, \
     smtps://USER@HOST/TO, smtp+starttls://USER@HOST/TO or smtp://HOST/TO"
)]
pub struct BadTarget(&'static str);

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadTarget("printable ASCII without spaces, 2048 characters at most"));
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadTarget("no scheme"))?;
        if let Some(security) = Security::of_scheme(scheme) {
            return Mail::read(security, rest).map(Target::Mail);
        }
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(cut).unwrap_or((rest, ""));
        let (path, _) = path.split_once('#').unwrap_or((path, ""));
        let (host, port) = host_and_port(authority)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        match scheme {
            "https" => Ok(Target::Web { tls: true, host, port: port.unwrap_or(443), path }),
            "http" => Ok(Target::Web { tls: false, host, port: port.unwrap_or(80), path }),
            "syslog+udp" if path == "/" => Ok(Target::Syslog { tcp: false, host, port: port.unwrap_or(514) }),
            "syslog+tcp" if path == "/" => Ok(Target::Syslog { tcp: true, host, port: port.unwrap_or(601) }),
            "syslog+udp" | "syslog+tcp" => Err(BadTarget("a syslog server has no path")),
            _ => Err(BadTarget("a scheme that is not known")),
        }
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), BadTarget> {
    if authority.contains('@') {
        return Err(BadTarget("a name and a password are not taken here"));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(BadTarget("an address without its end"))?;
            let address: std::net::Ipv6Addr = host.parse().map_err(|_| BadTarget("no IPv6 address"))?;
            (address.to_string(), port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
        return Err(BadTarget("no host"));
    }
    let port = port.map(|port| port.parse().map_err(|_| BadTarget("no port"))).transpose()?;
    if port == Some(0) { Err(BadTarget("no port")) } else { Ok((host, port)) }
}

impl Target {
    /// Scheme, host and port, and the recipients of mail: what may be shown, since the rest is a secret with most
    /// services.
    pub fn origin(&self) -> String {
        let bracketed = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        match self {
            Target::Web { tls, host, port, .. } => {
                let (scheme, usual) = if *tls { ("https", 443) } else { ("http", 80) };
                let port = if *port == usual { String::new() } else { format!(":{port}") };
                format!("{scheme}://{}{port}", bracketed(host))
            }
            Target::Syslog { tcp, host, port } => {
                format!("syslog+{}://{}:{port}", if *tcp { "tcp" } else { "udp" }, bracketed(host))
            }
            Target::Mail(mail) => {
                let (scheme, host, to) = (mail.security.scheme(), bracketed(&mail.host), mail.to.join(", "));
                format!("{scheme}://{host}:{} to {to}", mail.port)
            }
        }
    }
}

// A path may be a secret.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin())
    }
}

/// Addresses with the same beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    base: IpAddr,
    prefix: u8,
}

/// A text is no such addresses.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is neither an address nor a network such as 192.0.2.0/24")]
pub struct BadAddresses(String);

impl FromStr for Addresses {
    type Err = BadAddresses;

    fn from_str(text: &str) -> Result<Self, BadAddresses> {
        let bad = || BadAddresses(text.chars().take(64).collect());
        let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base = base.parse::<IpAddr>().map_err(|_| bad())?.to_canonical();
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.parse().map_err(|_| bad()))?;
        if prefix > most { Err(bad()) } else { Ok(Addresses { base, prefix }) }
    }
}

impl Addresses {
    /// Whether an address is one of them.
    pub fn has(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(four) => (u128::from(u32::from(four)) << 96, true),
            IpAddr::V6(six) => (u128::from(six), false),
        };
        let ((own, four), (other, also)) = (bits(self.base), bits(address));
        let rest = 128 - u32::from(self.prefix);
        four == also && own.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.base, self.prefix)
    }
}

/// Hours of each day (UTC) in which alerts wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Minute of the day at which they begin.
    pub from: i64,
    /// Minute of the day at which they end.
    pub until: i64,
}

/// A text is no hours of the day.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no hours: write them as 22:00-06:30, in UTC")]
pub struct BadQuiet;

impl FromStr for Quiet {
    type Err = BadQuiet;

    fn from_str(text: &str) -> Result<Self, BadQuiet> {
        let minute = |text: &str| -> Option<i64> {
            let (hours, minutes) = text.split_once(':')?;
            let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
            (hours < 24 && minutes < 60).then(|| i64::from(hours) * 60 + i64::from(minutes))
        };
        let (from, until) = text.split_once('-').ok_or(BadQuiet)?;
        let (from, until) = (minute(from).ok_or(BadQuiet)?, minute(until).ok_or(BadQuiet)?);
        if from == until { Err(BadQuiet) } else { Ok(Quiet { from, until }) }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quiet { from, until } = self;
        write!(formatter, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl Quiet {
    /// Whether `at` is one of these hours.
    pub fn has(&self, at: Micros) -> bool {
        let minute = at.div_euclid(60_000_000).rem_euclid(DAY);
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// Whether a rule tells of an incident as it is. What it touched is asked of `touched`: a decky, a service.
pub fn tells(
    rule: &AlertRule,
    view: &IncidentView,
    touched: impl Fn(Option<&str>, Option<&str>) -> bool,
) -> bool {
    let row = &view.incident;
    let source = rule.network.as_deref().and_then(|text| text.parse::<Addresses>().ok());
    rule.enabled
        && rule.severity <= row.severity
        && rule.stage <= row.stage
        && source.is_none_or(|network| network.has(row.src_ip))
        && ((rule.node.is_none() && rule.service.is_none())
            || touched(rule.node.as_deref(), rule.service.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_address_and_shows_no_secret() {
        for (text, origin) in [
            ("https://hooks.example.com/services/T0/B0/secret?x=1", "https://hooks.example.com"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
            ("syslog+udp://log.lan", "syslog+udp://log.lan:514"),
            ("syslog+tcp://log.lan:1514", "syslog+tcp://log.lan:1514"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.origin(), origin);
            assert!(!format!("{target:?}").contains("secret"));
        }
        for text in [
            "",
            "hooks",
            "ftp://a/b",
            "https://",
            "https://a b/",
            "https://a\r\nX: y/",
            "http://u:p@h/",
            "http://h:0/",
            "http://h:99999/",
            "http://[::1/",
            "syslog+udp://h/x",
            "file:///etc/passwd",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_network_has_its_addresses() {
        for (network, address, has) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
        ] {
            assert_eq!(
                network.parse::<Addresses>().unwrap().has(address.parse().unwrap()),
                has,
                "{network} {address}"
            );
        }
        for text in ["192.0.2.0/33", "x", "192.0.2.0/", "::/129"] {
            assert!(text.parse::<Addresses>().is_err(), "{text}");
        }
    }

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let at = |hour: i64, minute: i64| (20_000 * DAY + hour * 60 + minute) * 60_000_000;
        for (text, hour, minute, quiet) in [
            ("22:00-06:30", 23, 0, true),
            ("22:00-06:30", 6, 29, true),
            ("22:00-06:30", 6, 30, false),
            ("09:00-17:00", 12, 0, true),
            ("09:00-17:00", 17, 0, false),
        ] {
            let hours: Quiet = text.parse().unwrap();
            assert_eq!((hours.has(at(hour, minute)), hours.to_string().as_str()), (quiet, text));
        }
        for text in ["22-6", "24:00-01:00", "01:00-01:00", "1:0:0-2:00", ""] {
            assert!(text.parse::<Quiet>().is_err(), "{text}");
        }
    }
}
