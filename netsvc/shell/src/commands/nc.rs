//! `nc` and `ncat`: connections to where a way of the node leads. Everywhere else they behave as a host without a way
//! out: nothing is sent.

use super::{
    Run,
    network::{answers, attempt, connect, refuse_within},
    options::{Options, options},
    own,
};
use crate::{
    flavour::Flavour,
    interpret::{Flow, Shell, Socket, Status},
    reach::{Found, NoWay},
};
use std::{net::Ipv4Addr, time::Duration};

pub(super) const COMMANDS: &[(&str, Run)] = &[("nc", nc), ("ncat", nc)];

/// Ports that one call tries.
const PORTS: usize = 1_024;
/// Names of ports in `/etc/services` that a scan meets.
const NAMES: [(&str, u16); 24] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("ntp", 123),
    ("netbios-ssn", 139),
    ("imap2", 143),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("submission", 587),
    ("ldaps", 636),
    ("rsync", 873),
    ("imaps", 993),
    ("pop3s", 995),
    ("socks", 1080),
    ("ms-sql-s", 1433),
    ("mysql", 3306),
    ("postgresql", 5432),
];

/// Which of the programs called so this is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Openbsd,
    Nmap,
    Busybox,
}

/// What one call does.
struct Call {
    kind: Kind,
    host: String,
    found: Found,
    scan: bool,
    verbose: bool,
    numeric: bool,
    patience: Option<Duration>,
    /// How long it reads on after the end of its own input; `None`: as long as the other end has something.
    after: Option<Duration>,
    shuts: bool,
}

/// What `/etc/services` calls a port.
pub(super) fn service(port: u16) -> Option<&'static str> {
    NAMES.iter().find(|(_, number)| *number == port).map(|(name, _)| *name)
}

/// A port by number or name.
pub(super) fn port(word: &str) -> Option<u16> {
    let named = || NAMES.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    word.parse().ok().or_else(named)
}

fn kind(shell: &Shell, name: &str) -> Kind {
    if shell.flavour().busybox() {
        Kind::Busybox
    } else if name == "ncat" || shell.flavour() == Flavour::Redhat {
        Kind::Nmap
    } else {
        Kind::Openbsd
    }
}

/// Options of ncat that other programs have letters for.
const LONG: [(&str, char); 8] = [
    ("wait", 'w'),
    ("verbose", 'v'),
    ("nodns", 'n'),
    ("send-only", '1'),
    ("recv-only", '2'),
    ("listen", 'l'),
    ("exec", 'e'),
    ("udp", 'u'),
];

fn nc(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.outward.way.leads() {
        return connect(shell, arguments);
    }
    let name = own(arguments).to_owned();
    let kind = kind(shell, &name);
    let short = match kind {
        Kind::Busybox => "i:w:lp:f:e:",
        Kind::Openbsd => "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz",
        Kind::Nmap => "46bCc:e:g:G:hi:kl12m:no:p:s:tuUvw:x:z",
    };
    let Some(options) = options(shell, arguments, short, &LONG)? else { return Ok(1) };
    let (Some(host), ports) = (options.operands.first(), options.operands.get(1..).unwrap_or_default())
    else {
        return usage(shell, kind);
    };
    let first = ports.first().cloned().unwrap_or_default();
    if shell.ended_relay().is_none() {
        attempt(shell, format!("tcp://{host}:{first}"), arguments.join(" "));
    }
    let found = shell.outward.way.find(host).filter(|_| !options.has('l') && !options.has('u'));
    let seconds = |flag: char| options.number(flag).map(Duration::from_secs);
    let Some(found) = found else {
        return unreached(shell, &options, (host, &first), (&name, kind));
    };
    let call = Call {
        kind,
        host: host.clone(),
        found,
        scan: options.has('z'),
        verbose: options.has('v'),
        numeric: options.has('n'),
        patience: seconds('w').filter(|wait| !wait.is_zero()).or(match kind {
            Kind::Nmap => Some(Duration::from_secs(10)),
            Kind::Openbsd | Kind::Busybox => None,
        }),
        after: seconds('q').or(seconds('w').filter(|_| kind == Kind::Openbsd)),
        shuts: options.has('N') || options.has('q') || kind != Kind::Openbsd,
    };
    let listed = call.ports(shell, ports)?;
    let Some(listed) = listed else { return Ok(1) };
    let mut status = 1;
    for port in listed {
        if let Some(done) = call.one(shell, port)? {
            status = done;
            if !call.scan {
                break;
            }
        }
    }
    Ok(status)
}

/// What is said of a host that no way leads to, after the time that it takes to learn it.
fn unreached(
    shell: &mut Shell,
    options: &Options,
    (host, port): (&str, &str),
    (name, kind): (&str, Kind),
) -> Status {
    let limit = options.number('w').filter(|wait| *wait > 0).map(Duration::from_secs);
    let status = refuse_within(shell, name, host, port, limit)?;
    if kind != Kind::Openbsd || options.has('l') || options.has('u') {
        return Ok(status);
    }
    let address = host.parse::<Ipv4Addr>().ok();
    if address.is_none() && host != "localhost" {
        let why = "Temporary failure in name resolution";
        shell.err(&format!("nc: getaddrinfo for host \"{host}\" port {port}: {why}\n"))?;
    } else if options.has('v') {
        let silent = address.is_some_and(|address| !answers(shell, address));
        let why = match (silent, limit) {
            (true, Some(_)) => "timed out: Operation now in progress",
            (true, None) => "failed: Connection timed out",
            (false, _) => "failed: Connection refused",
        };
        shell.err(&format!("nc: connect to {host} port {port} (tcp) {why}\n"))?;
    }
    Ok(status)
}

