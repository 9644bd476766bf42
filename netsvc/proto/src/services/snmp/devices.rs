//! What agents say of their device, by system: the first objects that anybody looks at.
//!
//! Sources: the vendors' MIBs (product numbers), net-snmp's `agent/mibgroup`, walks of such devices that
//! monitoring projects keep as test data.

use netsvc_persona::Persona;
use rand_core::RngCore;

/// An interface of a device.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) index: u32,
    /// `ifDescr`.
    pub(super) about: String,
    /// `ifName`.
    pub(super) name: String,
    /// `ifType`: 6 Ethernet, 24 loopback, 1 other.
    pub(super) kind: i32,
    pub(super) mtu: i32,
    /// Megabits a second.
    pub(super) speed: u32,
    pub(super) mac: Vec<u8>,
    pub(super) up: bool,
}

/// What makes of device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    /// A host with net-snmp.
    Host,
    Windows,
    Printer,
    /// Cisco, Juniper, VMware.
    Network,
}

/// What an agent says of its device.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) make: Make,
    /// `sysDescr`.
    pub(super) about: String,
    /// `sysObjectID` below 1.3.6.1.4.1.
    pub(super) product: &'static [u32],
    pub(super) contact: &'static str,
    pub(super) name: String,
    pub(super) location: &'static str,
    /// `sysServices`, where it is.
    pub(super) services: Option<i32>,
    /// Whether it takes a community that writes, as delivered.
    pub(super) writable: bool,
    /// Whether it speaks version 3.
    pub(super) has_users: bool,
    pub(super) interfaces: Vec<Interface>,
    /// The interface that has the node's address.
    pub(super) addressed: u32,
}

impl Identity {
    pub(super) fn of(persona: &Persona) -> Self {
        let (os, hardware) = (&persona.os, &persona.hardware);
        let host = &persona.hostname;
        let usual = Identity::usual(persona);
        match os.family.as_str() {
            "windows" | "windows_server" => windows(persona),
            "cisco" => cisco(persona),
            "junos" => Identity {
                make: Make::Network,
                about: format!(
                    "Juniper Networks, Inc. {} internet router, kernel {}",
                    hardware.product.to_lowercase(),
                    os.kernel_version
                ),
                product: if hardware.product.starts_with("SRX240") {
                    &[2636, 1, 1, 1, 2, 39]
                } else {
                    &[2636, 1, 1, 1, 2, 36]
                },
                services: Some(4),
                contact: "",
                location: "",
                ..usual
            },
            "esxi" => {
                let build = os.kernel_version.split_whitespace().find(|word| word.starts_with("build-"));
                Identity {
                    make: Make::Network,
                    about: format!(
                        "VMware ESXi {} {} VMware, Inc. x86_64",
                        os.kernel,
                        build.unwrap_or_default()
                    ),
                    product: &[6876, 4, 1],
                    contact: "",
                    location: "",
                    ..usual
                }
            }
            "bsd" => Identity {
                about: format!("FreeBSD {host} {} {} {}", os.kernel, os.kernel_version, os.machine),
                product: &[8072, 3, 2, 8],
                ..usual
            },
            "macos" => Identity {
                about: format!("Darwin {host} {} {} {}", os.kernel, os.kernel_version, os.machine),
                product: &[8072, 3, 2, 16],
                contact: "Administrator <postmaster@example.com>",
                location: "Right here, right now.",
                ..usual
            },
            "embedded" => device(persona, usual),
            _ => usual,
        }
    }

