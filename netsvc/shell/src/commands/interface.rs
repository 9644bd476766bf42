//! Interfaces of the network as `ifconfig` and `ip` show them.

use super::{Run, rest};
use crate::{
    flavour::Flavour,
    interpret::{Shell, Status},
    live::{Live, activity::Traffic, netmask, network_address, network_of, next_card},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("ifconfig", ifconfig), ("ip", ip)];

/// An interface: the loopback or the card.
struct Interface {
    number: usize,
    name: String,
    loopback: bool,
    address: String,
    prefix: u8,
    broadcast: String,
    mac: String,
    traffic: Traffic,
}

fn interfaces(live: &Live) -> Vec<Interface> {
    let persona = &live.persona;
    let (bytes, packets) = live.loopback();
    let lo = Interface {
        number: 1,
        name: "lo".into(),
        loopback: true,
        address: "127.0.0.1".into(),
        prefix: 8,
        broadcast: String::new(),
        mac: "00:00:00:00:00:00".into(),
        traffic: Traffic { received: bytes, packets_in: packets, sent: bytes, packets_out: packets },
    };
    let card = Interface {
        number: 2,
        name: persona.hardware.interface.clone(),
        loopback: false,
        address: persona.ip.to_string(),
        prefix: persona.prefix,
        broadcast: network_address(live).1.to_string(),
        mac: persona.mac.clone(),
        traffic: live.traffic(),
    };
    [lo, card].into_iter().chain(further(live)).collect()
}

/// The cards of further networks: of the same make, one after the other.
fn further(live: &Live) -> impl Iterator<Item = Interface> {
    let persona = &live.persona;
    persona.place.addresses.iter().zip(1_u32..).map(|(own, more)| {
        let (bytes, packets) = live.loopback();
        Interface {
            number: usize::try_from(more).unwrap_or_default() + 2,
            name: next_card(&persona.hardware.interface, more),
            loopback: false,
            address: own.ip.to_string(),
            prefix: own.prefix,
            broadcast: network_of(own.ip, own.prefix).1.to_string(),
            mac: next_mac(&persona.mac, more),
            traffic: Traffic { received: bytes, packets_in: packets, sent: bytes, packets_out: packets },
        }
    })
}

/// The hardware address that many after `first`.
fn next_mac(first: &str, more: u32) -> String {
    let (stem, last) = first.rsplit_once(':').unwrap_or((first, ""));
    let last = u8::from_str_radix(last, 16).unwrap_or_default();
    format!("{stem}:{:02x}", last.wrapping_add(more.to_le_bytes()[0]))
}

/// Bytes as net-tools puts them in brackets.
fn bracketed(bytes: u64) -> String {
    let (unit, size) = match bytes {
        0..1_024 => return format!("{bytes}.0 B"),
        1_024..1_048_576 => ("KiB", 1_024),
        1_048_576..1_073_741_824 => ("MiB", 1 << 20),
        1_073_741_824..1_099_511_627_776 => ("GiB", 1 << 30),
        _ => ("TiB", 1_u64 << 40),
    };
    // Tenths are cut, not rounded.
    format!("{}.{} {unit}", bytes / size, bytes % size * 10 / size)
}

fn ifconfig(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let words = rest(arguments);
    let name = words.iter().find(|word| !word.starts_with('-'));
    let short = words.iter().any(|word| word == "-s");
    let applet = live.flavour.busybox();
    let old = applet || live.persona.os.id == "centos6";
    let all = interfaces(live);
    let (lo, cards): (Vec<&Interface>, Vec<&Interface>) = all.iter().partition(|one| one.loopback);
    let shown: Vec<&Interface> =
        cards.into_iter().chain(lo).filter(|one| name.is_none_or(|name| one.name == *name)).collect();
    let Some(name) = name.filter(|_| shown.is_empty()) else {
        if words.iter().filter(|word| !word.starts_with('-')).count() > 1 {
            // A setting: this host takes it and stays reachable.
            return Ok(0);
        }
        let mut text = String::new();
        if short && !applet {
            text.push_str("Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n");
        }
        for one in shown {
            text.push_str(&match (short && !applet, old) {
                (true, _) => row(one),
                (_, true) => old_block(one),
                (_, false) => block(one),
            });
        }
        shell.out(&text)?;
        return Ok(0);
    };
    let head = if applet { "ifconfig: " } else { "" };
    shell.err(&format!("{head}{name}: error fetching interface information: Device not found\n"))?;
    Ok(1)
}

fn row(one: &Interface) -> String {
    let (mtu, flags) = if one.loopback { (65_536, "LRU") } else { (1_500, "BMRU") };
    format!(
        "{:<12} {mtu:>8} {:>8}      0      0 0      {:>8}      0      0      0 {flags}\n",
        one.name, one.traffic.packets_in, one.traffic.packets_out
    )
}

