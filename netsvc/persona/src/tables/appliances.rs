//! Machines that are no server of today: workplaces, devices, network storage, controllers.
//!
//! Sources: IEEE OUI registry (prefixes), vendors' data sheets, Intel ARK (CPUID signatures).

use super::{Weighted, hardware::Machine};

/// CPU: model name, vendor id, family, model, stepping, MHz.
type Cpu = (&'static str, &'static str, u32, u32, u32, u32);

const I5_3470: Cpu = ("Intel(R) Core(TM) i5-3470 CPU @ 3.20GHz", "GenuineIntel", 6, 58, 9, 3200);
const I5_2400: Cpu = ("Intel(R) Core(TM) i5-2400 CPU @ 3.10GHz", "GenuineIntel", 6, 42, 7, 3100);
const I7_8700B: Cpu = ("Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz", "GenuineIntel", 6, 158, 10, 3200);
const I5_8500: Cpu = ("Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", "GenuineIntel", 6, 158, 10, 3000);
const E5_2630: Cpu = ("Intel(R) Xeon(R) CPU E5-2630 v4 @ 2.20GHz", "GenuineIntel", 6, 79, 1, 2200);
const ARM9: Cpu = ("ARM926EJ-S rev 5 (v5l)", "ARM", 5, 0, 5, 400);
const ARMV7: Cpu = ("ARMv7 Processor rev 5 (v7l)", "ARM", 7, 0, 5, 600);
const MIPS64: Cpu = ("Cisco CISCO2911/K9 (revision 1.0)", "Cavium", 0, 0, 0, 500);
const OCTEON: Cpu = ("Cavium Octeon", "Cavium", 0, 0, 0, 600);
const PPC: Cpu = ("PowerPC", "Motorola", 0, 0, 0, 100);
const J1900: Cpu = ("Intel(R) Celeron(R) CPU J1900 @ 1.99GHz", "GenuineIntel", 6, 55, 8, 1990);
const C2538: Cpu = ("Intel(R) Atom(TM) CPU C2538 @ 2.40GHz", "GenuineIntel", 6, 77, 8, 2400);

/// Workplaces of the years of Windows 7.
pub const OFFICE: &[Weighted<Machine>] = &[
    (
        4,
        Machine {
            vendor: "Dell Inc.",
            product: "OptiPlex 7010",
            ouis: &[[0xd4, 0xbe, 0xd9], [0xb8, 0xca, 0x3a], [0x18, 0x03, 0x73]],
            mac_vendor: "Dell",
            cpu: I5_3470,
            cpus: &[4],
            memory_mib: &[4009, 8105],
            disk_gib: &[232, 465],
            devices: ("sda", "eth0"),
        },
    ),
    (
        3,
        Machine {
            vendor: "Hewlett-Packard",
            product: "HP Compaq 8200 Elite SFF PC",
            ouis: &[[0x6c, 0x3b, 0xe5], [0x78, 0xac, 0xc0], [0x3c, 0xd9, 0x2b]],
            mac_vendor: "Hewlett Packard",
            cpu: I5_2400,
            cpus: &[4],
            memory_mib: &[3977, 8073],
            disk_gib: &[232, 465],
            devices: ("sda", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "LENOVO",
            product: "ThinkCentre M92p",
            ouis: &[[0xd4, 0x3d, 0x7e]],
            mac_vendor: "Micro-Star Int'l",
            cpu: I5_3470,
            cpus: &[4],
            memory_mib: &[3977, 8073],
            disk_gib: &[232, 465],
            devices: ("sda", "eth0"),
        },
    ),
];

/// Macs with Intel processors.
pub const MACS: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Apple Inc.",
            product: "Macmini8,1",
            ouis: &[[0xa4, 0x83, 0xe7], [0xf0, 0x18, 0x98]],
            mac_vendor: "Apple",
            cpu: I7_8700B,
            cpus: &[12],
            memory_mib: &[8192, 16384],
            disk_gib: &[250, 500],
            devices: ("disk0", "en0"),
        },
    ),
    (
        3,
        Machine {
            vendor: "Apple Inc.",
            product: "iMac19,1",
            ouis: &[[0x3c, 0x22, 0xfb], [0xac, 0xbc, 0x32], [0x14, 0x7d, 0xda]],
            mac_vendor: "Apple",
            cpu: I5_8500,
            cpus: &[6],
            memory_mib: &[8192, 16384],
            disk_gib: &[500, 1000],
            devices: ("disk0", "en0"),
        },
    ),
];

