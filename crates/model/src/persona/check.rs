//! Contradictions within a persona: what two observers would not both believe.

use super::overused;
use crate::catalogue;
use netsvc_persona::{
    Persona, Product, Secret,
    tables::{
        firewalls,
        hardware::{self, Machine},
        systems::{self, Style, System},
    },
};
use std::{fmt, net::IpAddr};

/// Most that a clock may be off before it shows, in milliseconds.
const CLOCK: i64 = 300_000;

/// A contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoherence {
    /// What contradicts: `ttl`, `mac`, `product`, `hostname`, ….
    pub subject: &'static str,
    /// Both sides, in words.
    pub detail: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Incoherence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}; {}", self.subject, self.detail, self.remedy)
    }
}

/// Every contradiction of `persona`; one that was derived has none, unless what was asked for had one.
pub fn check(persona: &Persona) -> Vec<Incoherence> {
    let mut found = Found(Vec::new());
    let system = systems::find(&persona.os.id);
    match system {
        None => found.add("system", format!("no operating system is called {:?}", persona.os.id)),
        Some(system) => {
            os(persona, system, &mut found);
            machine(persona, system, &mut found);
            hostname(persona, system, &mut found);
        }
    }
    for (service, shown) in &persona.products {
        product(persona, service, shown, &mut found);
    }
    users(persona, &mut found);
    times(persona, &mut found);
    place(persona, &mut found);
    keys(persona, &mut found);
    let filtered = !persona.firewall || firewalls::of(&persona.os).is_some();
    found.unless(filtered, "firewall", || format!("{} comes with no packet filter", persona.os.id));
    found.0
}

struct Found(Vec<Incoherence>);

impl Found {
    fn add(&mut self, subject: &'static str, detail: String) {
        let remedy = match subject {
            "mac" => "leave the MAC out to be given one that fits",
            "hostname" => "leave the host name out to be given one that fits",
            "place" => "choose addresses of one segment",
            "system" => "choose one that exists",
            "firewall" => "leave it off, or choose a system that has one",
            _ => "derive the persona anew",
        };
        self.0.push(Incoherence { subject, detail, remedy: remedy.to_owned() });
    }

    fn unless(&mut self, good: bool, subject: &'static str, detail: impl FnOnce() -> String) {
        if !good {
            self.add(subject, detail());
        }
    }
}

fn os(persona: &Persona, system: &System, found: &mut Found) {
    let os = &persona.os;
    found.unless(os.family == system.family, "family", || {
        format!("{} is not of the family {}", os.id, os.family)
    });
    let usual = persona.face_ttl().unwrap_or(system.ttl);
    found.unless(os.ttl == usual, "ttl", || format!("{} starts at {usual}, not {}", os.id, os.ttl));
    let shipped =
        system.kernels.iter().any(|(_, kernel)| *kernel == (os.kernel.as_str(), os.kernel_version.as_str()));
    found
        .unless(shipped, "kernel", || format!("{} never shipped {} {}", os.id, os.kernel, os.kernel_version));
    found.unless(os.machine == system.machine && os.build == system.build, "kernel", || {
        format!("{} is not {} build {}", os.id, os.machine, os.build)
    });
}

fn machine(persona: &Persona, system: &System, found: &mut Found) {
    let hardware = &persona.hardware;
    let known = |machine: &&Machine| machine.vendor == hardware.vendor && machine.product == hardware.product;
    let here = system.machines.iter().map(|(_, machine)| machine).find(known);
    found.unless(here.is_some(), "hardware", || {
        format!("{} does not run on a {} {}", persona.os.id, hardware.vendor, hardware.product)
    });
    let cpu = match system.machine {
        "mips" => "MIPS",
        "armv7l" => "ARM",
        _ => hardware.cpu_vendor.as_str(),
    };
    let other = system.machine.ends_with("64") && matches!(cpu, "MIPS" | "ARM");
    found.unless(hardware.cpu_vendor == cpu && !other, "cpu", || {
        format!("a {} kernel does not run on {}", system.machine, hardware.cpu)
    });
    mac(persona, found);
}

fn mac(persona: &Persona, found: &mut Found) {
    let Some(mac) = persona.mac_bytes() else {
        return found.add("mac", format!("{:?} is no MAC", persona.mac));
    };
    let [first, second, third, ..] = mac;
    let hypervisor = [first, second, third] == [0x52, 0x54, 0x00];
    found.unless(first & 1 == 0, "mac", || format!("{} is a group's", persona.mac));
    found.unless(first & 2 == 0 || hypervisor, "mac", || {
        format!("{} is locally administered, as containers are", persona.mac)
    });
    let mut makers = hardware::of_mac(mac).peekable();
    if let Some(maker) = makers.peek().copied() {
        let fits = makers.any(|maker| maker.vendor == persona.hardware.vendor);
        found.unless(fits, "mac", || {
            format!(
                "the prefix of {} is of {}, the machine of {}",
                persona.mac, maker.mac_vendor, persona.hardware.vendor
            )
        });
        found.unless(persona.mac_vendor == maker.mac_vendor, "mac", || {
            format!(
                "the prefix of {} is of {}, not of {:?}",
                persona.mac, maker.mac_vendor, persona.mac_vendor
            )
        });
    }
}

