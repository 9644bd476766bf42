//! SNMP agents by system, from the package archives of the distributions and the vendors' firmware.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12"], &[(1, ("net-snmp", "5.9.3", ""))]),
    Products::on(&["debian11", "kali"], &[(1, ("net-snmp", "5.9", ""))]),
    Products::on(&["ubuntu2204", "rocky9"], &[(1, ("net-snmp", "5.9.1", ""))]),
    Products::on(&["ubuntu2404", "fedora39", "alpine319", "arch"], &[(1, ("net-snmp", "5.9.4", ""))]),
    Products::on(&["ubuntu2004", "rocky8"], &[(1, ("net-snmp", "5.8", ""))]),
    Products::on(&["debian9", "debian10", "ubuntu1804"], &[(1, ("net-snmp", "5.7.3", ""))]),
    Products::on(&["centos7"], &[(1, ("net-snmp", "5.7.2", ""))]),
    Products::on(&["centos6"], &[(1, ("net-snmp", "5.5", ""))]),
    Products::on(&["freebsd*"], &[(1, ("net-snmp", "5.9", ""))]),
    Products::on(&["macos"], &[(1, ("net-snmp", "5.6.2.1", "Apple"))]),
    Products::on(&["busybox_arm", "busybox_mips", "ip_camera"], &[(1, ("net-snmp", "5.4.4", ""))]),
    Products::on(&["qnap"], &[(1, ("net-snmp", "5.7.2", ""))]),
    Products::on(&["synology"], &[(1, ("net-snmp", "5.4.2.1", ""))]),
    Products::on(&["hp_printer"], &[(1, ("HP JetDirect", "JSI24090012", ""))]),
    Products::on(&["brother_printer"], &[(1, ("Brother NC", "1.15", ""))]),
    Products::on(&["cisco_ios"], &[(1, ("Cisco IOS SNMP", "", ""))]),
    Products::on(&["junos"], &[(1, ("Junos snmpd", "", ""))]),
    Products::on(&["esxi"], &[(1, ("ESXi snmpd", "", ""))]),
    Products::on(&["windows*"], &[(1, ("Microsoft SNMP Service", "", ""))]),
];
