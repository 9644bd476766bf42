//! The persona document. Version 1. Later versions only add fields, each with a default.

use crate::{Place, Slow, people::Colleague, routine::Routine, tables::hardware};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

/// Version of the document that this code writes.
pub const PERSONA_VERSION: u32 = 1;

/// Everything that a peer can observe of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Persona {
    /// Version of the document.
    pub persona_version: u32,
    /// Unique name of the node in its fleet; never on the wire.
    pub node: String,
    /// Host name without domain.
    pub hostname: String,
    /// DNS domain.
    pub domain: String,
    /// Address on the segment.
    pub ip: IpAddr,
    /// Prefix length of the segment.
    pub prefix: u8,
    /// Gateway of the segment, as far as the node has one.
    pub gateway: Option<IpAddr>,
    /// Hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// Vendor that the MAC's prefix belongs to.
    pub mac_vendor: String,
    /// Operating system.
    pub os: Os,
    /// Hardware as the shell shows it.
    pub hardware: Hardware,
    /// Boot time, µs since the epoch. Stored, so that uptime survives our restarts.
    pub booted_at: i64,
    /// When the system was "installed", µs since the epoch: dates of files, keys and certificates.
    pub installed_at: i64,
    /// Offset of the node's clock from the host's, in milliseconds.
    pub clock_offset_ms: i64,
    /// Time zone of shell and protocols: offset from UTC in minutes and its abbreviation.
    pub zone: Zone,
    /// Accounts, root first.
    pub users: Vec<User>,
    /// Who may log in, for every service that has logins.
    pub login: LoginPolicy,
    /// Product and version that each service shows, by slug.
    pub products: BTreeMap<String, Product>,
    /// SSH host keys.
    pub ssh_keys: SshKeys,
    /// Certificate that TLS services show.
    pub certificate: Certificate,
    /// Passive ports of FTP, first and last, both included.
    pub passive_ports: (u16, u16),
    /// Secret of this node, 32 bytes hex, from which the stage derives what it makes at run time
    /// (RSA keys, salts, identifiers). Never on the wire.
    pub subkey: Secret,
    /// How often the node was given another persona on purpose.
    #[serde(default, skip_serializing_if = "is_first")]
    pub generation: u32,
    /// The face of its network stack as text, where it is not that of its system. The first line is a comment with
    /// the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face: Option<String>,
    /// What the node does without being asked.
    #[serde(default, skip_serializing_if = "Life::is_usual")]
    pub life: Life,
    /// Whether the packet filter that the system comes with ([`crate::tables::firewalls`]) is on.
    #[serde(default, skip_serializing_if = "is_off")]
    pub firewall: bool,
    /// Files that the node has beside those of its system and services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<OwnFile>,
    /// The people of the organisation that the node belongs to, as far as it tells of them; none: it makes up its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Colleague>,
    /// Where it stands beside its segment, and whom it reaches.
    #[serde(default, skip_serializing_if = "Place::is_usual")]
    pub place: Place,
    /// Whom it keeps waiting; `None`: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<Slow>,
    /// What people and the system do on it day after day, as far as that was said.
    #[serde(default, skip_serializing_if = "Routine::is_unknown")]
    pub routine: Routine,
}

/// A file that a node has beside those of its system and services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFile {
    /// Absolute path with `/`; on Windows from the root of the drive C:.
    pub path: String,
    /// Permission bits, where the system has them.
    pub mode: u32,
    /// Login name of its owner; one that the node does not know: the superuser.
    pub owner: String,
    /// When it was changed last, by the node's clock, µs since the epoch.
    pub changed_at: i64,
    /// What it holds, base64.
    pub content: String,
    /// What an event says of who reads it; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

impl OwnFile {
    /// A text that whoever is `owner` can change and all others can read.
    pub fn new(path: &str, owner: &str, changed_at: i64, text: &str) -> Self {
        OwnFile {
            path: path.to_owned(),
            mode: 0o644,
            owner: owner.to_owned(),
            changed_at,
            content: STANDARD.encode(text),
            reference: String::new(),
        }
    }

    /// What it holds; nothing where the document has no base64.
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.content).unwrap_or_default()
    }

    /// Whether a service calls it `path`: from the root, from a folder that the service shows as its root, or with the
    /// name of a share before it. Systems that write `\` do not tell small letters from capital ones.
    pub fn is_called(&self, path: &str) -> bool {
        let own = self.path.to_lowercase();
        let path = path.replace('\\', "/").to_lowercase();
        let path = path.trim_start_matches('/');
        let within = |name: &str| {
            let rest = own.strip_suffix(name);
            !name.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        within(path) || path.split_once('/').is_some_and(|(_, rest)| within(rest))
    }
}

