//! Interfaces, sockets, and tools that would connect. Nothing leaves the node.

use super::{Run, own, rest};
use crate::{
    event::ShellEvent,
    interpret::{Flow, Shell, Status},
    live::{Live, listeners, netmask, network_address},
};
use netsvc_persona::stage::Transport;
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("netstat", netstat),
    ("ss", ss),
    ("route", route),
    ("arp", arp),
    ("ping6", unreachable),
    ("scp", connect),
    ("sftp", connect),
    ("ftp", connect),
    ("rsync", connect),
    ("nslookup", lookup),
    ("dig", lookup),
    ("host", lookup),
    ("iptables", iptables),
    ("ip6tables", iptables),
    ("iptables-save", |_, _| Ok(0)),
    ("tcpdump", |_, _| Ok(1)),
    ("ssh-keygen", |_, _| Ok(0)),
    ("ssh-keyscan", connect),
];

fn netstat(shell: &mut Shell, arguments: &[String]) -> Status {
    let flags: String = rest(arguments).iter().map(|word| word.trim_start_matches('-')).collect();
    if flags.contains('r') {
        return route(shell, arguments);
    }
    let live = &shell.live;
    let programs = flags.contains('p');
    let (listening, all) = (flags.contains('l'), flags.contains('a'));
    let what = if listening {
        "(only servers)"
    } else if all {
        "(servers and established)"
    } else {
        "(w/o servers)"
    };
    let mut out = format!(
        "Active Internet connections {what}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      {}\n",
        if programs { " PID/Program name    " } else { "" }
    );
    let mut row = |protocol: &str, local: String, foreign: String, state: &str, program: String| {
        let program = if programs { format!(" {program:<20}") } else { String::new() };
        let line = format!("{protocol:<5}      0      0 {local:<23} {foreign:<23} {state:<11}{program}\n");
        out.push_str(&line);
    };
    let mut listeners = listeners(live);
    listeners.sort_by_key(|listener| listener.transport == Transport::Udp);
    let either = !flags.contains(['t', 'u']);
    listeners.retain(|listener| {
        either || flags.contains(if listener.transport == Transport::Tcp { 't' } else { 'u' })
    });
    if listening || all {
        for listener in listeners {
            row(
                listener.transport.name(),
                format!("0.0.0.0:{}", listener.port),
                "0.0.0.0:*".into(),
                if listener.transport == Transport::Tcp { "LISTEN" } else { "" },
                format!("{}/{}", listener.pid, listener.program),
            );
        }
    }
    if !listening && (either || flags.contains('t')) {
        for (local, foreign, program) in established(live) {
            // `netstat` cuts what it says of a program at 20 characters.
            let program = program.chars().take(20).collect();
            row(Transport::Tcp.name(), local, foreign, "ESTABLISHED", program);
        }
    }
    shell.out(&out)?;
    Ok(0)
}

/// Connections of the session and of those who work here: both ends, and what holds it.
fn established(live: &Live) -> Vec<(String, String, String)> {
    let (own, facts) = (live.persona.ip, &live.facts);
    let mut all = vec![(
        format!("{}:{}", live.own_end(), facts.local_port),
        format!("{}:{}", facts.peer_ip, facts.peer_port),
        holder(live),
    )];
    all.extend(live.colleagues().into_iter().map(|one| {
        let program = format!("{}/sshd: {} [priv]", live.pid_at(one.start), one.account);
        (format!("{own}:22"), format!("{}:{}", one.from, one.port), program)
    }));
    all
}

/// Number and command of the process that holds the session's connection.
fn holder(live: &Live) -> String {
    let found = live.entrance().map(|(service, daemon)| match live.login_command(daemon) {
        Some(command) => (live.shell_pid - 13, command),
        None => (live.service_pid(&service.slug), daemon.program().to_owned()),
    });
    found.map_or("-".to_owned(), |(pid, command)| format!("{pid}/{command}"))
}

fn ss(shell: &mut Shell, arguments: &[String]) -> Status {
    let flags: String = rest(arguments).iter().map(|word| word.trim_start_matches('-')).collect();
    let live = &shell.live;
    let mut out = String::from(
        "State    Recv-Q   Send-Q     Local Address:Port     Peer Address:Port  Process                                 \n",
    );
    if flags.contains('l') || flags.contains('a') {
        for listener in listeners(live).iter().filter(|listener| listener.transport == Transport::Tcp) {
            let program = if flags.contains('p') {
                format!("users:((\"{}\",pid={},fd=3))", listener.program, listener.pid)
            } else {
                String::new()
            };
            out.push_str(&format!(
                "LISTEN   0        128              0.0.0.0:{:<9}       0.0.0.0:*      {program}\n",
                listener.port
            ));
        }
    }
    if !flags.contains('l') {
        out.push_str(&format!(
            "ESTAB    0        0        {:>15}:{:<9} {:>13}:{}\n",
            live.own_end().to_string(),
            live.facts.local_port,
            live.facts.peer_ip.to_string(),
            live.facts.peer_port
        ));
        for colleague in live.colleagues() {
            out.push_str(&format!(
                "ESTAB    0        0        {:>15}:{:<9} {:>13}:{}\n",
                live.persona.ip.to_string(),
                22,
                colleague.from.to_string(),
                colleague.port
            ));
        }
    }
    shell.out(&out)?;
    Ok(0)
}