fn hostname(persona: &Persona, system: &System, found: &mut Found) {
    let name = &persona.hostname;
    let windows = system.family.starts_with("windows");
    found
        .unless(!windows || name.len() <= 15, "hostname", || format!("Windows cuts {name} at 15 characters"));
    let minted = name.starts_with("DESKTOP-") || name.starts_with("WIN-") || name.starts_with("LAPTOP-");
    found.unless(windows || !minted, "hostname", || format!("{name} is a name that Windows makes"));
    let printer = name.starts_with("NPI");
    found.unless(!printer || system.names == Style::Printer, "hostname", || {
        format!("{name} is a name that HP's printers make")
    });
    let tail: String = persona.mac.chars().filter(|character| *character != ':').skip(6).collect();
    let own = name.strip_prefix("NPI").is_none_or(|given| given.eq_ignore_ascii_case(&tail));
    found.unless(!printer || own, "hostname", || format!("{name} does not end as {} does", persona.mac));
}

fn product(persona: &Persona, service: &str, shown: &Product, found: &mut Found) {
    let table = catalogue::products(&persona.os.id, service);
    let named = table.clone().any(|known| known.name == shown.name);
    let this: Vec<_> = table
        .filter(|known| {
            (&known.name, &known.version, &known.packaging) == (&shown.name, &shown.version, &shown.packaging)
        })
        .collect();
    let known = !this.is_empty();
    let maker = &persona.hardware.vendor;
    found.unless(!known || this.iter().any(|product| product.is_of(maker)), "maker", || {
        let makers: Vec<_> = this.iter().flat_map(|product| &product.makers).map(String::as_str).collect();
        let makers = makers.join(" or ");
        format!("{service} shows {}, which is of {makers}; the machine is of {maker}", shown.name)
    });
    found.unless(known, "product", || {
        let what = if named {
            format!("{} {} {}", shown.name, shown.version, shown.packaging)
        } else {
            shown.name.clone()
        };
        format!("{} does not run {} as {service}", persona.os.id, what.trim_end())
    });
    found.unless(!overused::is_overused(service, &shown.version, &shown.packaging), "banner", || {
        format!(
            "{service} shows {} {} {}, as programs that only imitate a server do unless told otherwise",
            shown.name, shown.version, shown.packaging
        )
    });
}

fn users(persona: &Persona, found: &mut Found) {
    let windows = persona.os.family.starts_with("windows");
    let first = persona.users.first();
    let good = first
        .is_some_and(|user| if windows { user.uid == 500 } else { user.name == "root" && user.uid == 0 });
    found.unless(good, "users", || {
        let name = first.map(|user| user.name.as_str()).unwrap_or_default();
        format!("the first account of {} is {name:?}", persona.os.id)
    });
    let foreign = persona.users.iter().find(|user| user.home.starts_with('/') == windows);
    if let Some(user) = foreign {
        found.add("users", format!("{} lives in {} on {}", user.name, user.home, persona.os.id));
    }
}

fn times(persona: &Persona, found: &mut Found) {
    found.unless(persona.installed_at <= persona.booted_at, "times", || {
        "it was booted before it was installed".to_owned()
    });
    let certificate = &persona.certificate;
    found.unless(certificate.not_before < certificate.not_after, "times", || {
        "the certificate ends before it begins".to_owned()
    });
    found.unless(persona.installed_at <= certificate.not_before, "times", || {
        "the certificate is older than the system".to_owned()
    });
    found.unless(persona.clock_offset_ms.abs() <= CLOCK, "times", || {
        format!("the clock is {} ms off", persona.clock_offset_ms)
    });
}

fn place(persona: &Persona, found: &mut Found) {
    if let (IpAddr::V4(own), Some(IpAddr::V4(gateway))) = (persona.ip, persona.gateway) {
        let shift = 32_u32.saturating_sub(u32::from(persona.prefix));
        let network = |ip: std::net::Ipv4Addr| u32::from(ip).checked_shr(shift).unwrap_or(0);
        found.unless(network(own) == network(gateway), "place", || {
            format!("the gateway {gateway} is not on the segment of {own}/{}", persona.prefix)
        });
        found.unless(own != gateway, "place", || format!("{own} is the gateway's address"));
    }
    let (low, high) = persona.passive_ports;
    found.unless(low <= high && 1024 <= low, "place", || {
        format!("{low} to {high} is no range of passive ports")
    });
}

fn keys(persona: &Persona, found: &mut Found) {
    let long = |secret: &Secret| secret.hex_bytes().is_some_and(|bytes| bytes.len() == 32);
    found.unless(long(&persona.subkey), "keys", || "the subkey is not 32 bytes".to_owned());
    found.unless(long(&persona.ssh_keys.ed25519), "keys", || "the ed25519 seed is not 32 bytes".to_owned());
    let scalar = persona.ssh_keys.ecdsa_p256.hex_bytes();
    let valid = scalar.is_some_and(|bytes| p256::SecretKey::from_slice(&bytes).is_ok());
    found.unless(valid, "keys", || "the ECDSA scalar is not one of P-256".to_owned());
}