/// What a node does without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// Whether it speaks of its own accord, as a host of its system does: for the time, for names, about itself.
    pub ambient: bool,
    /// Whether it asks a DHCP server for the address that it has, and renews the lease.
    pub dhcp: bool,
    /// Whom it asks for names and for the time; those may be outside of its segment.
    #[serde(skip_serializing_if = "Servers::is_empty")]
    pub servers: Servers,
    /// Whether it stays where it is although another host has its address.
    #[serde(skip_serializing_if = "is_off")]
    pub stays: bool,
}

/// Servers of a network. Where none is named, the gateway is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Servers {
    /// For names (DNS), in the order in which they are asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<Ipv4Addr>,
    /// For the time (NTP).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ntp: Vec<Ipv4Addr>,
}

impl Servers {
    /// Most servers of a kind.
    pub const MOST: usize = 4;

    /// Whether no server is named.
    pub fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ntp.is_empty()
    }

    /// These servers, and of each kind that they lack those of `others`.
    #[must_use]
    pub fn or(&self, others: &Servers) -> Servers {
        let chosen = |own: &Vec<Ipv4Addr>, other: &Vec<Ipv4Addr>| {
            if own.is_empty() { other.clone() } else { own.clone() }
        };
        Servers { dns: chosen(&self.dns, &others.dns), ntp: chosen(&self.ntp, &others.ntp) }
    }
}

impl Default for Life {
    fn default() -> Self {
        Life { ambient: true, dhcp: false, servers: Servers::default(), stays: false }
    }
}

impl Life {
    /// Whether nothing is to be written, as in documents that are older than the field.
    fn is_usual(&self) -> bool {
        *self == Life::default()
    }
}

/// As [`is_first`].
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(switch: &bool) -> bool {
    !*switch
}

/// Whether nothing is to be written, as in documents that are older than the field.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(generation: &u32) -> bool {
    *generation == 0
}

/// Operating system of a persona.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Os {
    /// Family, which decides the stack and the firewall: `linux`, `windows`, `windows_server`, `bsd`,
    /// `embedded`, `cisco`.
    pub family: String,
    /// Distribution or product slug: `debian12`, `ubuntu2204`, `rocky9`, `windows_server_2019`, `hp_printer`, ….
    pub id: String,
    /// Name as os-release or a system dialog gives it: `Debian GNU/Linux 12 (bookworm)`.
    pub pretty_name: String,
    /// Release: `12`, `22.04`, `10.0`.
    pub version: String,
    /// Release code name, may be empty: `bookworm`.
    pub codename: String,
    /// Kernel release as `uname -r` prints it: `6.1.0-18-amd64`.
    pub kernel: String,
    /// Kernel version as `uname -v` prints it: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)`.
    pub kernel_version: String,
    /// Machine as `uname -m` prints it: `x86_64`, `armv7l`, `mips`.
    pub machine: String,
    /// Build number of Windows, 0 elsewhere.
    pub build: u32,
    /// Initial TTL of packets.
    pub ttl: u8,
}

/// Hardware of a persona.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// CPU model as /proc/cpuinfo names it.
    pub cpu: String,
    /// `GenuineIntel`, `AuthenticAMD`, ….
    pub cpu_vendor: String,
    /// CPU family, model, stepping of /proc/cpuinfo.
    pub cpu_signature: (u32, u32, u32),
    /// Clock in MHz.
    pub mhz: u32,
    /// Logical CPUs.
    pub cpus: u32,
    /// RAM in KiB, as MemTotal shows it.
    pub memory_kib: u64,
    /// Size of the root file system in KiB.
    pub disk_kib: u64,
    /// Name of the first disk: `sda`, `vda`, `nvme0n1`.
    pub disk: String,
    /// Name of the first network interface: `eth0`, `ens18`, `enp3s0`.
    pub interface: String,
    /// System vendor of DMI.
    pub vendor: String,
    /// Product name of DMI.
    pub product: String,
    /// Serial number of DMI.
    pub serial: String,
    /// machine-id, 32 hex digits.
    pub machine_id: String,
}

/// Time zone: fixed offset, because a persona's winter lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// IANA name: `Europe/Berlin`.
    pub name: String,
    /// Abbreviation: `CET`.
    pub abbreviation: String,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Full name (GECOS).
    pub full_name: String,
    /// User id; the group has the same number.
    pub uid: u32,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// Password that `accept-listed` takes; `None`: never.
    pub password: Option<Secret>,
}