/// As net-tools shows it since 2.10.
fn block(one: &Interface) -> String {
    let Interface { name, address, mac, broadcast, traffic, .. } = one;
    let mask = netmask(one.prefix);
    let (head, link) = if one.loopback {
        (
            format!(
                "{name}: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet {address}  netmask {mask}\n"
            ),
            "        loop  txqueuelen 1000  (Local Loopback)\n".to_owned(),
        )
    } else {
        (
            format!(
                "{name}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n\
                 \x20       inet {address}  netmask {mask}  broadcast {broadcast}\n"
            ),
            format!("        ether {mac}  txqueuelen 1000  (Ethernet)\n"),
        )
    };
    let Traffic { received, packets_in, sent, packets_out } = *traffic;
    format!(
        "{head}{link}        RX packets {packets_in}  bytes {received} ({})\n\
         \x20       RX errors 0  dropped 0  overruns 0  frame 0\n\
         \x20       TX packets {packets_out}  bytes {sent} ({})\n\
         \x20       TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\
         \n",
        bracketed(received),
        bracketed(sent)
    )
}

/// As net-tools showed it before, and BusyBox does.
fn old_block(one: &Interface) -> String {
    let Interface { name, address, mac, broadcast, traffic, .. } = one;
    let mask = netmask(one.prefix);
    let (head, queue) = if one.loopback {
        (
            format!(
                "{name:<9} Link encap:Local Loopback  \n\
                 \x20         inet addr:{address}  Mask:{mask}\n\
                 \x20         UP LOOPBACK RUNNING  MTU:65536  Metric:1\n"
            ),
            0,
        )
    } else {
        (
            format!(
                "{name:<9} Link encap:Ethernet  HWaddr {}  \n\
                 \x20         inet addr:{address}  Bcast:{broadcast}  Mask:{mask}\n\
                 \x20         UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n",
                mac.to_ascii_uppercase()
            ),
            1_000,
        )
    };
    let Traffic { received, packets_in, sent, packets_out } = *traffic;
    format!(
        "{head}          RX packets:{packets_in} errors:0 dropped:0 overruns:0 frame:0\n\
         \x20         TX packets:{packets_out} errors:0 dropped:0 overruns:0 carrier:0\n\
         \x20         collisions:0 txqueuelen:{queue} \n\
         \x20         RX bytes:{received} ({})  TX bytes:{sent} ({})\n\
         \n",
        bracketed(received),
        bracketed(sent)
    )
}

/// What `ip` is told before its object.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    brief: bool,
    one_line: bool,
    statistics: bool,
    only_four: bool,
    only_six: bool,
}

fn ip(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut manner = Manner::default();
    let mut words: Vec<&str> = rest(arguments).iter().map(String::as_str).collect();
    while let Some(option) = words.first().filter(|word| word.starts_with('-')).copied() {
        words.remove(0);
        match option.trim_start_matches('-') {
            "br" | "brief" => manner.brief = true,
            "o" | "oneline" => manner.one_line = true,
            "s" | "stats" | "statistics" | "ss" => manner.statistics = true,
            "4" => manner.only_four = true,
            "6" => manner.only_six = true,
            "f" | "family" if !words.is_empty() => match words.remove(0) {
                "inet" => manner.only_four = true,
                "inet6" => manner.only_six = true,
                _ => {}
            },
            "V" | "Version" if !shell.flavour().busybox() => {
                let version = shell.live.versions().iproute;
                shell.out(&format!("ip utility, iproute2-{version}\n"))?;
                return Ok(0);
            }
            "c" | "color" | "d" | "details" | "r" | "resolve" | "h" | "human" | "N" | "a" | "t" | "p" => {}
            other if other.starts_with("color=") || other.starts_with("c=") => {}
            _ => {
                shell.err(&format!("Option \"{option}\" is unknown, try \"ip -help\".\n"))?;
                return Ok(255);
            }
        }
    }
    let object = words.first().copied().unwrap_or("");
    let words = words.get(1..).unwrap_or(&[]);
    let names = |full: &str| !object.is_empty() && full.starts_with(object);
    if object.is_empty() {
        return usage(shell);
    }
    if names("address") || object == "addr" {
        addresses(shell, words, manner)
    } else if names("link") {
        links(shell, words, manner)
    } else if names("route") {
        routes(shell, words, manner)
    } else if names("neighbour") || names("neighbor") {
        let interface = &shell.live.persona.hardware.interface;
        let near = shell.live.neighbours();
        let lines = near.iter().map(|(to, mac)| format!("{to} dev {interface} lladdr {mac} REACHABLE \n"));
        let met = shell.live.met();
        let met = met.iter().map(|(to, mac, card)| format!("{to} dev {card} lladdr {mac} REACHABLE \n"));
        let text: String = met.chain(lines).collect();
        shell.out(&text)?;
        Ok(0)
    } else if names("rule") {
        shell.out(
            "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n",
        )?;
        Ok(0)
    } else {
        shell.err(&format!("Object \"{object}\" is unknown, try \"ip help\".\n"))?;
        Ok(1)
    }
}

