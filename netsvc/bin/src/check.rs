//! `check`: whether somebody listens at each of the given ports of this network namespace.
//!
//! It reads the kernel's tables and connects nowhere: a connection would be one more event of the node.

use std::collections::BTreeSet;

/// `st` of a TCP socket that listens, of a UDP socket that is bound (`include/net/tcp_states.h`).
const LISTENS: &str = "0A";
const BOUND: &str = "07";
/// Tables with the state that counts there.
const TABLES: &[(&str, &str, &str)] = &[
    ("tcp", "/proc/net/tcp", LISTENS),
    ("tcp", "/proc/net/tcp6", LISTENS),
    ("udp", "/proc/net/udp", BOUND),
    ("udp", "/proc/net/udp6", BOUND),
];

/// Each argument is `tcp:22` or `udp:161`.
///
/// # Errors
/// Names the ports that nobody serves.
pub(crate) fn run(wanted: impl Iterator<Item = String>) -> Result<(), Box<dyn std::error::Error>> {
    let mut served = BTreeSet::new();
    for (transport, path, state) in TABLES {
        // Without IPv6 its tables are not there.
        let table = std::fs::read_to_string(path).unwrap_or_default();
        served.extend(ports(&table, state).map(|port| format!("{transport}:{port}")));
    }
    let missing: Vec<_> = wanted.filter(|port| !served.contains(port)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not served: {}", missing.join(", ")).into()) }
}

/// Local ports of the sockets in `table` that are in `state` (proc_net_tcp in the kernel's documentation).
fn ports<'a>(table: &'a str, state: &'a str) -> impl Iterator<Item = u16> + use<'a> {
    table.lines().skip(1).filter_map(move |line| {
        let mut columns = line.split_whitespace().skip(1);
        let (local, is) = (columns.next()?, columns.nth(1)?);
        let port = u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()?;
        (is == state).then_some(port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_listen_are_told_from_those_that_talk() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n\
                     \x20  0: 0500460A:0016 00000000:0000 0A 00000000:00000000 00:00000000\n\
                     \x20  1: 0500460A:1F90 0100460A:C350 01 00000000:00000000 00:00000000\n";
        assert_eq!(ports(table, LISTENS).collect::<Vec<_>>(), [22]);
        let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = own.local_addr().unwrap().port();
        assert!(run([format!("tcp:{port}")].into_iter()).is_ok());
        drop(own);
        let error = run([format!("tcp:{port}")].into_iter()).unwrap_err().to_string();
        assert_eq!(error, format!("not served: tcp:{port}"));
    }
}
