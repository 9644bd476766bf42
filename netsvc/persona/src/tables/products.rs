//! Products and versions that a system's own packages install.
//!
//! Sources: package archives of Debian, Ubuntu, Rocky, CentOS, Fedora, Alpine, Kali and Arch; IIS
//! versions follow the build of Windows; devices from their own banners.

use super::{Weighted, systems};

/// Name, version, packaging.
pub type Entry = (&'static str, &'static str, &'static str);

/// What `service` shows on `system`, releases of one product oldest first; empty when such a host would not run it.
pub fn table(system: &str, service: &str) -> &'static [Weighted<Entry>] {
    match (system, service) {
        (_, "ssh") => ssh(system),
        (_, "http" | "https") => http(system),
        (_, "ftp") => ftp(system),
        (_, "smtp") => smtp(system),
        (_, "redis") => redis(system),
        (_, "mysql") => mysql(system),
        (_, "telnet") => telnet(system),
        _ => &[],
    }
}

fn telnet(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "busybox_arm" | "busybox_mips" => &[(1, ("BusyBox telnetd", "1.22.1", ""))],
        "ip_camera" => &[(1, ("BusyBox telnetd", "1.20.2", ""))],
        "alpine319" => &[(1, ("BusyBox telnetd", "1.36.1", ""))],
        "cisco_ios" => &[(1, ("Cisco IOS telnetd", "", ""))],
        "junos" => &[(1, ("Junos telnetd", "", ""))],
        "vxworks" => &[(1, ("VxWorks telnetd", "", ""))],
        // `telnetd` became a transitional package there, which installs that of inetutils.
        "debian12" => &[(1, ("telnetd", "2.4", "inetutils"))],
        "ubuntu2404" | "kali" | "arch" => &[(1, ("telnetd", "2.5", "inetutils"))],
        system if systems::find(system).is_some_and(|system| system.family == "linux") => {
            &[(1, ("telnetd", "0.17", "netkit"))]
        }
        _ => &[],
    }
}

fn ssh(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        system if system.starts_with("debian") => ssh_debian(system),
        system if system.starts_with("ubuntu") => ssh_ubuntu(system),
        "rocky8" => &[(1, ("OpenSSH", "8.0", ""))],
        "freebsd11" => &[(1, ("OpenSSH", "7.5", "FreeBSD-20170903"))],
        "freebsd12" => &[(1, ("OpenSSH", "9.1", "FreeBSD-20221019"))],
        "freebsd13" => &[(1, ("OpenSSH", "8.8", "FreeBSD-20211221"))],
        "macos" => &[(1, ("OpenSSH", "8.1", ""))],
        "rocky9" => &[(1, ("OpenSSH", "8.7p1", ""))],
        "centos7" => &[(1, ("OpenSSH", "7.4", ""))],
        "fedora39" => &[(1, ("OpenSSH", "9.3", ""))],
        "alpine319" => &[(1, ("OpenSSH", "9.6", ""))],
        "kali" => &[(1, ("OpenSSH", "9.6p1", "Debian-4"))],
        "arch" => &[(1, ("OpenSSH", "9.7", ""))],
        _ => &[],
    }
}

fn ssh_debian(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian9" => &[(1, ("OpenSSH", "7.4p1", "Debian-10+deb9u7"))],
        "debian10" => &[
            (2, ("OpenSSH", "7.9p1", "Debian-10+deb10u2")),
            (2, ("OpenSSH", "7.9p1", "Debian-10+deb10u3")),
            (3, ("OpenSSH", "7.9p1", "Debian-10+deb10u4")),
        ],
        "debian11" => &[
            (1, ("OpenSSH", "8.4p1", "Debian-5+deb11u1")),
            (1, ("OpenSSH", "8.4p1", "Debian-5+deb11u2")),
            (4, ("OpenSSH", "8.4p1", "Debian-5+deb11u3")),
        ],
        "debian12" => &[
            // What is drawn no more is known still: as too old, or as overused.
            (0, ("OpenSSH", "9.2p1", "Debian-2")),
            (0, ("OpenSSH", "9.2p1", "Debian-2+deb12u1")),
            (1, ("OpenSSH", "9.2p1", "Debian-2+deb12u2")),
            (0, ("OpenSSH", "9.2p1", "Debian-2+deb12u3")),
            (2, ("OpenSSH", "9.2p1", "Debian-2+deb12u5")),
            (3, ("OpenSSH", "9.2p1", "Debian-2+deb12u6")),
            (5, ("OpenSSH", "9.2p1", "Debian-2+deb12u7")),
        ],
        _ => &[],
    }
}