fn route(shell: &mut Shell, _: &[String]) -> Status {
    let live = &shell.live;
    let persona = &live.persona;
    let interface = &persona.hardware.interface;
    let mut out = String::from(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n",
    );
    if let Some(gateway) = persona.gateway {
        out.push_str(&format!(
            "0.0.0.0         {:<15} 0.0.0.0         UG    0      0        0 {interface}\n",
            gateway.to_string()
        ));
    }
    out.push_str(&format!(
        "{:<15} 0.0.0.0         {:<15} U     0      0        0 {interface}\n",
        network_address(live).0.to_string(),
        netmask(persona.prefix).to_string()
    ));
    shell.out(&out)?;
    Ok(0)
}

fn arp(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let interface = live.persona.hardware.interface.clone();
    let short = rest(arguments).iter().any(|word| word == "-a");
    let mut out = if short {
        String::new()
    } else {
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n".into()
    };
    let named = live.near();
    let met = live.met().into_iter().map(|(address, mac, card)| {
        let near = named.iter().find(|near| near.address == address);
        (near.map_or("?", |near| near.name.as_str()), IpAddr::V4(address), mac, card)
    });
    let near = live.neighbours().into_iter().map(|(address, mac)| ("?", address, mac, interface.clone()));
    for (name, address, mac, card) in met.chain(near) {
        let shown = if name == "?" { address.to_string() } else { name.to_owned() };
        out.push_str(&if short {
            format!("{name} ({address}) at {mac} [ether] on {card}\n")
        } else {
            format!("{shown:<24} ether   {mac}   C                     {card}\n")
        });
    }
    shell.out(&out)?;
    Ok(0)
}

/// Whether an address would answer: the node itself, loopback, the gateway and the peer of this segment.
pub(super) fn answers(shell: &Shell, address: Ipv4Addr) -> bool {
    let live = &shell.live;
    address.is_loopback()
        || IpAddr::V4(address) == live.persona.ip
        || live.persona.place.addresses.iter().any(|own| own.ip == address)
        || live.neighbours().iter().any(|(known, _)| *known == IpAddr::V4(address))
}

/// What is said of a host that no route leads to.
pub(super) fn unreachable(shell: &mut Shell, arguments: &[String]) -> Status {
    let host = rest(arguments).last().cloned().unwrap_or_default();
    shell.err(&format!("{}: {host}: Network is unreachable\n", own(arguments)))?;
    Ok(2)
}

/// Reports that something was to be connected to.
pub(super) fn attempt(shell: &mut Shell, url: String, command: String) {
    if shell.events.len() < 4_096 {
        shell.events.push(ShellEvent::DownloadAttempt { url, command });
    }
}

pub(super) fn connect(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    let words: Vec<&String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).collect();
    if words.is_empty() && shell.flavour().busybox() && name != "ssh" {
        return super::help::usage(shell, &name).map(|()| 1);
    }
    if words.is_empty()
        && name == "nc"
        && let Some(status) = super::help::gnu_usage(shell, "nc")
    {
        return status;
    }
    if words.is_empty() {
        let text = match name.as_str() {
            "ssh" => "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address]\n           [-c cipher_spec] [-D [bind_address:]port] [-E log_file]\n           destination [command [argument ...]]\n".to_owned(),
            other => format!("usage: {other} host\n"),
        };
        if name == "ssh" && rest(arguments).iter().any(|word| word == "-V") {
            return version(shell);
        }
        shell.err(&text)?;
        return Ok(255);
    }
    let mut target = words
        .iter()
        .find(|word| word.contains(':') || word.contains('@'))
        .or(words.first())
        .map_or("", |word| word.as_str());
    target = target.rsplit('@').next().unwrap_or(target);
    let (host, _) = target.split_once(':').unwrap_or((target, ""));
    let port = match name.as_str() {
        "ssh" | "scp" | "sftp" | "rsync" => "22".to_owned(),
        "ftp" => "21".into(),
        "telnet" => words.get(1).map_or("23".into(), |port| (*port).clone()),
        _ => words.get(1).map_or_else(String::new, |port| (*port).clone()),
    };
    let command = arguments.join(" ");
    attempt(shell, format!("tcp://{host}:{port}"), command);
    let copies = ["scp", "sftp", "rsync", "ftp"].contains(&name.as_str());
    match port.parse::<u16>().ok().filter(|_| copies && shell.outward.way.find(host).is_some()) {
        Some(number) => given_up(shell, &name, host, number),
        None => refuse(shell, &name, host, &port),
    }
}

