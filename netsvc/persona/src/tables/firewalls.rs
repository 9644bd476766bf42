//! The packet filters that systems come with, and what they do with what they do not let in.
//!
//! Sources: firewalld's zone `public` (rejects; up to version 0.8 with iptables' `icmp-host-prohibited`, since
//! then with nftables' `icmpx admin-prohibited`); ufw's `before.rules` (drops, lets echo requests in);
//! `pf.conf(5)`, `set block-policy drop`; Windows Defender Firewall, rules of the group "File and Printer
//! Sharing" and stealth mode; IOS extended access lists (`ip access-list`, implicit deny, RFC 1812, 5.2.7.1).

use crate::Os;

/// What a packet gets that is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing.
    Silence,
    /// ICMP destination unreachable with this code.
    Unreachable(u8),
}

/// Who gets an echo reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// Everybody.
    Answered,
    /// Everybody if files are shared (SMB or NetBIOS is open), else nobody.
    WithFileSharing,
}

/// A packet filter with the rules that it is delivered with, and an opening for each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// Name.
    pub name: &'static str,
    /// Whether it is on after the system was installed.
    pub usual: bool,
    /// What a packet to a closed port gets.
    pub refusal: Refusal,
    /// Echo requests.
    pub echo: Echo,
    /// Whether other questions by ICMP, for the time or the mask, get to the stack.
    pub queries: bool,
    /// What an acknowledgement out of nowhere gets at an open port: the stack's reset, or silence.
    pub picks_up: bool,
    /// Whether it knows connections, and drops what begins none and belongs to none.
    pub stateful: bool,
}

const fn firewalld(code: u8) -> Firewall {
    Firewall {
        name: "firewalld",
        usual: true,
        refusal: Refusal::Unreachable(code),
        echo: Echo::Answered,
        // A zone lets all of ICMP in but what is named in it.
        queries: true,
        picks_up: true,
        stateful: true,
    }
}

const UFW: Firewall =
    Firewall { name: "ufw", usual: false, refusal: Refusal::Silence, queries: false, ..firewalld(0) };
const PF: Firewall = Firewall { name: "pf", picks_up: false, ..UFW };
/// `esxcli network firewall`: closed ports are dropped, pings answered.
const ESXI: Firewall = Firewall { name: "ESXi firewall", usual: true, ..PF };
const DEFENDER: Firewall = Firewall {
    name: "Windows Defender Firewall",
    usual: true,
    refusal: Refusal::Silence,
    echo: Echo::WithFileSharing,
    queries: false,
    picks_up: false,
    stateful: true,
};
const ACCESS_LIST: Firewall = Firewall {
    name: "access list",
    usual: false,
    refusal: Refusal::Unreachable(13),
    echo: Echo::Answered,
    queries: false,
    picks_up: true,
    stateful: false,
};

/// Host prohibited, and communication administratively prohibited (RFC 1122, 3.2.2.1; RFC 1812, 5.2.7.1).
const FIREWALLD_OLD: Firewall = firewalld(10);
const FIREWALLD: Firewall = firewalld(13);

/// The packet filter of a system; `None`: it has none.
pub fn of(os: &Os) -> Option<&'static Firewall> {
    find(&os.family, &os.id)
}

/// The packet filter of the system `id` of `family`; `None`: it has none.
pub fn find(family: &str, id: &str) -> Option<&'static Firewall> {
    let starts = |names: &[&str]| names.iter().any(|name| id.starts_with(name));
    Some(match family {
        "windows" | "windows_server" => &DEFENDER,
        "linux" if starts(&["centos6", "centos7", "rhel7"]) => &FIREWALLD_OLD,
        "linux" if starts(&["rocky", "alma", "rhel", "centos", "fedora", "opensuse", "sles"]) => &FIREWALLD,
        "linux" if starts(&["debian", "ubuntu", "kali", "arch", "alpine"]) => &UFW,
        "bsd" | "macos" => &PF,
        "esxi" => &ESXI,
        "cisco" if !id.contains("junos") => &ACCESS_LIST,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_refuses_in_its_own_way() {
        let cases = [
            ("linux", "rocky9", "firewalld", true, Refusal::Unreachable(13)),
            ("linux", "centos7", "firewalld", true, Refusal::Unreachable(10)),
            ("linux", "debian12", "ufw", false, Refusal::Silence),
            ("esxi", "esxi", "ESXi firewall", true, Refusal::Silence),
            ("windows_server", "windows_server_2019", DEFENDER.name, true, Refusal::Silence),
            ("bsd", "freebsd13", "pf", false, Refusal::Silence),
            ("cisco", "cisco_ios", "access list", false, Refusal::Unreachable(13)),
        ];
        for (family, id, name, usual, refusal) in cases {
            let found = find(family, id).unwrap();
            assert_eq!((found.name, found.usual, found.refusal), (name, usual, refusal), "{id}");
        }
        assert_eq!(find("embedded", "hp_printer"), None);
    }
}