fn usage(shell: &mut Shell) -> Status {
    if shell.flavour().busybox() {
        super::help::usage(shell, "ip")?;
        return Ok(1);
    }
    shell.err("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\n")?;
    Ok(255)
}

/// The interfaces that `show [dev] NAME` chooses. `None`: another verb, or a name that is none; it was told.
fn chosen(shell: &mut Shell, words: &[&str]) -> Result<Result<Vec<Interface>, i32>, crate::interpret::Flow> {
    let words = match words {
        [verb, rest @ ..] if ["show", "list", "ls", "lst", "sh", "s", "l"].contains(verb) => rest,
        [verb, ..] if ["add", "del", "delete", "set", "change", "replace", "flush"].contains(verb) => {
            return Ok(Err(0));
        }
        other => other,
    };
    let name = match words {
        ["dev", name, ..] => Some(*name),
        ["up" | "scope" | "to" | "type" | "label" | "primary", ..] | [] => None,
        [name, ..] => Some(*name),
    };
    let all = interfaces(&shell.live);
    let known = name.is_none_or(|name| all.iter().any(|one| one.name == name));
    if let Some(name) = name.filter(|_| !known) {
        let text = if shell.flavour().busybox() {
            format!("ip: can't find device '{name}'\n")
        } else {
            format!("Device \"{name}\" does not exist.\n")
        };
        shell.err(&text)?;
        return Ok(Err(1));
    }
    Ok(Ok(all.into_iter().filter(|one| name.is_none_or(|name| one.name == name)).collect()))
}

/// `1: lo: <…> … qlen 1000`, without its line end; `mode`: with the mode, as for links.
fn head(live: &Live, one: &Interface, mode: bool) -> String {
    let (number, flags, mtu, queue, state) = if one.loopback {
        (one.number, "LOOPBACK,UP,LOWER_UP", 65_536, "noqueue", "UNKNOWN")
    } else {
        (one.number, "BROADCAST,MULTICAST,UP,LOWER_UP", 1_500, "fq_codel", "UP")
    };
    let queue = match live.flavour {
        Flavour::Busybox | Flavour::Alpine if !one.loopback => "pfifo_fast",
        _ => queue,
    };
    let group = match (live.flavour.busybox(), mode) {
        (true, _) => "",
        (_, true) => "mode DEFAULT group default ",
        (_, false) => "group default ",
    };
    format!("{number}: {}: <{flags}> mtu {mtu} qdisc {queue} state {state} {group}qlen 1000", one.name)
}

fn link_line(one: &Interface) -> String {
    let (kind, all) =
        if one.loopback { ("loopback", "00:00:00:00:00:00") } else { ("ether", "ff:ff:ff:ff:ff:ff") };
    format!("    link/{kind} {} brd {all}", one.mac)
}

fn inet(one: &Interface) -> String {
    let (address, prefix, name) = (&one.address, one.prefix, &one.name);
    if one.loopback {
        format!("inet {address}/{prefix} scope host {name}")
    } else {
        format!("inet {address}/{prefix} brd {} scope global {name}", one.broadcast)
    }
}

fn addresses(shell: &mut Shell, words: &[&str], manner: Manner) -> Status {
    let shown = match chosen(shell, words)? {
        Ok(shown) => shown,
        Err(status) => return Ok(status),
    };
    let live = &shell.live;
    let mut text = String::new();
    for one in &shown {
        let number = one.number;
        let lives = "       valid_lft forever preferred_lft forever";
        if manner.brief {
            let state = if one.loopback { "UNKNOWN" } else { "UP" };
            let address =
                if manner.only_six { String::new() } else { format!("{}/{} ", one.address, one.prefix) };
            text.push_str(&format!("{:<16} {state:<14} {address}\n", one.name));
        } else if manner.only_six {
            // The host has no addresses of that family.
        } else if manner.one_line {
            text.push_str(&format!("{number}: {}    {}\\{lives}\n", one.name, inet(one)));
        } else {
            text.push_str(&head(live, one, false));
            if !manner.only_four {
                text.push_str(&format!("\n{}", link_line(one)));
            }
            text.push_str(&format!("\n    {}\n{lives}\n", inet(one)));
            if manner.statistics {
                text.push_str(&statistics(live, one));
            }
        }
    }
    shell.out(&text)?;
    Ok(0)
}

