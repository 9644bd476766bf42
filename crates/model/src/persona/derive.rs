//! From (install secret, node) to a persona. In the house, once per node.
//!
//! Two streams of random-looking values. The *plan* stream decides what can be seen of the plan
//! (names, versions, hardware); with a seed it is the same in every install. The *secret* stream
//! decides what must never repeat (keys, MAC tail, serials, passwords) and always comes from the
//! install secret, with the seed mixed in.

use super::{
    accounts,
    choice::choose,
    hostname::{Naming, letters},
    names,
};
use crate::catalogue;
use netsvc_persona::{
    Certificate, Hardware, Life, LoginPolicy, Os, PERSONA_VERSION, Persona, Product, Secret, Slow, SshKeys,
    Zone,
    service::ProductInfo,
    subkey,
    tables::{
        Weighted,
        hardware::{self, Machine},
        pick, pick_at,
        systems::{self, System},
    },
    ttl_of,
};
use netsvc_wire::stamp::DAY;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Width of the range of passive ports.
const PASSIVE: u16 = 200;

/// What a persona is made from.
#[derive(Clone)]
pub struct Request<'a> {
    /// The install secret.
    pub install_secret: &'a [u8],
    /// Unique name of the node.
    pub node: &'a str,
    /// Fixes the plan stream; `None`: the install secret does.
    pub seed: Option<&'a str>,
    /// Id of the operating system in [`systems::SYSTEMS`].
    pub system: &'a str,
    /// Slugs of the services.
    pub services: &'a [String],
    /// Address.
    pub ip: IpAddr,
    /// Prefix length of the segment.
    pub prefix: u8,
    /// Gateway.
    pub gateway: Option<IpAddr>,
    /// Host name; `None`: in the style of the system.
    pub hostname: Option<&'a str>,
    /// Domain; `None`: the install's own.
    pub domain: Option<&'a str>,
    /// MAC; `None`: with a vendor that fits.
    pub mac: Option<&'a str>,
    /// Login policy.
    pub login: LoginPolicy,
    /// Host names of other nodes, in lower case; the new one is none of them.
    pub taken: &'a BTreeSet<String>,
    /// Face of its network stack; `None`: that of its system.
    pub face: Option<&'a str>,
    /// How often the node was given another persona on purpose; mixed into both streams.
    pub generation: u32,
    /// What it does without being asked.
    pub life: Life,
    /// Whether the packet filter that the system comes with is on.
    pub firewall: bool,
    /// Whom it keeps waiting; `None`: nobody.
    pub slow: Option<Slow>,
    /// Host time, µs since the epoch.
    pub now: i64,
}

/// Nobody.
static NONE_TAKEN: BTreeSet<String> = BTreeSet::new();

impl<'a> Request<'a> {
    /// A node of which nothing is said but what it is and where: drawn from the install secret, without a gateway, with
    /// nobody let in.
    pub fn plain(
        install_secret: &'a [u8],
        node: &'a str,
        system: &'a str,
        services: &'a [String],
        at: (IpAddr, u8),
        now: i64,
    ) -> Self {
        Request {
            install_secret,
            node,
            seed: None,
            system,
            services,
            ip: at.0,
            prefix: at.1,
            gateway: None,
            hostname: None,
            domain: None,
            mac: None,
            login: LoginPolicy::Deny,
            taken: &NONE_TAKEN,
            face: None,
            generation: 0,
            life: Life::default(),
            firewall: false,
            slow: None,
            now,
        }
    }
}

/// Why no persona could be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeriveError {
    /// No such operating system.
    #[error("no operating system is called {0:?}")]
    UnknownSystem(String),
}