fn usage(shell: &mut Shell, kind: Kind) -> Status {
    match kind {
        Kind::Busybox => super::help::usage(shell, "nc").map(|()| 1),
        Kind::Nmap => {
            let text = "Ncat: You must specify a host to connect to. QUITTING.\n";
            shell.err(text).map(|()| 2)
        }
        Kind::Openbsd => super::help::gnu_usage(shell, "nc").unwrap_or(Ok(1)),
    }
}

impl Call {
    /// The ports that were asked for; `None`: one is none, and was complained about.
    fn ports(&self, shell: &mut Shell, words: &[String]) -> Result<Option<Vec<u16>>, Flow> {
        if words.is_empty() && self.kind == Kind::Nmap {
            return Ok(Some(vec![31_337]));
        }
        if words.is_empty() {
            return usage(shell, self.kind).map(|_| None);
        }
        let mut ports = Vec::new();
        for word in words {
            let range = word.split_once('-').and_then(|(low, high)| Some((port(low)?, port(high)?)));
            match (port(word), range) {
                (Some(one), _) => ports.push(one),
                (None, Some((low, high))) => {
                    let room = PORTS.saturating_sub(ports.len());
                    ports.extend((low.min(high)..=low.max(high)).take(room));
                }
                (None, None) => {
                    let text = match self.kind {
                        Kind::Openbsd => format!("nc: port number invalid: {word}\n"),
                        Kind::Nmap => format!("Ncat: Invalid port number \"{word}\". QUITTING.\n"),
                        Kind::Busybox => format!("nc: bad port '{word}'\n"),
                    };
                    shell.err(&text)?;
                    return Ok(None);
                }
            }
        }
        ports.truncate(PORTS);
        Ok(Some(ports))
    }

    /// Tries one port; the status when there is a connection.
    fn one(&self, shell: &mut Shell, port: u16) -> Result<Option<i32>, Flow> {
        let alone = !self.scan && !shell.at_terminal() && !shell.streams();
        // It may be asked for again once it is there, so it comes before the connection.
        let input = if alone { shell.read_all()? } else { Vec::new() };
        let handed = !self.scan && !alone;
        let target = format!("nc {}:{port}", self.host);
        if handed && let Some(known) = shell.relayed_to(&target) {
            self.tell(shell, port, known.err())?;
            return Ok(known.ok());
        }
        let connected = shell.connect(&self.host, port, self.patience)?;
        if handed {
            shell.note_relay(target, connected.as_ref().err().copied());
        }
        self.tell(shell, port, connected.as_ref().err().copied())?;
        let Ok(wire) = connected else { return Ok(None) };
        if self.scan {
            return Ok(Some(0));
        }
        if handed {
            return shell.relay(wire).map(Some);
        }
        let socket = Socket::new(wire);
        if !input.is_empty() && !socket.send(&input) {
            return Ok(Some(1));
        }
        if self.shuts {
            socket.end();
        }
        shell.show_rest(&socket, self.after)?;
        Ok(Some(0))
    }

    /// What is said of a connection, or of a port that gives none and why.
    fn tell(&self, shell: &mut Shell, port: u16, failed: Option<NoWay>) -> Result<(), Flow> {
        let address = self.found.address;
        let shown = if self.numeric || self.host.parse::<Ipv4Addr>() == Ok(address) {
            self.host.clone()
        } else {
            format!("{} ({address})", self.host)
        };
        let limited = self.patience.is_some();
        let text = match (self.kind, failed) {
            (Kind::Openbsd, _) if !self.verbose => return Ok(()),
            (Kind::Openbsd, None) => {
                let name = service(port).filter(|_| !self.numeric).unwrap_or("*");
                format!("Connection to {shown} {port} port [tcp/{name}] succeeded!\n")
            }
            (Kind::Openbsd, Some(NoWay::Silence)) if limited => {
                format!("nc: connect to {shown} port {port} (tcp) timed out: Operation now in progress\n")
            }
            (Kind::Openbsd, Some(why)) => {
                format!("nc: connect to {shown} port {port} (tcp) failed: {}\n", why.text())
            }
            (Kind::Nmap, None) if !self.verbose => return Ok(()),
            (Kind::Nmap, None) => {
                let sent = "Ncat: 0 bytes sent, 0 bytes received in 0.01 seconds.\n";
                let sent = if self.scan { sent } else { "" };
                let version = if shell.live.persona.os.id == "centos7" { "7.50" } else { "7.92" };
                format!(
                    "Ncat: Version {version} ( https://nmap.org/ncat )\nNcat: Connected to {address}:{port}.\n{sent}"
                )
            }
            (Kind::Nmap, Some(NoWay::Silence)) => "Ncat: TIMEOUT.\n".to_owned(),
            (Kind::Nmap, Some(why)) => format!("Ncat: {}.\n", why.text()),
            (Kind::Busybox, None) => return Ok(()),
            (Kind::Busybox, Some(NoWay::Silence)) if limited => "nc: timed out\n".to_owned(),
            (Kind::Busybox, Some(why)) => {
                format!("nc: can't connect to remote host ({address}): {}\n", why.text())
            }
        };
        shell.err(&text)
    }
}