    /// A Linux host with net-snmp as its distribution sets it up.
    fn usual(persona: &Persona) -> Self {
        let os = &persona.os;
        let red_hat = ["rocky", "centos", "fedora"].iter().any(|start| os.id.starts_with(start));
        let (contact, location) = if red_hat {
            (
                "Root <root@localhost> (configure /etc/snmp/snmp.local.conf)",
                "Unknown (edit /etc/snmp/snmpd.conf)",
            )
        } else {
            ("Me <me@example.org>", "Sitting on the Dock of the Bay")
        };
        Identity {
            make: Make::Host,
            about: format!("Linux {} {} {} {}", persona.hostname, os.kernel, os.kernel_version, os.machine),
            product: &[8072, 3, 2, 10],
            contact,
            name: if red_hat { persona.fqdn() } else { persona.hostname.clone() },
            location,
            services: (!red_hat).then_some(72),
            writable: false,
            has_users: true,
            interfaces: vec![loopback(1, "lo", 65_536), first(persona, 2)],
            addressed: 2,
        }
    }
}

fn loopback(index: u32, name: &str, mtu: i32) -> Interface {
    let name = name.to_owned();
    Interface { index, about: name.clone(), name, kind: 24, mtu, speed: 10, mac: Vec::new(), up: true }
}

/// The interface with the node's address.
fn first(persona: &Persona, index: u32) -> Interface {
    let hardware = &persona.hardware;
    let name = hardware.interface.clone();
    // Since 5.8, net-snmp asks libpci what a card is.
    let new = ["debian11", "debian12", "ubuntu2204", "ubuntu2404", "rocky9", "fedora39"];
    let about = match hardware.vendor.as_str() {
        _ if !new.contains(&persona.os.id.as_str()) => name.clone(),
        "VMware, Inc." => "VMware VMXNET3 Ethernet Controller".to_owned(),
        "QEMU" => "Red Hat, Inc. Virtio network device".to_owned(),
        "Microsoft Corporation" => name.clone(),
        _ => "Intel Corporation I350 Gigabit Network Connection".to_owned(),
    };
    let speed = match hardware.vendor.as_str() {
        "VMware, Inc." => 10_000,
        _ if persona.os.family == "embedded" => 100,
        _ => 1000,
    };
    Interface { index, about, name, kind: 6, mtu: 1500, speed, mac: mac(persona, 0), up: true }
}

/// The hardware address of the card that is `further` behind the first.
fn mac(persona: &Persona, further: u8) -> Vec<u8> {
    let mut bytes = persona.mac_bytes().unwrap_or_default();
    if let Some(last) = bytes.last_mut() {
        *last = last.wrapping_add(further);
    }
    bytes.to_vec()
}

fn windows(persona: &Persona) -> Identity {
    let (os, hardware) = (&persona.os, &persona.hardware);
    let (family, model, stepping) = hardware.cpu_signature;
    let maker = if hardware.cpu_vendor == "AuthenticAMD" { "AMD64" } else { "Intel64" };
    // What programs without a manifest for it are told of 8.1 and all later ones.
    let version = if os.build <= 7601 { "6.1" } else { "6.3" };
    let card = match hardware.vendor.as_str() {
        "VMware, Inc." => "Intel(R) 82574L Gigabit Network Connection",
        "QEMU" => "Red Hat VirtIO Ethernet Adapter",
        "Microsoft Corporation" => "Microsoft Hyper-V Network Adapter",
        _ => "Intel(R) Ethernet Connection (2) I219-LM",
    };
    let own = Interface { about: format!("{card}\0"), speed: 1000, ..first(persona, 12) };
    let own = Interface { name: "ethernet_32769".to_owned(), ..own };
    let loop_back = Interface {
        about: "Software Loopback Interface 1\0".to_owned(),
        speed: 1073,
        ..loopback(1, "loopback_0", 1500)
    };
    Identity {
        make: Make::Windows,
        about: format!(
            "Hardware: {maker} Family {family} Model {model} Stepping {stepping} AT/AT COMPATIBLE - \
             Software: \
             Windows Version {version} (Build {} Multiprocessor Free)",
            os.build
        ),
        product: if os.family == "windows" { &[311, 1, 1, 3, 1, 1] } else { &[311, 1, 1, 3, 1, 2] },
        contact: "",
        name: persona.hostname.to_uppercase(),
        location: "",
        services: Some(76),
        writable: false,
        has_users: false,
        interfaces: vec![loop_back, own],
        addressed: 12,
    }
}