/// Derives a persona; the same for the same request.
///
/// # Errors
/// [`DeriveError`] when the request names what does not exist.
pub fn derive(request: &Request<'_>) -> Result<Persona, DeriveError> {
    let system =
        systems::find(request.system).ok_or_else(|| DeriveError::UnknownSystem(request.system.to_owned()))?;
    let streams = Streams { request };
    let machine = machine_of(system, &streams);
    let mac = request.mac.map_or_else(|| streams.mac(machine), str::to_owned);
    let mac_vendor = hardware::vendor_of(&mac).unwrap_or_default().to_owned();
    let hostname = request.hostname.map_or_else(|| streams.hostname(system, &mac), str::to_owned);
    let domain = request.domain.map_or_else(|| streams.domain(), str::to_owned);
    let booted_at = request.now - streams.between("uptime", DAY, 90 * DAY);
    let installed_at = booted_at - streams.between("age", 30 * DAY, 900 * DAY);
    let fqdn = if domain.is_empty() { hostname.clone() } else { format!("{hostname}.{domain}") };
    let passive = 40_000 + PASSIVE * u16::try_from(streams.plan("passive").next_u32() % 100).unwrap_or(0);
    Ok(Persona {
        persona_version: PERSONA_VERSION,
        node: request.node.to_owned(),
        certificate: streams.certificate(system, &fqdn, installed_at),
        ssh_keys: SshKeys {
            ed25519: streams.secret_hex("ed25519"),
            ecdsa_p256: streams.scalar("ecdsa-p256"),
            // ssh-keygen's default since OpenSSH 7.9; some are older.
            rsa_bits: if matches!(system.id, "centos7" | "debian9" | "ubuntu1804" | "freebsd11" | "cisco_ios")
            {
                2048
            } else {
                3072
            },
        },
        hostname,
        domain,
        ip: request.ip,
        prefix: request.prefix,
        gateway: request.gateway,
        mac,
        mac_vendor,
        os: streams.os(system),
        hardware: streams.hardware(machine),
        booted_at,
        installed_at,
        clock_offset_ms: streams.between("clock", 0, 3000) - 1500,
        zone: streams.zone(),
        users: accounts::users(system, &mut streams.plan("people"), &mut streams.secret("users")),
        login: request.login.clone(),
        products: streams.products(system, machine.vendor),
        passive_ports: (passive, passive + PASSIVE - 1),
        subkey: streams.secret_hex("subkey"),
        generation: request.generation,
        face: request.face.map(str::to_owned),
        life: request.life.clone(),
        firewall: request.firewall,
        files: Vec::new(),
        people: Vec::new(),
        place: Default::default(),
        slow: request.slow.clone(),
        routine: Default::default(),
    })
}

fn machine_of(system: &System, streams: &Streams<'_>) -> &'static Machine {
    let table = system.machines;
    // A device's CPU must be what its kernel was built for.
    let fits = |machine: &Machine| match system.machine {
        "mips" => machine.cpu.1 == "MIPS",
        "armv7l" => machine.cpu.1 == "ARM",
        _ => true,
    };
    // A MAC that the operator fixed decides what the machine is, where its prefix is known.
    let fixed = streams.request.mac.and_then(hardware::bytes_of);
    let told = fixed.and_then(|mac| {
        let mut machines = table.iter().map(|(_, machine)| machine).filter(|machine| fits(machine));
        machines.find(|machine| hardware::made(machine, mac))
    });
    if let Some(machine) = told {
        return machine;
    }
    let mut random = streams.plan("machine");
    let mut chosen = pick(table, random.next_u64());
    for _ in 0..64 {
        match chosen {
            Some(machine) if fits(machine) => return machine,
            _ => chosen = pick(table, random.next_u64()),
        }
    }
    table.iter().map(|(_, machine)| machine).find(|machine| fits(machine)).unwrap_or(&FALLBACK)
}

static FALLBACK: Machine = Machine {
    vendor: "QEMU",
    product: "Standard PC (Q35 + ICH9, 2009)",
    ouis: &[[0xbc, 0x24, 0x11]],
    mac_vendor: "Proxmox Server Solutions",
    cpu: ("AMD EPYC 7302 16-Core Processor", "AuthenticAMD", 23, 49, 0, 3000),
    cpus: &[2],
    memory_mib: &[3919],
    disk_gib: &[32],
    devices: ("sda", "ens18"),
};

/// The two streams of a request, by label.
struct Streams<'a> {
    request: &'a Request<'a>,
}

