//! Telnet servers by system.
//!
//! Sources: package archives of the distributions; devices from their own prompts.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["busybox_arm", "busybox_mips"], &[(1, ("BusyBox telnetd", "1.22.1", ""))]),
    Products::on(&["ip_camera"], &[(1, ("BusyBox telnetd", "1.20.2", ""))]),
    Products::on(&["alpine319"], &[(1, ("BusyBox telnetd", "1.36.1", ""))]),
    Products::on(&["cisco_ios"], &[(1, ("Cisco IOS telnetd", "", ""))]),
    Products::on(&["junos"], &[(1, ("Junos telnetd", "", ""))]),
    Products::on(&["vxworks"], &[(1, ("VxWorks telnetd", "", ""))]),
    // `telnetd` became a transitional package there, which installs that of inetutils.
    Products::on(&["debian12"], &[(1, ("telnetd", "2.4", "inetutils"))]),
    Products::on(&["ubuntu2404", "kali", "arch"], &[(1, ("telnetd", "2.5", "inetutils"))]),
    Products::on(
        &[
            "debian11",
            "ubuntu2204",
            "ubuntu2004",
            "rocky9",
            "centos7",
            "fedora39",
            "debian10",
            "debian9",
            "ubuntu1804",
            "rocky8",
            "centos6",
        ],
        &[(1, ("telnetd", "0.17", "netkit"))],
    ),
];