/// Who gets in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode", content = "attempts")]
pub enum LoginPolicy {
    /// Nobody.
    Deny,
    /// Users of the document with their passwords.
    AcceptListed,
    /// Any pair on the given attempt (from 1) of a source address at a node; the accepted pair then
    /// stays valid for that source, and others do not become so.
    AcceptAfter(u32),
}

/// What a service shows as its software.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Product: `OpenSSH`, `nginx`, `vsftpd`, `Postfix`, `Redis`, `MySQL`, `MariaDB`, `Microsoft-IIS`, ….
    pub name: String,
    /// Upstream version: `9.2p1`.
    pub version: String,
    /// Packager's suffix, may be empty: `Debian-2+deb12u2`.
    pub packaging: String,
}

/// SSH host keys that exist from the first day. The RSA key is made in the stage at first use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SshKeys {
    /// Seed of the ed25519 key, 32 bytes hex.
    pub ed25519: Secret,
    /// Scalar of the ECDSA P-256 key, 32 bytes hex.
    pub ecdsa_p256: Secret,
    /// Bits of the RSA key, made lazily from the subkey.
    pub rsa_bits: u32,
}

/// What the certificate of TLS services says. Key and certificate are made in the stage at first use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Common name of the subject.
    pub common_name: String,
    /// Organisation of the subject; empty: left out.
    pub organization: String,
    /// Common name of the issuer; equal to `common_name`: self-signed.
    pub issuer: String,
    /// DNS names.
    pub names: Vec<String>,
    /// Start of validity, µs since the epoch.
    pub not_before: i64,
    /// End of validity, µs since the epoch.
    pub not_after: i64,
    /// Serial number, hex.
    pub serial: String,
    /// `rsa2048` or `p256`.
    pub key: String,
}

impl Certificate {
    /// Puts the name `new` wherever `old` stands.
    pub fn rename(&mut self, old: &str, new: &str) {
        for name in self.names.iter_mut().chain([&mut self.common_name, &mut self.issuer]) {
            if name == old {
                new.clone_into(name);
            }
        }
    }
}

/// A text that `Debug` never shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

impl Persona {
    /// Fully qualified host name.
    pub fn fqdn(&self) -> String {
        if self.domain.is_empty() {
            self.hostname.clone()
        } else {
            format!("{}.{}", self.hostname, self.domain)
        }
    }

    /// The name of a face that is not that of its system.
    pub fn face_name(&self) -> Option<&str> {
        self.face.as_deref()?.lines().next()?.strip_prefix("# ")
    }

    /// The initial time to live of its packets.
    pub fn face_ttl(&self) -> Option<u8> {
        ttl_of(self.face.as_deref()?)
    }

    /// The MAC as bytes; `None` when the text is not a MAC.
    pub fn mac_bytes(&self) -> Option<[u8; 6]> {
        hardware::bytes_of(&self.mac)
    }

    /// The node's clock at host time `now` (µs since the epoch).
    pub fn clock(&self, now: i64) -> i64 {
        now.saturating_add(self.clock_offset_ms.saturating_mul(1000))
    }
}

/// The initial time to live that a face, as a persona may carry it, names.
pub fn ttl_of(face: &str) -> Option<u8> {
    let value = face.lines().find_map(|line| line.strip_prefix("ttl ="))?;
    value.split('#').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_whatever_a_service_calls_it() {
        let file = |path: &str| OwnFile {
            path: path.to_owned(),
            mode: 0o600,
            owner: String::new(),
            changed_at: 0,
            content: String::new(),
            reference: String::new(),
        };
        for (path, called, expected) in [
            ("/home/eve/.aws/credentials", "/home/eve/.aws/credentials", true),
            ("/home/eve/.aws/credentials", "/.aws/credentials", true),
            ("/home/eve/.aws/credentials", "credentials", true),
            ("/Shares/Finance/Q3/plan.docx", "\\Finance\\Q3\\plan.docx", true),
            ("/Shares/Finance/Q3/plan.docx", "FINANCE\\q3\\PLAN.docx", true),
            ("/home/eve/notes.txt", "/home/eve/other-notes.txt", false),
            ("/home/eve/notes.txt", "otes.txt", false),
            ("/home/eve/notes.txt", "/", false),
            ("/home/eve/notes.txt", "", false),
        ] {
            assert_eq!(file(path).is_called(called), expected, "{path} {called}");
        }
    }
}
