//! Machines: what DMI, /proc/cpuinfo and the MAC say, which must agree.
//!
//! Sources: IEEE OUI registry (prefixes), vendors' data sheets, Intel ARK and AMD product pages
//! (CPUID signatures).

use super::{
    Weighted,
    appliances::{
        BROTHERS, BUILDINGS, CAMERAS, CISCO, CONTROLLERS, HYPERVISORS, JUNIPER, MACS, MODICONS, OFFICE,
        QNAP_BOXES, SIMATICS, STATIONS, SYNOLOGY_BOXES,
    },
};

/// A kind of machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// System vendor of DMI.
    pub vendor: &'static str,
    /// Product name of DMI.
    pub product: &'static str,
    /// Prefixes of its network cards.
    pub ouis: &'static [[u8; 3]],
    /// Owner of the prefixes in the IEEE registry.
    pub mac_vendor: &'static str,
    /// CPU: model name, vendor id, family, model, stepping, MHz.
    pub cpu: (&'static str, &'static str, u32, u32, u32, u32),
    /// Logical CPUs.
    pub cpus: &'static [u32],
    /// RAM in MiB.
    pub memory_mib: &'static [u64],
    /// Root disk in GiB.
    pub disk_gib: &'static [u64],
    /// Disk and interface as Linux names them.
    pub devices: (&'static str, &'static str),
}

const XEON_6230: (&str, &str, u32, u32, u32, u32) =
    ("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "GenuineIntel", 6, 85, 7, 2095);
const XEON_4210: (&str, &str, u32, u32, u32, u32) =
    ("Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz", "GenuineIntel", 6, 85, 7, 2195);
const EPYC_7302: (&str, &str, u32, u32, u32, u32) =
    ("AMD EPYC 7302 16-Core Processor", "AuthenticAMD", 23, 49, 0, 3000);
const CORE_8500: (&str, &str, u32, u32, u32, u32) =
    ("Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", "GenuineIntel", 6, 158, 10, 3000);
const CORE_10500: (&str, &str, u32, u32, u32, u32) =
    ("Intel(R) Core(TM) i5-10500 CPU @ 3.10GHz", "GenuineIntel", 6, 165, 3, 3100);

/// Every table.
pub const ALL: &[&[Weighted<Machine>]] = &[
    SERVERS,
    DESKTOPS,
    PRINTERS,
    DEVICES,
    OFFICE,
    MACS,
    HYPERVISORS,
    BROTHERS,
    CAMERAS,
    CISCO,
    JUNIPER,
    CONTROLLERS,
    SIMATICS,
    MODICONS,
    STATIONS,
    BUILDINGS,
    QNAP_BOXES,
    SYNOLOGY_BOXES,
];

/// Whether cards of `machine` have the prefix of `mac`.
pub fn made(machine: &Machine, mac: [u8; 6]) -> bool {
    let [a, b, c, ..] = mac;
    machine.ouis.contains(&[a, b, c])
}

/// Every machine whose cards have the prefix of `mac`.
pub fn of_mac(mac: [u8; 6]) -> impl Iterator<Item = &'static Machine> {
    let machines = ALL.iter().flat_map(|table| table.iter()).map(|(_, machine)| machine);
    machines.filter(move |machine| made(machine, mac))
}

/// Owner of the prefix of `mac`, as far as a table has it.
pub fn vendor_of(mac: &str) -> Option<&'static str> {
    of_mac(bytes_of(mac)?).next().map(|machine| machine.mac_vendor)
}

