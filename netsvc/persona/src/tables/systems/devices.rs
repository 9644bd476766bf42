//! Systems that come with their machine, and those that are neither Linux nor Windows.

use super::{Style, System};
use crate::tables::{
    appliances::{
        BROTHERS, BUILDINGS, CAMERAS, CISCO, CONTROLLERS, HYPERVISORS, JUNIPER, MACS, MODICONS, QNAP_BOXES,
        SIMATICS, STATIONS, SYNOLOGY_BOXES,
    },
    hardware::{DEVICES, PRINTERS, SERVERS},
};

/// HP LaserJet Pro M404dn.
pub(super) const HP_PRINTER: System = System {
    id: "hp_printer",
    family: "embedded",
    pretty_name: "HP LaserJet Pro M404dn",
    version: "2409048_029566",
    codename: "",
    machine: "armv7l",
    build: 0,
    ttl: 64,
    names: Style::Printer,
    machines: PRINTERS,
    shell: false,
    kernels: &[(1, ("VxWorks", ""))],
};

/// BusyBox Linux (armv7l).
pub(super) const BUSYBOX_ARM: System = System {
    id: "busybox_arm",
    family: "embedded",
    pretty_name: "BusyBox Linux (armv7l)",
    version: "1.22.1",
    codename: "",
    machine: "armv7l",
    build: 0,
    ttl: 64,
    names: Style::Device,
    machines: DEVICES,
    shell: true,
    kernels: &[
        (3, ("3.10.14", "#1 PREEMPT Mon Aug 17 14:26:14 CST 2020")),
        (2, ("4.9.37", "#3 PREEMPT Thu Mar 12 10:05:31 CST 2020")),
    ],
};

/// BusyBox Linux (mips).
pub(super) const BUSYBOX_MIPS: System = System {
    id: "busybox_mips",
    family: "embedded",
    pretty_name: "BusyBox Linux (mips)",
    version: "1.19.4",
    codename: "",
    machine: "mips",
    build: 0,
    ttl: 64,
    names: Style::Device,
    machines: DEVICES,
    shell: true,
    kernels: &[
        (3, ("2.6.36", "#7 Tue Jul 11 18:02:11 CST 2017")),
        (2, ("3.10.14+", "#2 Fri Sep 6 11:24:39 CST 2019")),
    ],
};

/// What the systems below have in common.
const PLAIN: System = System {
    id: "",
    family: "embedded",
    pretty_name: "",
    version: "",
    codename: "",
    machine: "",
    build: 0,
    ttl: 64,
    names: Style::Device,
    machines: DEVICES,
    shell: false,
    kernels: &[],
};

/// FreeBSD 11.
pub(super) const FREEBSD11: System = System {
    id: "freebsd11",
    family: "bsd",
    pretty_name: "FreeBSD 11.3-RELEASE",
    version: "11.3",
    machine: "amd64",
    names: Style::Server,
    machines: SERVERS,
    kernels: &[
        (
            2,
            (
                "11.3-RELEASE",
                "FreeBSD 11.3-RELEASE #0 r349754: Fri Jul  5 04:45:24 UTC 2019     root@releng2.nyi.freebsd.org:/usr/obj/usr/src/sys/GENERIC",
            ),
        ),
        (
            3,
            (
                "11.3-RELEASE-p14",
                "FreeBSD 11.3-RELEASE-p14 #0: Tue Sep 15 07:29:07 UTC 2020     root@amd64-builder.daemonology.net:/usr/obj/usr/src/sys/GENERIC",
            ),
        ),
    ],
    ..PLAIN
};

/// FreeBSD 12.
pub(super) const FREEBSD12: System = System {
    id: "freebsd12",
    pretty_name: "FreeBSD 12.4-RELEASE",
    version: "12.4",
    kernels: &[
        (2, ("12.4-RELEASE", "FreeBSD 12.4-RELEASE r372781 GENERIC")),
        (3, ("12.4-RELEASE-p5", "FreeBSD 12.4-RELEASE-p5 GENERIC")),
    ],
    ..FREEBSD11
};

/// FreeBSD 13.
pub(super) const FREEBSD13: System = System {
    id: "freebsd13",
    pretty_name: "FreeBSD 13.1-RELEASE",
    version: "13.1",
    kernels: &[
        (2, ("13.1-RELEASE", "FreeBSD 13.1-RELEASE releng/13.1-n250148-fc952ac2212 GENERIC")),
        (3, ("13.1-RELEASE-p7", "FreeBSD 13.1-RELEASE-p7 GENERIC")),
    ],
    ..FREEBSD11
};

/// macOS Catalina.
pub(super) const MACOS: System = System {
    id: "macos",
    family: "macos",
    pretty_name: "macOS 10.15.7 Catalina",
    version: "10.15.7",
    codename: "Catalina",
    machine: "x86_64",
    names: Style::Mac,
    machines: MACS,
    kernels: &[
        (
            2,
            (
                "19.6.0",
                "Darwin Kernel Version 19.6.0: Mon Aug 31 22:12:52 PDT 2020; root:xnu-6153.141.2~1/RELEASE_X86_64",
            ),
        ),
        (
            3,
            (
                "19.6.0",
                "Darwin Kernel Version 19.6.0: Tue Jun 21 21:18:39 PDT 2022; root:xnu-6153.141.66~1/RELEASE_X86_64",
            ),
        ),
    ],
    ..PLAIN
};

