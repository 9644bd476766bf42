//! The keys of a deployment INI: the one list that reader, messages and command line go by.
//!
//! A key that stands here and that the reader, the writer or the command line does not know fails a test.

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In `[general]`.
    General,
    /// In the section of a decky or group.
    Decky,
    /// In both; the decky's goes first.
    Both,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// Where.
    pub scope: Scope,
    /// Option of `deploy` that says the same for all deckies.
    pub flag: Option<&'static str>,
    /// What it says.
    pub help: &'static str,
    /// A value.
    pub example: &'static str,
    /// Whether a fleet that is written back has it; the others are how something else came about.
    pub written: bool,
}

/// Every key, in the order of messages.
pub const KEYS: &[Key] = &[
    key("net", Scope::General, Some("subnet"), "the segment", "192.0.2.0/24"),
    key("gw", Scope::General, None, "gateway of the segment", "192.0.2.1"),
    key("interface", Scope::General, Some("interface"), "interface of this host on the segment", "eth0"),
    key("ip", Scope::Decky, None, "address", "192.0.2.9"),
    key("services", Scope::Decky, Some("services"), "services, comma-separated", "ssh"),
    key("archetype", Scope::Decky, Some("archetype"), "kind of machine", "linux-server"),
    key("distro", Scope::Decky, Some("distro"), "what it runs", "debian"),
    key("hostname", Scope::Decky, None, "host name", "srv1"),
    key("mac", Scope::Decky, None, "hardware address", "00:1b:21:00:00:01"),
    key("mutate_interval", Scope::General, None, "minutes between mutations", "30"),
    key("seed", Scope::Both, Some("seed"), "fixes the plan", "x"),
    key("domain", Scope::General, None, "domain of host names", "corp.example"),
    key("login", Scope::Decky, Some("login"), "who may log in", "deny"),
    key("firewall", Scope::Decky, Some("firewall"), "the system's packet filter", "on"),
    read_only("nmap_os", "family of its system", "linux"),
    key("face", Scope::Decky, None, "face of its network stack", "nmap:Linux 5.4"),
    key("mutate_interval", Scope::Decky, None, "minutes between mutations", "30"),
    key("ambient", Scope::Both, Some("ambient"), "whether deckies speak of their own accord", "no"),
    key("dhcp", Scope::Decky, Some("dhcp"), "whether it asks a DHCP server", "yes"),
    key("dns", Scope::Both, Some("dns"), "DNS servers that are asked", "192.0.2.53"),
    key("ntp", Scope::Both, Some("ntp"), "NTP servers that are asked", "192.0.2.5"),
    key("runtime", Scope::General, Some("runtime"), "how deckies come to exist", "native"),
    key("lab", Scope::General, Some("lab"), "whether the segment is the lab's", "yes"),
    read_only("amount", "makes a group of so many", "2"),
];

const fn key(
    name: &'static str,
    scope: Scope,
    flag: Option<&'static str>,
    help: &'static str,
    example: &'static str,
) -> Key {
    Key { name, scope, flag, help, example, written: true }
}

const fn read_only(name: &'static str, help: &'static str, example: &'static str) -> Key {
    Key { name, scope: Scope::Decky, flag: None, help, example, written: false }
}

/// Keys that may stand in `[general]`, or in the section of a decky.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.scope == scope || key.scope == Scope::Both)
}

/// Their names for a message.
pub fn names(scope: Scope) -> String {
    of(scope).map(|key| key.name).collect::<Vec<_>>().join(", ")
}
