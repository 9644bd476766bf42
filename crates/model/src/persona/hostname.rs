//! Host names in the styles that people and installers use.
//!
//! An installation has a main scheme and a second one, older or of another team; each node is named
//! by one of them, so that neighbours look alike without looking minted.

use super::names::{ENVIRONMENTS, FAMILY, GIVEN, PLACES, ROLES, SITES, STARS};
use netsvc_persona::tables::systems::{Style, System};
use rand_core::RngCore;
use std::{collections::BTreeSet, net::IpAddr};

/// Number of schemes for servers with Unix.
const UNIX_SCHEMES: u32 = 13;
/// Attempts at a free name before a number is put behind it.
const ATTEMPTS: u32 = 48;

/// What a name is made from.
pub(crate) struct Naming<'a> {
    /// Operating system.
    pub system: &'a System,
    /// Address, for names that repeat it.
    pub ip: IpAddr,
    /// Hardware address, for devices that are named after it.
    pub mac: &'a str,
    /// What the installation has drawn: the same for all its nodes.
    pub house: u32,
    /// Names of other nodes, in lower case.
    pub taken: &'a BTreeSet<String>,
}

impl Naming<'_> {
    /// A name that nobody has yet.
    pub(crate) fn draw(&self, random: &mut impl RngCore) -> String {
        let free = |name: &String| !self.taken.contains(&name.to_ascii_lowercase());
        let mut name = String::new();
        for _ in 0..ATTEMPTS {
            name = self.once(random);
            if free(&name) {
                return name;
            }
        }
        // Windows allows fifteen characters (NetBIOS).
        let short: String = name.chars().take(10).collect();
        (2_u32..).map(|number| format!("{short}-{number}")).find(free).unwrap_or(name)
    }

    fn once(&self, random: &mut impl RngCore) -> String {
        let tail: String = self.mac.chars().filter(|character| *character != ':').skip(6).collect();
        match self.system.names {
            Style::Printer => format!("NPI{}", tail.to_uppercase()),
            Style::Device if self.system.machine == "mips" => format!("router-{tail}"),
            Style::Device => format!("ipcam-{tail}"),
            Style::Camera => format!("ipcam-{tail}"),
            Style::Brother => format!("BRN{}", self.mac.replace(':', "").to_uppercase()),
            Style::Network => self.network(random),
            Style::Mac => self.mac_of(random),
            Style::Nas => self.storage(&tail, random),
            Style::Hypervisor => self.numbered(&["esx", "esxi", "vmhost"], random),
            Style::Controller => self.numbered(&["plc", "line", "cell", "press"], random),
            Style::Desktop => self.desktop(random),
            Style::WindowsServer => self.windows_server(random),
            Style::Server => self.unix(random),
        }
    }

    /// The scheme of a node: three of four use the main one.
    fn scheme(&self, count: u32, random: &mut impl RngCore) -> u32 {
        let second = self.house / 64;
        let house = if random.next_u32().is_multiple_of(4) { second } else { self.house };
        house.checked_rem(count).unwrap_or(0)
    }

    fn desktop(&self, random: &mut impl RngCore) -> String {
        let number = random.next_u32() % 400;
        match self.scheme(4, random) {
            0 | 1 => format!("DESKTOP-{}", letters(random, 7)),
            2 => format!("{}-WS-{number:03}", word(SITES, random).to_uppercase()),
            _ => format!("PC-{}", word(FAMILY, random).to_uppercase()),
        }
    }

    fn windows_server(&self, random: &mut impl RngCore) -> String {
        let role: String = word(ROLES, random).to_uppercase().chars().take(7).collect();
        let number = 1 + random.next_u32() % 24;
        match self.scheme(4, random) {
            0 => format!("WIN-{}", letters(random, 11)),
            1 => format!("SRV-{role}{number:02}"),
            2 => format!("{}-{role}-{number:02}", word(SITES, random).to_uppercase()),
            _ => format!("{role}SRV{number:02}"),
        }
    }

    fn network(&self, random: &mut impl RngCore) -> String {
        let site = word(SITES, random);
        let kind = word(&["rt", "gw", "edge", "core", "fw"], random);
        let number = 1 + random.next_u32() % 30;
        match self.scheme(3, random) {
            0 => format!("{site}-{kind}-{number:02}"),
            1 => format!("{kind}{number:02}-{site}"),
            _ => format!("{site}{kind}{number}"),
        }
    }

    fn mac_of(&self, random: &mut impl RngCore) -> String {
        let (given, family) = (word(GIVEN, random), word(FAMILY, random));
        match self.scheme(3, random) {
            0 => format!("{given}s-iMac"),
            1 => format!("{given}-{family}s-Mac-mini"),
            _ => format!("MAC-{:04}", 1000 + random.next_u32() % 9000),
        }
    }

    fn storage(&self, tail: &str, random: &mut impl RngCore) -> String {
        match self.scheme(3, random) {
            0 => format!("NAS{}", tail.to_uppercase()),
            _ => self.numbered(&["nas", "backup", "storage", "diskstation"], random),
        }
    }

    /// As `esx03` or `muc-esx3`.
    fn numbered(&self, kinds: &[&'static str], random: &mut impl RngCore) -> String {
        let (kind, site) = (word(kinds, random), word(SITES, random));
        let number = 1 + random.next_u32() % 24;
        match self.scheme(3, random) {
            0 => format!("{kind}{number:02}"),
            1 => format!("{site}-{kind}{number}"),
            _ => format!("{kind}-{site}-{number:02}"),
        }
    }

    fn unix(&self, random: &mut impl RngCore) -> String {
        let (role, place) = (word(ROLES, random), word(PLACES, random));
        let (site, environment) = (word(SITES, random), word(ENVIRONMENTS, random));
        let number = 1 + random.next_u32() % 40;
        let letter = environment.get(..1).unwrap_or("p");
        match self.scheme(UNIX_SCHEMES, random) {
            0 => format!("{role}-{place}-{number:02}"),
            1 => format!("{role}{number:02}"),
            2 => format!("srv-{role}-{number:02}"),
            3 => format!("{place}-{role}{number}"),
            4 => format!("{place}{number:02}-{role}"),
            5 => format!("{role}-{number:02}"),
            6 => format!("{site}l{role}{number:02}"),
            7 => format!("ip-{}", self.ip.to_string().replace(['.', ':'], "-")),
            8 => word(STARS, random).to_owned(),
            9 => format!("vm-{role}-{:03}", 100 + random.next_u32() % 300),
            10 => format!("{role}-{letter}{number:02}"),
            11 => format!("{site}-{role}-{environment}{number}"),
            _ => format!("{site}{number:02}{role}"),
        }
    }
}