/// Cisco IOS 15.
pub(super) const CISCO_IOS: System = System {
    id: "cisco_ios",
    family: "cisco",
    pretty_name: "Cisco IOS 15.4(3)M",
    version: "15.4(3)M",
    machine: "mips64",
    ttl: 255,
    names: Style::Network,
    machines: CISCO,
    kernels: &[
        (2, ("15.2(4)M6", "C2900-UNIVERSALK9-M, Version 15.2(4)M6, RELEASE SOFTWARE (fc2)")),
        (3, ("15.4(3)M2", "C2900-UNIVERSALK9-M, Version 15.4(3)M2, RELEASE SOFTWARE (fc2)")),
        (2, ("15.5(3)M4a", "C2900-UNIVERSALK9-M, Version 15.5(3)M4a, RELEASE SOFTWARE (fc1)")),
    ],
    ..PLAIN
};

/// Junos 12.
pub(super) const JUNOS: System = System {
    id: "junos",
    family: "junos",
    pretty_name: "JUNOS 12.1X46-D40.2",
    version: "12.1X46",
    machine: "octeon",
    names: Style::Network,
    machines: JUNIPER,
    kernels: &[
        (2, ("12.1X44-D35.5", "JUNOS 12.1X44-D35.5 #0: 2014-05-19 21:36:43 UTC")),
        (3, ("12.1X46-D40.2", "JUNOS 12.1X46-D40.2 #0: 2015-09-26 02:22:34 UTC")),
    ],
    ..PLAIN
};

/// VMware ESXi.
pub(super) const ESXI: System = System {
    id: "esxi",
    family: "esxi",
    pretty_name: "VMware ESXi 6.0.0",
    version: "6.0.0",
    machine: "x86_64",
    names: Style::Hypervisor,
    machines: HYPERVISORS,
    kernels: &[
        (2, ("6.0.0", "#1 SMP Release build-2494585 Feb 18 2015 02:08:19")),
        (3, ("6.0.0", "#1 SMP Release build-5050593 Feb 13 2017 17:17:51")),
    ],
    ..PLAIN
};

/// Printers of Brother.
pub(super) const BROTHER_PRINTER: System = System {
    id: "brother_printer",
    pretty_name: "Brother HL-3170CDW series",
    version: "1.15",
    machine: "armv5",
    names: Style::Brother,
    machines: BROTHERS,
    kernels: &[(1, ("ThreadX", ""))],
    ..PLAIN
};

/// A camera of the years of Linux 3.
pub(super) const IP_CAMERA: System = System {
    id: "ip_camera",
    pretty_name: "IP camera (BusyBox Linux 3.4)",
    version: "1.20.2",
    machine: "armv7l",
    names: Style::Camera,
    machines: CAMERAS,
    shell: true,
    kernels: &[
        (3, ("3.4.35", "#1 PREEMPT Tue Mar 8 15:34:41 CST 2016")),
        (2, ("3.4.43-gk", "#29 PREEMPT Mon Aug 8 18:05:36 CST 2016")),
    ],
    ..PLAIN
};

/// A controller with VxWorks.
pub(super) const VXWORKS: System = System {
    id: "vxworks",
    pretty_name: "VxWorks 6.9",
    version: "6.9",
    machine: "ppc",
    names: Style::Controller,
    machines: CONTROLLERS,
    kernels: &[(1, ("6.9", "WIND version 2.13"))],
    ..PLAIN
};

/// Modicon M340: a controller with VxWorks too.
pub(super) const MODICON_PLC: System = System {
    id: "modicon_plc",
    pretty_name: "Schneider Electric Modicon M340",
    machines: MODICONS,
    ..VXWORKS
};

/// Motorola ACE3600, a remote terminal unit with VxWorks.
pub(super) const RTU: System =
    System { id: "rtu", pretty_name: "Motorola ACE3600 RTU", machines: STATIONS, ..VXWORKS };

/// A controller of a building, Andover Continuum, with VxWorks.
pub(super) const BUILDING_CONTROLLER: System = System {
    id: "building_controller",
    pretty_name: "Andover Continuum bCX1",
    machines: BUILDINGS,
    ..VXWORKS
};

/// SIMATIC S7-300.
pub(super) const SIEMENS_PLC: System = System {
    id: "siemens_plc",
    pretty_name: "Siemens SIMATIC S7-300 CPU 315-2 PN/DP",
    version: "V3.2.7",
    machine: "s7",
    ttl: 30,
    names: Style::Controller,
    machines: SIMATICS,
    kernels: &[(2, ("V2.6.7", "")), (3, ("V3.2.7", ""))],
    ..PLAIN
};

/// QTS of QNAP.
pub(super) const QNAP: System = System {
    id: "qnap",
    pretty_name: "QNAP QTS 4.2.6",
    version: "4.2.6",
    machine: "x86_64",
    names: Style::Nas,
    machines: QNAP_BOXES,
    shell: true,
    kernels: &[
        (2, ("3.4.6", "#1 SMP Wed Sep 30 04:26:52 CST 2015")),
        (3, ("3.4.6", "#1 SMP Tue Mar 7 03:09:26 CST 2017")),
    ],
    ..PLAIN
};

/// DSM of Synology.
pub(super) const SYNOLOGY: System = System {
    id: "synology",
    pretty_name: "Synology DSM 5.2-5644",
    version: "5.2-5644",
    machine: "x86_64",
    names: Style::Nas,
    machines: SYNOLOGY_BOXES,
    shell: true,
    kernels: &[
        (2, ("3.10.35", "#5644 SMP Thu Nov 12 18:55:33 CST 2015")),
        (3, ("3.10.35", "#5644 SMP Fri Mar 4 11:12:07 CST 2016")),
    ],
    ..PLAIN
};