fn links(shell: &mut Shell, words: &[&str], manner: Manner) -> Status {
    let shown = match chosen(shell, words)? {
        Ok(shown) => shown,
        Err(status) => return Ok(status),
    };
    let live = &shell.live;
    let mut text = String::new();
    for one in &shown {
        if manner.brief {
            let (state, flags) = if one.loopback {
                ("UNKNOWN", "LOOPBACK,UP,LOWER_UP")
            } else {
                ("UP", "BROADCAST,MULTICAST,UP,LOWER_UP")
            };
            text.push_str(&format!("{:<16} {state:<14} {} <{flags}> \n", one.name, one.mac));
            continue;
        }
        let mut block = format!("{}\n{}\n", head(live, one, true), link_line(one));
        if manner.statistics {
            block.push_str(&statistics(live, one));
        }
        if manner.one_line {
            block = block.trim_end_matches('\n').replace('\n', "\\") + "\n";
        }
        text.push_str(&block);
    }
    shell.out(&text)?;
    Ok(0)
}

/// The counters of `ip -s`: columns as wide as what is in them since iproute2 5.15, of fixed width before.
fn statistics(live: &Live, one: &Interface) -> String {
    let Traffic { received, packets_in, sent, packets_out } = one.traffic;
    if live.flavour.busybox() || live.versions().iproute_number() < (5, 15) {
        let part = |way: &str, bytes: u64, packets: u64, last: &str| {
            let titles = format!("bytes  packets  errors  dropped {last}");
            format!("    {way}: {titles}\n    {bytes:<10} {packets:<8} 0       0       0       0       \n")
        };
        return part("RX", received, packets_in, "overrun mcast   ")
            + &part("TX", sent, packets_out, "carrier collsns ");
    }
    let width = |least: usize, values: [u64; 2]| {
        values.iter().map(|value| value.to_string().len()).fold(least, usize::max)
    };
    let bytes = width(10, [received, sent]);
    let packets = width(7, [packets_in, packets_out]);
    let part = |way: &str, values: (u64, u64), last: &str| {
        let titles = format!("{:>1$} {2:>packets$} errors dropped {last}", "bytes", bytes - 4, "packets");
        let (count, number) = values;
        let zeros = "     0       0       0       0 ";
        format!("    {way}: {titles}           \n    {count:>bytes$} {number:>packets$} {zeros}\n")
    };
    part("RX", (received, packets_in), " missed   mcast")
        + &part("TX", (sent, packets_out), "carrier collsns")
}

fn routes(shell: &mut Shell, words: &[&str], manner: Manner) -> Status {
    let live = &shell.live;
    let persona = &live.persona;
    let interface = &persona.hardware.interface;
    let end = if live.flavour.busybox() { "" } else { " onlink " };
    let default = persona.gateway.map(|gateway| format!("default via {gateway} dev {interface}{end}\n"));
    let text = match words {
        _ if manner.only_six => String::new(),
        ["get", to, ..] => {
            let to: String = to.chars().filter(|letter| letter.is_ascii_digit() || *letter == '.').collect();
            let near =
                persona.gateway.filter(|_| !live.neighbours().iter().any(|(ip, _)| ip.to_string() == to));
            let via = near.map_or_else(String::new, |gateway| format!(" via {gateway}"));
            let uid = shell.fs.credentials.uid;
            format!("{to}{via} dev {interface} src {} uid {uid} \n    cache \n", persona.ip)
        }
        ["add" | "del" | "delete" | "change" | "replace" | "flush", ..] => String::new(),
        ["show" | "list" | "ls", "default", ..] | ["default", ..] => default.unwrap_or_default(),
        _ => {
            let (network, _) = network_address(live);
            let (prefix, ip) = (persona.prefix, persona.ip);
            let kernel = if live.flavour.busybox() { "" } else { " proto kernel" };
            let local = format!("{network}/{prefix} dev {interface}{kernel} scope link  src {ip} \n");
            let local = if live.flavour.busybox() { local } else { local.replace("link  src", "link src") };
            let more = further(live).zip(&persona.place.addresses).map(|(one, own)| {
                let (network, _) = network_of(own.ip, own.prefix);
                format!("{network}/{} dev {}{kernel} scope link src {} \n", own.prefix, one.name, own.ip)
            });
            default.unwrap_or_default() + &local + &more.collect::<String>()
        }
    };
    shell.out(&text)?;
    Ok(0)
}
