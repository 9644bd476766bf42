//! Time servers by system, from the package archives of the distributions and the vendors' firmware. The
//! packaging is what the daemon says of its build.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12", "ubuntu2404", "kali"], &[(1, ("ntpsec", "1.2.2", ""))]),
    Products::on(
        &["debian11", "ubuntu2204", "ubuntu2004"],
        &[(1, ("ntpd", "4.2.8p15", "@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)"))],
    ),
    Products::on(
        &["debian9", "debian10", "ubuntu1804"],
        &[(1, ("ntpd", "4.2.8p12", "@1.3728-o Sun Dec  8 14:05:51 UTC 2019 (1)"))],
    ),
    Products::on(
        &["centos7", "centos6"],
        &[(1, ("ntpd", "4.2.6p5", "@1.2349-o Tue Jun 23 15:38:19 UTC 2020 (1)"))],
    ),
    Products::on(&["rocky8", "rocky9", "fedora39", "alpine319", "arch"], &[(1, ("chrony", "4.3", ""))]),
    Products::on(&["freebsd*"], &[(1, ("ntpd", "4.2.8p15", "-a (1)"))]),
    Products::on(&["windows_server*"], &[(1, ("W32Time", "10.0", ""))]),
    Products::on(&["cisco_ios"], &[(1, ("Cisco IOS NTP", "4", ""))]),
    Products::on(&["junos"], &[(1, ("ntpd", "4.2.0", "-a Tue Sep 22 20:53:32 UTC 2015 (1)"))]),
    Products::on(&["esxi"], &[(1, ("ntpd", "4.2.8p8", "@1.3265-o Mon Jul 11 16:13:27 UTC 2016 (1)"))]),
    Products::on(
        &["qnap", "synology"],
        &[(1, ("ntpd", "4.2.6p5", "@1.2349-o Mon Apr 13 02:41:10 UTC 2015 (1)"))],
    ),
];