fn ssh_ubuntu(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "ubuntu1804" => &[
            (2, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.3")),
            (2, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.5")),
            (4, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.7")),
        ],
        "ubuntu2004" => &[
            (1, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.5")),
            (1, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.9")),
            (2, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.11")),
            (4, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.13")),
        ],
        "ubuntu2204" => &[
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.1")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.3")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.4")),
            (1, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.6")),
            (1, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.7")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.10")),
            (2, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.11")),
            (5, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.13")),
        ],
        "ubuntu2404" => &[
            (0, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13")),
            (1, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.4")),
            (1, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.5")),
            (2, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.11")),
            (3, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.13")),
            (5, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.14")),
        ],
        _ => &[],
    }
}

fn http(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian10" => &[(4, ("nginx", "1.14.2", "")), (5, ("Apache", "2.4.38", "Debian"))],
        "debian9" => &[(3, ("nginx", "1.10.3", "")), (5, ("Apache", "2.4.25", "Debian"))],
        "ubuntu1804" => &[(4, ("nginx", "1.14.0", "Ubuntu")), (5, ("Apache", "2.4.29", "Ubuntu"))],
        "rocky8" => &[(3, ("nginx", "1.14.1", "")), (4, ("Apache", "2.4.37", "Rocky Linux"))],
        "centos6" => &[(2, ("nginx", "1.10.3", "")), (6, ("Apache", "2.2.15", "CentOS"))],
        "freebsd11" => &[(3, ("nginx", "1.16.1", "")), (3, ("Apache", "2.4.41", "FreeBSD"))],
        "freebsd12" | "freebsd13" => &[(4, ("nginx", "1.22.1", "")), (3, ("Apache", "2.4.54", "FreeBSD"))],
        "macos" => &[(1, ("Apache", "2.4.41", "Unix"))],
        "windows7" => &[(1, ("Microsoft-IIS", "7.5", ""))],
        "debian12" => &[
            (5, ("nginx", "1.22.1", "")),
            (4, ("Apache", "2.4.57", "Debian")),
            (3, ("Apache", "2.4.59", "Debian")),
            (3, ("Apache", "2.4.62", "Debian")),
        ],
        "debian11" => &[
            (4, ("nginx", "1.18.0", "")),
            (4, ("Apache", "2.4.56", "Debian")),
            (2, ("Apache", "2.4.59", "Debian")),
        ],
        "ubuntu2204" => &[(5, ("nginx", "1.18.0", "Ubuntu")), (4, ("Apache", "2.4.52", "Ubuntu"))],
        "ubuntu2404" => &[(5, ("nginx", "1.24.0", "Ubuntu")), (4, ("Apache", "2.4.58", "Ubuntu"))],
        "ubuntu2004" => &[(4, ("nginx", "1.18.0", "Ubuntu")), (4, ("Apache", "2.4.41", "Ubuntu"))],
        "rocky9" => &[(3, ("nginx", "1.20.1", "")), (4, ("Apache", "2.4.57", "Rocky Linux"))],
        "centos7" => &[(3, ("nginx", "1.20.1", "")), (5, ("Apache", "2.4.6", "CentOS"))],
        "fedora39" => &[(3, ("nginx", "1.24.0", "")), (3, ("Apache", "2.4.58", "Fedora Linux"))],
        "alpine319" => &[(3, ("nginx", "1.24.0", "")), (1, ("Apache", "2.4.58", "Unix"))],
        "kali" => &[(1, ("Apache", "2.4.58", "Debian"))],
        "arch" => &[(2, ("nginx", "1.26.0", "")), (1, ("Apache", "2.4.59", "Unix"))],
        "windows_server_2012r2" => &[(1, ("Microsoft-IIS", "8.5", ""))],
        system if system.starts_with("windows") => &[(1, ("Microsoft-IIS", "10.0", ""))],
        "hp_printer" => &[(1, ("HP HTTP Server", "HP LaserJet Pro M404dn - W1A53A", ""))],
        "brother_printer" => &[(1, ("debut", "1.20", ""))],
        "ip_camera" => {
            &[(3, ("DNVRS-Webs", "", "")), (2, ("App-webs", "", "")), (1, ("Boa", "0.94.14rc21", ""))]
        }
        "vxworks" => &[(3, ("GoAhead-Webs", "", "")), (2, ("Rapid Logic", "1.1", ""))],
        "siemens_plc" => &[(1, ("Siemens SIMATIC", "", ""))],
        "qnap" => &[(1, ("http server 1.0", "", ""))],
        "synology" => &[(1, ("Apache", "", ""))],
        "cisco_ios" => &[(1, ("cisco-IOS", "", ""))],
        "junos" => &[(1, ("Mbedthis-Appweb", "2.4.2", ""))],
        "esxi" => &[(1, ("VMware ESXi", "", ""))],
        "busybox_arm" => &[(2, ("lighttpd", "1.4.35", "")), (2, ("GoAhead-Webs", "", ""))],
        "busybox_mips" => &[(2, ("GoAhead-Webs", "", "")), (1, ("Boa", "0.94.13", ""))],
        _ => &[],
    }
}

fn ftp(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian10" => &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.6", "Debian")),
            (2, ("Pure-FTPd", "1.0.47", "")),
        ],
        "debian9" => &[(5, ("vsftpd", "3.0.3", "")), (3, ("ProFTPD", "1.3.5b", "Debian"))],
        "ubuntu1804" => &[(5, ("vsftpd", "3.0.3", "")), (2, ("ProFTPD", "1.3.5e", "Debian"))],
        "rocky8" => &[(1, ("vsftpd", "3.0.3", ""))],
        "centos6" => &[(1, ("vsftpd", "2.2.2", ""))],
        "freebsd11" => &[(3, ("Pure-FTPd", "1.0.49", "")), (2, ("vsftpd", "3.0.3", ""))],
        "freebsd12" | "freebsd13" => &[(3, ("Pure-FTPd", "1.0.51", "")), (2, ("vsftpd", "3.0.5", ""))],
        "debian12" => &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.8", "Debian")),
            (2, ("Pure-FTPd", "1.0.50", "")),
        ],
        "debian11" => &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.7a", "Debian")),
            (2, ("Pure-FTPd", "1.0.49", "")),
        ],
        "ubuntu2404" => &[
            (5, ("vsftpd", "3.0.5", "")),
            (2, ("ProFTPD", "1.3.8b", "Debian")),
            (2, ("Pure-FTPd", "1.0.50", "")),
        ],
        "ubuntu2204" => &[
            (5, ("vsftpd", "3.0.5", "")),
            (2, ("ProFTPD", "1.3.7c", "Debian")),
            (2, ("Pure-FTPd", "1.0.49", "")),
        ],
        "kali" => &[(3, ("vsftpd", "3.0.3", "")), (1, ("ProFTPD", "1.3.8b", "Debian"))],
        "ubuntu2004" => &[(5, ("vsftpd", "3.0.3", "")), (2, ("ProFTPD", "1.3.6c", "Debian"))],
        "rocky9" | "fedora39" | "arch" => &[(1, ("vsftpd", "3.0.5", ""))],
        "centos7" => &[(1, ("vsftpd", "3.0.2", ""))],
        "alpine319" => &[(1, ("vsftpd", "3.0.5", ""))],
        "hp_printer" => &[(1, ("HP JetDirect", "", ""))],
        system if system.starts_with("windows") => &[(1, ("Microsoft FTP Service", "", ""))],
        _ => &[],
    }
}

fn smtp(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian10" => &[(4, ("Postfix", "3.4.23", "Debian/GNU")), (3, ("Exim", "4.92", ""))],
        "debian9" => &[(4, ("Postfix", "3.1.15", "Debian/GNU")), (3, ("Exim", "4.89", ""))],
        "ubuntu1804" => &[(4, ("Postfix", "3.3.0", "Ubuntu")), (2, ("Exim", "4.90_1", "Ubuntu"))],
        "rocky8" => &[(1, ("Postfix", "3.5.8", ""))],
        "centos6" => &[(1, ("Postfix", "2.6.6", ""))],
        "freebsd12" | "freebsd13" => &[(1, ("Postfix", "3.7.3", ""))],
        "debian12" => &[(4, ("Postfix", "3.7.10", "Debian/GNU")), (3, ("Exim", "4.96", ""))],
        "debian11" => &[(4, ("Postfix", "3.5.25", "Debian/GNU")), (3, ("Exim", "4.94.2", ""))],
        "ubuntu2204" => &[(4, ("Postfix", "3.6.4", "Ubuntu")), (2, ("Exim", "4.95", "Ubuntu"))],
        "ubuntu2404" => &[(4, ("Postfix", "3.8.6", "Ubuntu")), (2, ("Exim", "4.97", "Ubuntu"))],
        "ubuntu2004" => &[(4, ("Postfix", "3.4.13", "Ubuntu"))],
        "rocky9" => &[(1, ("Postfix", "3.5.9", ""))],
        "fedora39" => &[(1, ("Postfix", "3.8.5", ""))],
        "centos7" => &[(1, ("Postfix", "2.10.1", ""))],
        "alpine319" => &[(1, ("Postfix", "3.8.4", ""))],
        "kali" => &[(1, ("Postfix", "3.8.5", "Debian/GNU"))],
        "arch" => &[(1, ("Postfix", "3.9.0", ""))],
        "windows_server_2012r2" => &[(1, ("Microsoft ESMTP", "8.5.9600.16384", ""))],
        "windows_server_2016" => &[(1, ("Microsoft ESMTP", "10.0.14393.4169", ""))],
        "windows_server_2019" => &[(1, ("Microsoft ESMTP", "10.0.17763.1697", ""))],
        "windows_server_2022" => &[(1, ("Microsoft ESMTP", "10.0.20348.1", ""))],
        _ => &[],
    }
}

fn redis(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian10" => &[(1, ("Redis", "5.0.14", ""))],
        "debian9" => &[(1, ("Redis", "3.2.6", ""))],
        "ubuntu1804" => &[(1, ("Redis", "4.0.9", ""))],
        "rocky8" => &[(1, ("Redis", "5.0.3", ""))],
        "freebsd12" | "freebsd13" => &[(1, ("Redis", "7.0.7", ""))],
        "debian12" => &[(1, ("Redis", "7.0.15", ""))],
        "debian11" | "ubuntu2204" => &[(1, ("Redis", "6.0.16", ""))],
        "ubuntu2004" => &[(1, ("Redis", "5.0.7", ""))],
        "rocky9" => &[(1, ("Redis", "6.2.7", ""))],
        "centos7" => &[(1, ("Redis", "3.2.12", ""))],
        "ubuntu2404" | "kali" => &[(1, ("Redis", "7.0.15", ""))],
        "fedora39" | "alpine319" | "arch" => &[(1, ("Redis", "7.2.4", ""))],
        _ => &[],
    }
}

fn mysql(system: &str) -> &'static [Weighted<Entry>] {
    match system {
        "debian10" => &[(1, ("MariaDB", "10.3.39", "Debian-0+deb10u1"))],
        "debian9" => &[(1, ("MariaDB", "10.1.48", "Debian-0+deb9u2"))],
        "ubuntu1804" => &[(1, ("MySQL", "5.7.42", "0ubuntu0.18.04.1"))],
        "rocky8" => &[(2, ("MySQL", "8.0.32", "")), (1, ("MariaDB", "10.3.39", ""))],
        "freebsd12" | "freebsd13" => &[(1, ("MySQL", "8.0.32", ""))],
        "synology" => &[(1, ("MariaDB", "5.5.47", ""))],
        "debian12" => &[
            (2, ("MariaDB", "10.11.4", "Debian-1~deb12u1")),
            (4, ("MariaDB", "10.11.6", "Debian-0+deb12u1")),
            (1, ("MySQL", "8.0.36", "")),
        ],
        "debian11" => &[
            (1, ("MariaDB", "10.5.19", "Debian-0+deb11u2")),
            (2, ("MariaDB", "10.5.23", "Debian-0+deb11u1")),
        ],
        "ubuntu2404" => {
            &[(2, ("MySQL", "8.0.37", "0ubuntu0.24.04.1")), (3, ("MySQL", "8.0.39", "0ubuntu0.24.04.2"))]
        }
        "ubuntu2204" => &[
            (3, ("MySQL", "8.0.36", "0ubuntu0.22.04.1")),
            (2, ("MySQL", "8.0.39", "0ubuntu0.22.04.1")),
            (2, ("MariaDB", "10.6.16", "Ubuntu-0ubuntu0.22.04.1")),
        ],
        "ubuntu2004" => &[
            (3, ("MySQL", "8.0.36", "0ubuntu0.20.04.1")),
            (2, ("MariaDB", "10.3.39", "Ubuntu-0ubuntu0.20.04.2")),
        ],
        "rocky9" => &[(2, ("MySQL", "8.0.32", "")), (1, ("MariaDB", "10.5.22", ""))],
        "centos7" => &[(2, ("MariaDB", "5.5.68", "")), (2, ("MySQL", "5.7.44", ""))],
        "fedora39" => &[(1, ("MariaDB", "10.5.23", ""))],
        "alpine319" => &[(1, ("MariaDB", "10.11.6", ""))],
        "kali" => &[(1, ("MariaDB", "10.11.6", "Debian-2"))],
        "arch" => &[(1, ("MariaDB", "11.3.2", ""))],
        _ => &[],
    }
}