impl Streams<'_> {
    fn plan(&self, label: &str) -> ChaCha20Rng {
        let key = self.request.seed.map_or(self.request.install_secret, str::as_bytes);
        subkey::generator(key, &["plan", self.request.node, &self.labelled(label)])
    }

    fn secret(&self, label: &str) -> ChaCha20Rng {
        let seed = self.request.seed.unwrap_or_default();
        let labels = ["secret", self.request.node, seed, &self.labelled(label)];
        subkey::generator(self.request.install_secret, &labels)
    }

    fn labelled<'b>(&self, label: &'b str) -> Cow<'b, str> {
        match self.request.generation {
            0 => Cow::Borrowed(label),
            generation => Cow::Owned(format!("{label} {generation}")),
        }
    }

    /// What all nodes of an install share: its domain and time zone.
    fn common(&self, label: &str) -> ChaCha20Rng {
        let key = self.request.seed.map_or(self.request.install_secret, str::as_bytes);
        subkey::generator(key, &["common", label])
    }

    /// How recently the host was updated, of all that can be: the same for its kernel and its packages.
    fn updated(&self) -> u32 {
        self.plan("updated").next_u32()
    }

    fn between(&self, label: &str, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).max(1).unsigned_abs();
        low + i64::try_from(self.plan(label).next_u64() % width).unwrap_or(0)
    }

    fn secret_hex(&self, label: &str) -> Secret {
        let mut bytes = [0; 32];
        self.secret(label).fill_bytes(&mut bytes);
        Secret(hex::encode(bytes))
    }

    /// A scalar of P-256: 32 bytes below the order, which the first byte below 0xff ensures.
    fn scalar(&self, label: &str) -> Secret {
        let mut bytes = [0; 32];
        self.secret(label).fill_bytes(&mut bytes);
        if let Some(first) = bytes.first_mut() {
            *first = (*first & 0x7f).max(1);
        }
        Secret(hex::encode(bytes))
    }

    fn mac(&self, machine: &Machine) -> String {
        let index = self.plan("oui").next_u64();
        let oui = choose(machine.ouis, index).unwrap_or([0xbc, 0x24, 0x11]);
        let mut tail = [0; 3];
        self.secret("mac").fill_bytes(&mut tail);
        let [a, b, c] = oui;
        let [d, e, f] = tail;
        format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }

    fn domain(&self) -> String {
        choose(names::DOMAINS, self.common("domain").next_u64()).unwrap_or("lan").to_owned()
    }

    fn zone(&self) -> Zone {
        let (name, abbreviation, offset_minutes) =
            choose(names::ZONES, self.common("zone").next_u64()).unwrap_or(("Etc/UTC", "UTC", 0));
        Zone { name: name.to_owned(), abbreviation: abbreviation.to_owned(), offset_minutes }
    }

    fn hostname(&self, system: &System, mac: &str) -> String {
        let house = self.common("scheme").next_u32() % 4096;
        let naming = Naming { system, ip: self.request.ip, mac, house, taken: self.request.taken };
        naming.draw(&mut self.plan("hostname"))
    }

    fn os(&self, system: &System) -> Os {
        let kernel = pick_at(system.kernels.iter(), self.updated()).copied().unwrap_or_default();
        Os {
            family: system.family.to_owned(),
            id: system.id.to_owned(),
            pretty_name: system.pretty_name.to_owned(),
            version: system.version.to_owned(),
            codename: system.codename.to_owned(),
            kernel: kernel.0.to_owned(),
            kernel_version: kernel.1.to_owned(),
            machine: system.machine.to_owned(),
            build: system.build,
            ttl: self.request.face.and_then(ttl_of).unwrap_or(system.ttl),
        }
    }

    fn hardware(&self, machine: &Machine) -> Hardware {
        let mut random = self.plan("hardware");
        let (cpu, cpu_vendor, family, model, stepping, mhz) = machine.cpu;
        let cpus = choose(machine.cpus, random.next_u64()).unwrap_or(1);
        let memory = choose(machine.memory_mib, random.next_u64()).unwrap_or(1024);
        let disk = choose(machine.disk_gib, random.next_u64()).unwrap_or(20);
        let mut secret = self.secret("serial");
        let mut id = [0; 16];
        self.secret("machine-id").fill_bytes(&mut id);
        Hardware {
            cpu: cpu.to_owned(),
            cpu_vendor: cpu_vendor.to_owned(),
            cpu_signature: (family, model, stepping),
            mhz,
            cpus,
            memory_kib: memory * 1024 + u64::from(random.next_u32() % 900),
            disk_kib: disk * 1_048_576 * 94 / 100,
            disk: machine.devices.0.to_owned(),
            interface: machine.devices.1.to_owned(),
            vendor: machine.vendor.to_owned(),
            product: machine.product.to_owned(),
            serial: serial(machine.vendor, &mut secret),
            machine_id: hex::encode(id),
        }
    }

    fn products(&self, system: &System, maker: &str) -> BTreeMap<String, Product> {
        let mut shown = BTreeMap::new();
        for slug in self.request.services {
            let table: Vec<Weighted<&ProductInfo>> = catalogue::products(system.id, slug)
                .filter(|product| product.is_of(maker))
                .map(|product| (product.weight, product))
                .collect();
            let drawn_as = catalogue::product_of(slug);
            let drawn = pick(&table, self.plan(&format!("product {drawn_as}")).next_u64());
            let releases =
                table.iter().filter(|(_, entry)| drawn.is_some_and(|drawn| drawn.name == entry.name));
            if let Some(chosen) = pick_at(releases, self.updated()) {
                let product = Product {
                    name: chosen.name.clone(),
                    version: chosen.version.clone(),
                    packaging: chosen.packaging.clone(),
                };
                shown.insert(slug.clone(), product);
            }
        }
        shown
    }

    fn certificate(&self, system: &System, fqdn: &str, installed_at: i64) -> Certificate {
        let mut serial = [0; 20];
        self.secret("certificate").fill_bytes(&mut serial);
        if let Some(first) = serial.first_mut() {
            // Positive and never short (RFC 5280 §4.1.2.2: at most twenty octets).
            *first = (*first & 0x7f) | 0x10;
        }
        let windows = system.family.starts_with("windows");
        // Windows renews its own certificates within a year; elsewhere the installer's lives for ten.
        let (not_before, days) = if windows {
            (self.request.now - self.between("renewed", DAY, 300 * DAY), 365)
        } else {
            (installed_at, 3650)
        };
        Certificate {
            common_name: fqdn.to_owned(),
            organization: String::new(),
            issuer: fqdn.to_owned(),
            names: vec![fqdn.to_owned()],
            not_before: not_before.max(installed_at),
            not_after: not_before.max(installed_at) + days * DAY,
            serial: hex::encode(serial),
            key: "rsa2048".to_owned(),
        }
    }
}