fn cisco(persona: &Persona) -> Identity {
    let kernel = &persona.os.kernel_version;
    let made = match persona.os.kernel.as_str() {
        "15.2(4)M6" => "2014 by Cisco Systems, Inc.\r\nCompiled Wed 19-Mar-14 19:23",
        "15.5(3)M4a" => "2016 by Cisco Systems, Inc.\r\nCompiled Thu 06-Oct-16 14:43",
        _ => "2015 by Cisco Systems, Inc.\r\nCompiled Fri 06-Feb-15 17:01",
    };
    let (image, rest) = kernel.split_once(", ").unwrap_or((kernel, ""));
    let series = image.split('-').next().unwrap_or("C2900");
    let card = |index: u32, about: &str, name: &str, further: u8, up: bool| Interface {
        index,
        about: about.to_owned(),
        name: name.to_owned(),
        kind: 6,
        mtu: 1500,
        speed: 1000,
        mac: mac(persona, further),
        up,
    };
    let null = Interface { kind: 1, mtu: 1500, speed: 10_000, ..loopback(5, "Null0", 1500) };
    Identity {
        make: Make::Network,
        about: format!(
            "Cisco IOS Software, {series} Software ({image}), {rest}\r\nTechnical Support: \
             http://www.cisco.com/techsupport\r\nCopyright (c) 1986-{made} by prod_rel_team"
        ),
        product: if persona.hardware.product.contains("1941") { &[9, 1, 1047] } else { &[9, 1, 1045] },
        contact: "",
        name: persona.fqdn(),
        location: "",
        services: Some(78),
        writable: true,
        has_users: true,
        interfaces: vec![
            card(1, "Embedded-Service-Engine0/0", "Em0/0", 0, false),
            card(2, "GigabitEthernet0/0", "Gi0/0", 0, true),
            card(3, "GigabitEthernet0/1", "Gi0/1", 1, false),
            card(4, "GigabitEthernet0/2", "Gi0/2", 2, false),
            null,
        ],
        addressed: 2,
    }
}

/// Printers, cameras and the like.
fn device(persona: &Persona, usual: Identity) -> Identity {
    let own = Identity { contact: "", location: "", writable: true, ..usual };
    let about_printer = |about: &str| Interface { about: about.to_owned(), ..first(persona, 1) };
    match persona.os.id.as_str() {
        "hp_printer" => {
            let card = "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24090012";
            Identity {
                make: Make::Printer,
                about: format!("{card},CIDATE 10/06/2020"),
                product: &[11, 2, 3, 9, 1],
                services: Some(64),
                interfaces: vec![about_printer(card)],
                addressed: 1,
                ..own
            }
        }
        "brother_printer" => {
            let card = "Brother NC-8300w, Firmware Ver.1.15  (13.03.21),MID 8C5-F41,FID 2";
            Identity {
                make: Make::Printer,
                about: card.to_owned(),
                product: &[2435, 2, 3, 9, 1],
                interfaces: vec![about_printer(card)],
                addressed: 1,
                ..own
            }
        }
        _ => Identity { contact: "root", location: "Unknown", ..own },
    }
}

/// The name of the engine of version 3 (RFC 3411, SnmpEngineID): vendors put the hardware address in,
/// net-snmp a random number and the time of its first start.
pub(super) fn engine(persona: &Persona, identity: &Identity, random: &mut impl RngCore) -> Vec<u8> {
    let vendor = identity.product.first().copied().unwrap_or(8072) | 1 << 31;
    let mut engine = vendor.to_be_bytes().to_vec();
    if vendor & 0xffff == 8072 {
        engine.push(0x80);
        engine.extend(random.next_u32().to_le_bytes());
        engine.extend((persona.installed_at / 1_000_000 + 900).to_le_bytes());
    } else {
        engine.push(3);
        engine.extend(persona.mac_bytes().unwrap_or_default());
    }
    engine
}
