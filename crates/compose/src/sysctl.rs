//! What a kernel is told so that a container's stack looks like that of another system.
//!
//! The values are those that DECNET 1 used for its families; macOS, Junos and ESXi follow BSD, from which their stacks
//! come. They reach as far as sysctls do: options and windows of a face need the gate.

use std::collections::BTreeMap;

/// Time to live comes from the persona.
const TTL: &str = "net.ipv4.ip_default_ttl";

/// The names, in the order of the columns of [`FAMILIES`].
const NAMES: [&str; 9] = [
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_ecn",
    "net.ipv4.ip_no_pmtu_disc",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.icmp_ratelimit",
    "net.ipv4.icmp_ratemask",
];

/// Families and their values.
const FAMILIES: &[(&str, [u32; 9])] = &[
    ("linux", [6, 1, 1, 1, 2, 0, 60, 1000, 6168]),
    ("windows", [2, 1, 1, 1, 0, 0, 30, 0, 0]),
    ("windows_server", [2, 1, 1, 1, 1, 0, 30, 0, 0]),
    ("bsd", [6, 1, 1, 1, 0, 0, 60, 250, 6168]),
    ("macos", [6, 1, 1, 1, 0, 0, 60, 250, 6168]),
    ("junos", [6, 1, 1, 1, 0, 0, 60, 250, 6168]),
    ("esxi", [6, 1, 1, 1, 0, 0, 60, 250, 6168]),
    ("embedded", [3, 0, 0, 0, 0, 1, 15, 0, 0]),
    ("cisco", [2, 0, 0, 0, 0, 1, 15, 0, 0]),
];

/// What holds for every decky: no port needs a privilege, and nothing speaks IPv6, whose link-local addresses would
/// be those of the host's own system.
const ALWAYS: &[(&str, &str)] =
    &[("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv6.conf.all.disable_ipv6", "1")];

/// The sysctls of a system of `family` with this time to live. A family that nobody knows is Linux.
pub fn of(family: &str, ttl: u8) -> BTreeMap<String, String> {
    let row = FAMILIES.iter().find(|(name, _)| *name == family).or_else(|| FAMILIES.first());
    let values = row.map(|(_, values)| values.as_slice()).unwrap_or_default();
    let drawn = NAMES.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_string()));
    let always = ALWAYS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    drawn.chain(always).chain([(TTL.to_owned(), ttl.to_string())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::tables::systems::SYSTEMS;

    #[test]
    fn every_family_has_a_row() {
        for system in SYSTEMS {
            assert!(FAMILIES.iter().any(|(family, _)| *family == system.family), "{}", system.family);
        }
        let windows = of("windows", 128);
        assert_eq!((windows[TTL].as_str(), windows["net.ipv4.tcp_ecn"].as_str()), ("128", "0"));
        assert_eq!(windows.len(), NAMES.len() + ALWAYS.len() + 1);
    }
}