/// Servers that run virtual machines.
pub const HYPERVISORS: &[Weighted<Machine>] = &[
    (
        4,
        Machine {
            vendor: "Dell Inc.",
            product: "PowerEdge R730",
            ouis: &[[0xc8, 0x1f, 0x66], [0x4c, 0xd9, 0x8f], [0xa4, 0x4c, 0xc8]],
            mac_vendor: "Dell",
            cpu: E5_2630,
            cpus: &[20, 40],
            memory_mib: &[130959, 262031],
            disk_gib: &[278, 558],
            devices: ("sda", "vmnic0"),
        },
    ),
    (
        3,
        Machine {
            vendor: "HP",
            product: "ProLiant DL380 Gen9",
            ouis: &[[0x9c, 0xb6, 0x54], [0xec, 0xeb, 0xb8], [0x38, 0x63, 0xbb]],
            mac_vendor: "Hewlett Packard",
            cpu: E5_2630,
            cpus: &[20, 40],
            memory_mib: &[130959, 262031],
            disk_gib: &[278, 558],
            devices: ("sda", "vmnic0"),
        },
    ),
    (
        1,
        Machine {
            vendor: "Supermicro",
            product: "SYS-6028R-TR",
            ouis: &[[0x00, 0x25, 0x90], [0x0c, 0xc4, 0x7a]],
            mac_vendor: "Super Micro Computer",
            cpu: E5_2630,
            cpus: &[16, 32],
            memory_mib: &[65407, 130943],
            disk_gib: &[223, 447],
            devices: ("sda", "vmnic0"),
        },
    ),
];

/// Printers of Brother.
pub const BROTHERS: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Brother",
            product: "HL-3170CDW series",
            ouis: &[[0x00, 0x1b, 0xa9], [0x30, 0x05, 0x5c], [0x00, 0x80, 0x77]],
            mac_vendor: "Brother Industries",
            cpu: ARM9,
            cpus: &[1],
            memory_mib: &[128],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "Brother",
            product: "HL-3150CDW series",
            ouis: &[[0x3c, 0x2a, 0xf4]],
            mac_vendor: "Brother Industries",
            cpu: ARM9,
            cpus: &[1],
            memory_mib: &[128],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
];

/// Cameras.
pub const CAMERAS: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Hikvision",
            product: "DS-2CD2032-I",
            ouis: &[[0x44, 0x19, 0xb6], [0xc0, 0x56, 0xe3], [0xbc, 0xad, 0x28], [0xa4, 0x14, 0x37]],
            mac_vendor: "Hangzhou Hikvision Digital Technology",
            cpu: ARMV7,
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
            product: "IPC-HFW4300S",
            ouis: &[[0x3c, 0xef, 0x8c], [0x90, 0x02, 0xa9], [0xe0, 0x50, 0x8b]],
            mac_vendor: "Zhejiang Dahua Technology",
            cpu: ARMV7,
            cpus: &[1],
            memory_mib: &[124],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
    (
        1,
        Machine {
            vendor: "GeoVision",
            product: "GV-EBD4700",
            ouis: &[[0x00, 0x13, 0xe2]],
            mac_vendor: "GeoVision",
            cpu: ARMV7,
            cpus: &[1],
            memory_mib: &[248],
            disk_gib: &[1],
            devices: ("mtdblock2", "eth0"),
        },
    ),
];

/// Routers of Cisco.
pub const CISCO: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Cisco",
            product: "CISCO2911/K9",
            ouis: &[[0x00, 0x1b, 0xd4], [0x70, 0xdb, 0x98]],
            mac_vendor: "Cisco Systems",
            cpu: MIPS64,
            cpus: &[1],
            memory_mib: &[512],
            disk_gib: &[1],
            devices: ("flash0", "GigabitEthernet0/0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "Cisco",
            product: "CISCO1941/K9",
            ouis: &[[0x00, 0x22, 0x90], [0x00, 0x56, 0x2b], [0x88, 0xf0, 0x31]],
            mac_vendor: "Cisco Systems",
            cpu: MIPS64,
            cpus: &[1],
            memory_mib: &[512],
            disk_gib: &[1],
            devices: ("flash0", "GigabitEthernet0/0"),
        },
    ),
];

/// Firewalls of Juniper.
pub const JUNIPER: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Juniper",
            product: "SRX240H2",
            ouis: &[[0x2c, 0x6b, 0xf5], [0x28, 0xc0, 0xda]],
            mac_vendor: "Juniper Networks",
            cpu: OCTEON,
            cpus: &[1],
            memory_mib: &[2048],
            disk_gib: &[2],
            devices: ("da0", "ge-0/0/0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "Juniper",
            product: "SRX210HE2",
            ouis: &[[0x3c, 0x8a, 0xb0]],
            mac_vendor: "Juniper Networks",
            cpu: OCTEON,
            cpus: &[1],
            memory_mib: &[2048],
            disk_gib: &[2],
            devices: ("da0", "ge-0/0/0"),
        },
    ),
];