/// The bytes of `aa:bb:cc:dd:ee:ff`.
pub fn bytes_of(mac: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = mac.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

/// Servers, virtual and real.
pub const SERVERS: &[Weighted<Machine>] = &[
    (
        5,
        Machine {
            vendor: "VMware, Inc.",
            product: "VMware7,1",
            ouis: &[[0x00, 0x50, 0x56], [0x00, 0x0c, 0x29]],
            mac_vendor: "VMware",
            cpu: XEON_6230,
            cpus: &[2, 4],
            memory_mib: &[3936, 7953, 15_990],
            disk_gib: &[40, 60, 100],
            devices: ("sda", "ens192"),
        },
    ),
    (
        3,
        Machine {
            vendor: "QEMU",
            product: "Standard PC (Q35 + ICH9, 2009)",
            ouis: &[[0xbc, 0x24, 0x11]],
            mac_vendor: "Proxmox Server Solutions",
            cpu: EPYC_7302,
            cpus: &[2, 4, 8],
            memory_mib: &[1967, 3919, 7937],
            disk_gib: &[32, 64],
            devices: ("sda", "ens18"),
        },
    ),
    (
        2,
        Machine {
            vendor: "QEMU",
            product: "Standard PC (i440FX + PIIX, 1996)",
            ouis: &[[0x52, 0x54, 0x00]],
            mac_vendor: "QEMU virtual NIC",
            cpu: XEON_4210,
            cpus: &[1, 2, 4],
            memory_mib: &[1969, 3925, 7941],
            disk_gib: &[20, 40, 80],
            devices: ("vda", "ens3"),
        },
    ),
    (
        3,
        Machine {
            vendor: "Microsoft Corporation",
            product: "Virtual Machine",
            ouis: &[[0x00, 0x15, 0x5d]],
            mac_vendor: "Microsoft",
            cpu: XEON_4210,
            cpus: &[2, 4],
            memory_mib: &[3915, 7938],
            disk_gib: &[64, 127],
            devices: ("sda", "eth0"),
        },
    ),
    (
        3,
        Machine {
            vendor: "Dell Inc.",
            product: "PowerEdge R640",
            ouis: &[[0xf4, 0x8e, 0x38], [0xe4, 0x43, 0x4b], [0x18, 0x66, 0xda]],
            mac_vendor: "Dell",
            cpu: XEON_6230,
            cpus: &[16, 32],
            memory_mib: &[31_999, 64_235],
            disk_gib: &[446, 893],
            devices: ("sda", "eno1"),
        },
    ),
    (
        2,
        Machine {
            vendor: "HPE",
            product: "ProLiant DL360 Gen10",
            ouis: &[[0x94, 0x40, 0xc9], [0x48, 0xdf, 0x37]],
            mac_vendor: "Hewlett Packard Enterprise",
            cpu: XEON_4210,
            cpus: &[16, 20],
            memory_mib: &[31_985, 64_200],
            disk_gib: &[279, 558],
            devices: ("sda", "eno1"),
        },
    ),
    (
        1,
        Machine {
            vendor: "Supermicro",
            product: "SYS-5019S-M",
            ouis: &[[0xac, 0x1f, 0x6b], [0x0c, 0xc4, 0x7a], [0x3c, 0xec, 0xef]],
            mac_vendor: "Super Micro Computer",
            cpu: EPYC_7302,
            cpus: &[16, 32],
            memory_mib: &[31_870, 64_140],
            disk_gib: &[223, 447],
            devices: ("nvme0n1", "enp1s0f0"),
        },
    ),
];

/// Workplaces.
pub const DESKTOPS: &[Weighted<Machine>] = &[
    (
        4,
        Machine {
            vendor: "Dell Inc.",
            product: "OptiPlex 5060",
            ouis: &[[0xd8, 0x9e, 0xf3], [0x8c, 0x04, 0xba]],
            mac_vendor: "Dell",
            cpu: CORE_8500,
            cpus: &[6],
            memory_mib: &[8000, 16_150],
            disk_gib: &[237, 476],
            devices: ("nvme0n1", "enp0s31f6"),
        },
    ),
    (
        3,
        Machine {
            vendor: "HP",
            product: "HP ProDesk 400 G7",
            ouis: &[[0x80, 0xe8, 0x2c], [0x9c, 0x7b, 0xef]],
            mac_vendor: "Hewlett Packard",
            cpu: CORE_10500,
            cpus: &[12],
            memory_mib: &[8000, 16_150],
            disk_gib: &[237, 476],
            devices: ("nvme0n1", "enp0s31f6"),
        },
    ),
    (
        3,
        Machine {
            vendor: "LENOVO",
            product: "11DAS0A700",
            ouis: &[[0x98, 0xfa, 0x9b], [0x54, 0xe1, 0xad]],
            mac_vendor: "LCFC(HeFei) Electronics Technology",
            cpu: CORE_10500,
            cpus: &[12],
            memory_mib: &[8000, 16_150],
            disk_gib: &[237, 476],
            devices: ("nvme0n1", "enp0s31f6"),
        },
    ),
];

/// HP's printers.
pub const PRINTERS: &[Weighted<Machine>] = &[(
    1,
    Machine {
        vendor: "HP",
        product: "LaserJet Pro M404dn",
        ouis: &[[0x3c, 0xd9, 0x2b], [0xf4, 0x30, 0xb9], [0xb0, 0x5c, 0xda]],
        mac_vendor: "Hewlett Packard",
        cpu: ("ARMv7 Processor rev 4 (v7l)", "ARM", 7, 0, 4, 1200),
        cpus: &[1],
        memory_mib: &[256],
        disk_gib: &[1],
        devices: ("mtdblock2", "eth0"),
    },
)];

/// Cameras, routers, recorders.
pub const DEVICES: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Hikvision",
            product: "DS-2CD2042WD-I",
            ouis: &[[0x44, 0x19, 0xb6], [0xc0, 0x56, 0xe3]],
            mac_vendor: "Hangzhou Hikvision Digital Technology",
            cpu: ("ARMv7 Processor rev 5 (v7l)", "ARM", 7, 0, 5, 600),
            cpus: &[1],
            memory_mib: &[124],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "Dahua",
            product: "IPC-HFW1320S",
            ouis: &[[0x3c, 0xef, 0x8c], [0x90, 0x02, 0xa9]],
            mac_vendor: "Zhejiang Dahua Technology",
            cpu: ("ARMv7 Processor rev 5 (v7l)", "ARM", 7, 0, 5, 600),
            cpus: &[1],
            memory_mib: &[124],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "TP-Link",
            product: "TL-WR841N",
            ouis: &[[0x50, 0xc7, 0xbf], [0xec, 0x08, 0x6b]],
            mac_vendor: "TP-Link Technologies",
            cpu: ("MIPS 24KEc V5.5", "MIPS", 24, 0, 5, 580),
            cpus: &[1],
            memory_mib: &[60],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
];