fn serial(vendor: &str, random: &mut ChaCha20Rng) -> String {
    match vendor {
        "VMware, Inc." => {
            let mut bytes = [0; 16];
            random.fill_bytes(&mut bytes);
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let (first, second) = hex.split_at_checked(8).unwrap_or_default();
            format!("VMware-{}-{}", first.join(" "), second.join(" "))
        }
        "QEMU" => "Not Specified".to_owned(),
        _ => letters(random, 7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::check::check;

    fn persona(secret: u8, node: &str, seed: Option<&str>, system: &str) -> Persona {
        let services = ["ssh", "http", "ftp", "smtp", "redis", "mysql", "telnet", "ics"].map(str::to_owned);
        let (secret, at) = ([secret; 32], ([10, 66, 0, 10].into(), 21));
        let plain = Request::plain(&secret, node, system, &services, at, 1_764_000_000_000_000);
        derive(&Request { seed, ..plain }).unwrap()
    }

    /// What two personas must never share.
    fn secrets(persona: &Persona) -> Vec<String> {
        vec![
            persona.subkey.0.clone(),
            persona.ssh_keys.ed25519.0.clone(),
            persona.ssh_keys.ecdsa_p256.0.clone(),
            persona.certificate.serial.clone(),
            persona.hardware.machine_id.clone(),
            persona.mac.clone(),
        ]
    }

    #[test]
    fn no_two_nodes_and_no_two_installs_share_a_secret() {
        let mut seen = BTreeSet::new();
        for install in 1..=2 {
            for number in 0..20 {
                for secret in secrets(&persona(install, &format!("node-{number}"), Some("same"), "debian12"))
                {
                    assert!(seen.insert(secret.clone()), "{secret} is shared");
                }
            }
        }
    }

    #[test]
    fn a_seed_fixes_the_plan_but_not_the_secrets() {
        let (left, right) =
            (persona(1, "web-01", Some("s"), "ubuntu2204"), persona(2, "web-01", Some("s"), "ubuntu2204"));
        assert_eq!((&left.hostname, &left.products, &left.os), (&right.hostname, &right.products, &right.os));
        assert!(secrets(&left).iter().zip(secrets(&right)).all(|(left, right)| *left != right));
        assert_eq!(persona(1, "web-01", None, "debian12"), persona(1, "web-01", None, "debian12"));
    }

    #[test]
    fn a_site_has_one_server_at_both_of_its_ports() {
        for system in ["debian12", "ubuntu2204", "windows_server_2019", "hp_printer"] {
            for number in 0..10 {
                let services = ["http", "https"].map(str::to_owned);
                let (secret, at) = ([7; 32], ([10, 66, 0, 10].into(), 21));
                let name = format!("web-{number}");
                let plain = Request::plain(&secret, &name, system, &services, at, 1_764_000_000_000_000);
                let products = derive(&plain).unwrap().products;
                assert_eq!(products["http"], products["https"], "{name} on {system}");
            }
        }
    }

    #[test]
    fn every_system_gives_a_persona_whose_parts_agree() {
        for system in systems::SYSTEMS {
            let persona = persona(3, "n", None, system.id);
            let text = serde_json::to_string(&persona).unwrap();
            assert_eq!(serde_json::from_str::<Persona>(&text).unwrap(), persona);
            assert!(persona.mac_bytes().is_some() && !persona.hostname.is_empty());
            assert!(!persona.products.is_empty(), "{} serves nothing", system.id);
            assert_eq!(persona.hardware.cpu_vendor == "MIPS", system.machine == "mips", "{}", system.id);
            assert_eq!(check(&persona), []);
        }
    }

    #[test]
    fn keys_are_valid() {
        for number in 0..50 {
            let persona = persona(4, &format!("k{number}"), None, "debian12");
            let bytes = persona.ssh_keys.ecdsa_p256.hex_bytes().unwrap();
            assert!(p256::SecretKey::from_slice(&bytes).is_ok());
        }
    }
}