/// Controllers with VxWorks.
pub const CONTROLLERS: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Rockwell Automation",
            product: "1756-ENBT/A",
            ouis: &[[0x00, 0x00, 0xbc], [0x00, 0x1d, 0x9c], [0xe4, 0x90, 0x69]],
            mac_vendor: "Rockwell Automation",
            cpu: PPC,
            cpus: &[1],
            memory_mib: &[16],
            disk_gib: &[1],
            devices: ("tffs0", "cpm0"),
        },
    ),
    (2, NOE),
];

/// The Ethernet module of a Modicon M340.
const NOE: Machine = Machine {
    vendor: "Schneider Electric",
    product: "BMX NOE 0100",
    ouis: &[[0x00, 0x80, 0xf4], [0x00, 0x00, 0x54]],
    mac_vendor: "Telemecanique Electrique",
    cpu: PPC,
    cpus: &[1],
    memory_mib: &[16],
    disk_gib: &[1],
    devices: ("tffs0", "cpm0"),
};

/// Controllers of Schneider Electric.
pub const MODICONS: &[Weighted<Machine>] = &[(1, NOE)];

/// Remote terminal units of Motorola.
pub const STATIONS: &[Weighted<Machine>] = &[(
    1,
    Machine {
        vendor: "Motorola Solutions",
        product: "ACE3600",
        ouis: &[[0x00, 0x18, 0x85], [0x00, 0x04, 0x7d]],
        mac_vendor: "Motorola Solutions",
        ..NOE
    },
)];

/// Controllers of buildings.
pub const BUILDINGS: &[Weighted<Machine>] = &[(
    1,
    Machine {
        vendor: "Andover Controls",
        product: "bCX1",
        ouis: &[[0x00, 0x40, 0x11]],
        mac_vendor: "Andover Controls",
        ..NOE
    },
)];

/// Controllers of Siemens.
pub const SIMATICS: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Siemens",
            product: "6ES7 315-2EH14-0AB0",
            ouis: &[[0x00, 0x1b, 0x1b], [0x28, 0x63, 0x36]],
            mac_vendor: "Siemens AG,",
            cpu: PPC,
            cpus: &[1],
            memory_mib: &[4],
            disk_gib: &[1],
            devices: ("mmc0", "X2"),
        },
    ),
    (
        1,
        Machine {
            vendor: "Siemens",
            product: "6ES7 315-2EH13-0AB0",
            ouis: &[[0x00, 0x0e, 0x8c]],
            mac_vendor: "Siemens AG",
            cpu: PPC,
            cpus: &[1],
            memory_mib: &[4],
            disk_gib: &[1],
            devices: ("mmc0", "X2"),
        },
    ),
];

/// Network storage of QNAP.
pub const QNAP_BOXES: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "QNAP",
            product: "TS-453 Pro",
            ouis: &[[0x00, 0x08, 0x9b]],
            mac_vendor: "ICP Electronics",
            cpu: J1900,
            cpus: &[4],
            memory_mib: &[1915, 7815],
            disk_gib: &[1862, 3725],
            devices: ("md9", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "QNAP",
            product: "TS-451",
            ouis: &[[0x24, 0x5e, 0xbe]],
            mac_vendor: "Qnap Systems",
            cpu: J1900,
            cpus: &[2],
            memory_mib: &[985, 3862],
            disk_gib: &[1862, 3725],
            devices: ("md9", "eth0"),
        },
    ),
];

/// Network storage of Synology.
pub const SYNOLOGY_BOXES: &[Weighted<Machine>] = &[
    (
        3,
        Machine {
            vendor: "Synology",
            product: "DS1515+",
            ouis: &[[0x00, 0x11, 0x32]],
            mac_vendor: "Synology Incorporated",
            cpu: C2538,
            cpus: &[4],
            memory_mib: &[2002, 5978],
            disk_gib: &[1862, 3725],
            devices: ("md0", "eth0"),
        },
    ),
    (
        2,
        Machine {
            vendor: "Synology",
            product: "DS415+",
            ouis: &[[0x00, 0x11, 0x32]],
            mac_vendor: "Synology Incorporated",
            cpu: C2538,
            cpus: &[4],
            memory_mib: &[2002],
            disk_gib: &[1862, 3725],
            devices: ("md0", "eth0"),
        },
    ),
];
