//! Systems by their first segments, and programs that make segments of their own. Facts of captures and of the systems'
//! sources; no database is copied.

use super::{Signature, Window};
use crate::packet::Tcp;
use std::net::IpAddr;

/// A system, or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// The family: two of these behind an address are two hosts.
    pub family: &'static str,
}

/// How a system's SYN looks.
struct Row {
    known: Known,
    initial: u8,
    layout: &'static str,
    window: Rule,
    /// Window scales; empty: any.
    scales: &'static [u8],
}

enum Rule {
    Any,
    Bytes(&'static [u16]),
    Segments(&'static [u16]),
}

const fn row(
    name: &'static str,
    family: &'static str,
    initial: u8,
    layout: &'static str,
    window: Rule,
    scales: &'static [u8],
) -> Row {
    Row { known: Known { name, family }, initial, layout, window, scales }
}

use Rule::{Any, Bytes, Segments};

/// The first that fits counts. Windows: net/ipv4/tcp_output.c (`tcp_select_initial_window`) of Linux; the defaults that
/// Microsoft documents; sys/netinet/tcp_var.h of the BSDs and of XNU.
const SYSTEMS: &[Row] = &[
    row("Linux 4.19 or newer", "Linux", 64, "mss,sok,ts,nop,ws", Segments(&[44, 45]), &[]),
    row("Linux 3.11 to 4.18", "Linux", 64, "mss,sok,ts,nop,ws", Segments(&[20]), &[]),
    row("Linux 2.6.39 to 3.10", "Linux", 64, "mss,sok,ts,nop,ws", Segments(&[10]), &[]),
    row("Linux 2.6", "Linux", 64, "mss,sok,ts,nop,ws", Segments(&[4]), &[]),
    row("Android or another mobile Linux", "Linux", 64, "mss,sok,ts,nop,ws", Bytes(&[65535]), &[]),
    row("Linux", "Linux", 64, "mss,sok,ts,nop,ws", Any, &[]),
    row("Linux without timestamps", "Linux", 64, "mss,nop,nop,sok,nop,ws", Any, &[]),
    row(
        "Windows 10, 11 or Server 2016 and newer",
        "Windows",
        128,
        "mss,nop,ws,nop,nop,sok",
        Bytes(&[64240, 65535]),
        &[8],
    ),
    row(
        "Windows 7, 8 or Server 2008 to 2012",
        "Windows",
        128,
        "mss,nop,ws,nop,nop,sok",
        Bytes(&[8192]),
        &[2, 8],
    ),
    row("Windows", "Windows", 128, "mss,nop,ws,nop,nop,sok", Any, &[]),
    row("Windows with timestamps", "Windows", 128, "mss,nop,ws,sok,ts", Any, &[]),
    row("Windows XP or Server 2003", "Windows", 128, "mss,nop,nop,sok", Any, &[0]),
    row("macOS or iOS", "Apple", 64, "mss,nop,ws,nop,nop,ts,sok,eol+1", Bytes(&[65535]), &[]),
    row("macOS or iOS", "Apple", 64, "mss,nop,ws,nop,nop,ts,sok,nop,nop", Bytes(&[65535]), &[]),
    row("FreeBSD", "FreeBSD", 64, "mss,nop,ws,sok,ts", Bytes(&[65535]), &[]),
    row("OpenBSD", "OpenBSD", 64, "mss,nop,nop,sok,nop,ws,nop,nop,ts", Bytes(&[16384]), &[]),
    row("NetBSD", "NetBSD", 64, "mss,nop,ws,sok,nop,nop,nop,nop,ts", Any, &[]),
    row("NetBSD", "NetBSD", 64, "mss,nop,ws,nop,nop,ts,sok,nop,nop", Bytes(&[32768]), &[]),
    row("Solaris or illumos", "Solaris", 64, "sok,ts,mss,nop,ws", Any, &[]),
    row("Cisco IOS", "Cisco", 255, "mss", Bytes(&[4128]), &[0]),
    row("lwIP, as small devices have it", "lwIP", 255, "mss", Any, &[0]),
];

/// The system whose SYN this is; of SYN-ACKs only the family of the options is told where the window depends on the
/// peer, so they are not judged.
pub fn guess(signature: &Signature) -> Option<Known> {
    if !signature.is_of_client() {
        return None;
    }
    let layout = signature.layout();
    let fits = |row: &&Row| {
        row.initial == signature.initial()
            && row.layout == layout
            && (row.scales.is_empty() || row.scales.contains(&signature.options.scale.unwrap_or_default()))
            && match row.window {
                Any => true,
                Bytes(sizes) => sizes.contains(&signature.window),
                Segments(times) => {
                    matches!(signature.window(), Window::Segments(found) if times.contains(&found))
                }
            }
    };
    SYSTEMS.iter().find(fits).map(|row| row.known)
}

/// The program that makes such a SYN, where one does by itself.
///
/// Sources: zmap's `probe_modules` (identification 54321), masscan's `templ-pkt.c`, nmap's `tcpip.cc` (windows 1024 to
/// 4096, largest segment 1460), the published source of Mirai (`scanner.c`: the sequence number is the address),
/// hping's `globals.h` (window 512).
pub fn tool(signature: &Signature, tcp: &Tcp<'_>, destination: IpAddr) -> Option<&'static str> {
    if !signature.is_of_client() {
        return None;
    }
    let kinds = signature.options.list.kinds();
    let (window, whole) = (signature.window, signature.header.whole);
    let to = match destination {
        IpAddr::V4(address) => address.to_bits(),
        IpAddr::V6(_) => 0,
    };
    match kinds {
        _ if to != 0 && tcp.sequence == to => Some("mirai"),
        _ if signature.header.id == 54321 && !whole && window == 65535 => Some("zmap"),
        [] | [2] if window == 1024 && !whole && signature.initial() == 255 => Some("masscan"),
        [2] if matches!(window, 1024 | 2048 | 3072 | 4096)
            && !whole
            && signature.options.segment == Some(1460) =>
        {
            Some("nmap")
        }
        [] if window == 512 && !whole => Some("hping"),
        _ => None,
    }
}