/// `count` characters as Windows draws them for a computer name.
pub(crate) fn letters(random: &mut impl RngCore, count: usize) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..count).filter_map(|_| ALPHABET.chars().nth(usize::try_from(random.next_u32() % 36).ok()?)).collect()
}

fn word(list: &[&'static str], random: &mut impl RngCore) -> &'static str {
    let index = usize::try_from(random.next_u32()).ok().and_then(|index| index.checked_rem(list.len()));
    index.and_then(|index| list.get(index)).copied().unwrap_or("srv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::{subkey, tables::systems};

    #[test]
    fn a_thousand_names_of_every_system_are_unique_and_legal() {
        for system in systems::SYSTEMS {
            let mut taken = BTreeSet::new();
            for number in 0..1000_u32 {
                let mac = format!("00:50:56:{:02x}:{:02x}:01", number / 256, number % 256);
                let ip = IpAddr::from([10, 66, 1, 1]);
                let naming = Naming { system, ip, mac: &mac, house: 3, taken: &taken };
                let name = naming.draw(&mut subkey::generator(b"k", &[&number.to_string()]));
                let legal =
                    name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
                let longest = if system.family.starts_with("windows") { 15 } else { 63 };
                assert!(legal && (1..=longest).contains(&name.len()), "{name}");
                assert!(taken.insert(name.to_ascii_lowercase()), "{name} twice");
            }
        }
    }

    #[test]
    fn installations_differ_in_their_schemes() {
        let system = systems::find("debian12").unwrap();
        let shapes: BTreeSet<String> = (0..64)
            .map(|house| {
                let taken = BTreeSet::new();
                let naming = Naming {
                    system,
                    ip: [10, 0, 0, 9].into(),
                    mac: "00:50:56:00:00:01",
                    house,
                    taken: &taken,
                };
                let name = naming.draw(&mut subkey::generator(b"k", &["n"]));
                name.chars()
                    .map(|c| {
                        if c.is_ascii_digit() {
                            '0'
                        } else if c == '-' {
                            '-'
                        } else {
                            'a'
                        }
                    })
                    .collect()
            })
            .collect();
        assert!(8 <= shapes.len(), "{shapes:?}");
    }
}