/// What a program that copies files says of a host that is reached: it gets no further than the first connection.
fn given_up(shell: &mut Shell, name: &str, host: &str, port: u16) -> Status {
    let connected = shell.connect(host, port, None)?;
    let first = match (&connected, name) {
        (Err(why), "ftp") => format!("ftp: connect: {}\n", why.text()),
        (Err(why), _) => format!("ssh: connect to host {host} port {port}: {}\n", why.text()),
        (Ok(_), "ftp") => "421 Service not available, remote server has closed connection\n".to_owned(),
        // No word of the key: whoever has logged in there by `ssh` has it in his known_hosts.
        (Ok(_), _) => format!("Connection closed by {host} port {port}\n"),
    };
    let (last, status) = match name {
        "scp" => ("scp: Connection closed\n", 255),
        "sftp" => ("Connection closed\n", 255),
        "rsync" => (
            "rsync: connection unexpectedly closed (0 bytes received so far) [sender]\n\
             rsync error: unexplained error (code 255) at io.c(228) [sender=3.2.7]\n",
            255,
        ),
        _ => ("", 1),
    };
    shell.err(&format!("{first}{last}")).map(|()| status)
}

fn version(shell: &mut Shell) -> Status {
    let openssl = shell.live.versions().openssl;
    let product = shell.live.persona.products.get("ssh").cloned();
    let text = match product {
        Some(product) if product.packaging.is_empty() => {
            format!("{}_{}, OpenSSL {openssl}\n", product.name, product.version)
        }
        Some(product) => {
            format!("{}_{} {}, OpenSSL {openssl}\n", product.name, product.version, product.packaging)
        }
        None => format!("OpenSSH_9.2p1 Debian-2+deb12u2, OpenSSL {openssl}\n"),
    };
    shell.err(&text)?;
    Ok(0)
}

/// What a program says of a target that it does not reach, after the time that it takes to learn it.
pub(super) fn refuse(shell: &mut Shell, name: &str, host: &str, port: &str) -> Result<i32, Flow> {
    refuse_within(shell, name, host, port, None)
}

/// As [`refuse`], of a program that waits for a connection no longer than `limit`.
pub(super) fn refuse_within(
    shell: &mut Shell,
    name: &str,
    host: &str,
    port: &str,
    limit: Option<Duration>,
) -> Result<i32, Flow> {
    let local = host.parse::<Ipv4Addr>().is_ok_and(|address| answers(shell, address)) || host == "localhost";
    let numeric = host.parse::<Ipv4Addr>().is_ok() || local;
    let takes = Duration::from_millis(if local {
        2
    } else if numeric {
        130_000
    } else {
        10_010
    });
    // Looking for a name is no connection yet.
    shell.wait(limit.filter(|_| numeric).map_or(takes, |limit| takes.min(limit)))?;
    let reason = if local {
        "Connection refused"
    } else if numeric {
        "Connection timed out"
    } else {
        "Temporary failure in name resolution"
    };
    let text = match name {
        "ssh" | "scp" | "sftp" if numeric => format!("ssh: connect to host {host} port {port}: {reason}\n"),
        "ssh" | "scp" | "sftp" => format!("ssh: Could not resolve hostname {host}: {reason}\n"),
        "telnet" if numeric => {
            format!("Trying {host}...\ntelnet: Unable to connect to remote host: {reason}\n")
        }
        "telnet" => format!("telnet: could not resolve {host}/{port}: {reason}\n"),
        "ftp" => format!("ftp: connect: {reason}\n"),
        _ => return Ok(1),
    };
    shell.err(&text)?;
    Ok(if matches!(name, "ssh" | "scp" | "sftp") { 255 } else { 1 })
}

fn lookup(shell: &mut Shell, arguments: &[String]) -> Status {
    let host =
        rest(arguments).iter().find(|word| !word.starts_with(['-', '@', '+'])).cloned().unwrap_or_default();
    shell.wait(Duration::from_secs(15))?;
    let server =
        shell.live.persona.gateway.map_or_else(|| "127.0.0.53".into(), |gateway| gateway.to_string());
    let text = match own(arguments) {
        "dig" => format!(
            ";; communications error to {server}#53: timed out\n\n; <<>> DiG 9.18.19-1~deb12u1-Debian <<>> {host}\n;; global options: +cmd\n;; no servers could be reached\n\n"
        ),
        _ => format!(";; communications error to {server}#53: timed out\n;; no servers could be reached\n\n"),
    };
    shell.out(&text)?;
    Ok(if own(arguments) == "dig" { 9 } else { 1 })
}

fn iptables(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if shell.fs.credentials.uid != 0 {
        shell.err("iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n")?;
        return Ok(4);
    }
    if words.iter().any(|word| word.starts_with("-L") || word == "-nL" || word == "-vnL" || word == "-S") {
        let text = if words.iter().any(|word| word == "-S") {
            "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
        } else {
            "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination         \n\nChain FORWARD (policy ACCEPT)\ntarget     prot opt source               destination         \n\nChain OUTPUT (policy ACCEPT)\ntarget     prot opt source               destination         \n"
        };
        shell.out(text)?;
    }
    Ok(0)
}
