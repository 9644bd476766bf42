//! Archetypes: what kind of machine a decky is. Distros: what it runs.

/// A kind of machine.
#[derive(Debug)]
pub struct Archetype {
    /// Slug.
    pub slug: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Services that such a machine has, as far as its system does. Those that the catalogue lacks are
    /// listed as absent.
    pub services: &'static [&'static str],
    /// Operating systems it runs, to be cycled through.
    pub systems: &'static [&'static str],
    /// OS family.
    pub family: &'static str,
}

/// An operating system that can be asked for by name.
#[derive(Debug)]
pub struct Distro {
    /// Slug.
    pub slug: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Operating system of the persona.
    pub system: &'static str,
}

/// What stands in the place of an archetype's slug where each decky is to be a kind of machine of its own, drawn.
pub const RANDOM: &str = "random";

/// The archetype called `slug`.
pub fn archetype(slug: &str) -> Option<&'static Archetype> {
    ARCHETYPES.iter().find(|archetype| archetype.slug == slug)
}

/// The distribution called `slug`.
pub fn distro(slug: &str) -> Option<&'static Distro> {
    DISTROS.iter().find(|distro| distro.slug == slug)
}

const LINUX: &[&str] = &["debian12", "ubuntu2204", "rocky9", "fedora39"];
const DEBIANS: &[&str] = &["debian12", "ubuntu2204"];

/// Every archetype.
pub const ARCHETYPES: &[Archetype] = &[
    Archetype {
        slug: "windows-workstation",
        name: "Windows workstation",
        about: "A desk PC with file sharing and remote desktop",
        services: &["smb", "rdp", "winrm", "http", "ftp"],
        systems: &["windows10", "windows11"],
        family: "windows",
    },
    Archetype {
        slug: "windows-server",
        name: "Windows server",
        about: "A member server with IIS",
        services: &["smb", "rdp", "winrm", "ldap", "http", "https", "ftp"],
        systems: &["windows_server_2019", "windows_server_2022", "windows_server_2016"],
        family: "windows_server",
    },
    Archetype {
        slug: "domain-controller",
        name: "Domain controller",
        about: "Active Directory for the office",
        services: &["ldap", "smb", "rdp", "dns", "kerberos", "ntp", "winrm", "llmnr", "http", "ftp"],
        systems: &["windows_server_2019", "windows_server_2016"],
        family: "windows_server",
    },
    Archetype {
        slug: "linux-server",
        name: "Linux server",
        about: "A general-purpose server",
        services: &["ssh", "http"],
        systems: LINUX,
        family: "linux",
    },
    Archetype {
        slug: "web-server",
        name: "Web server",
        about: "A web site and the FTP access of its agency",
        services: &["http", "https", "ftp"],
        systems: &["debian12", "ubuntu2204", "ubuntu2004"],
        family: "linux",
    },
    Archetype {
        slug: "database-server",
        name: "Database server",
        about: "Databases and a cache that should not be reachable",
        services: &["mysql", "postgres", "redis", "mongodb"],
        systems: DEBIANS,
        family: "linux",
    },
    Archetype {
        slug: "mail-server",
        name: "Mail server",
        about: "Mail in and out, mailboxes",
        services: &["smtp", "pop3", "imap"],
        systems: DEBIANS,
        family: "linux",
    },
    Archetype {
        slug: "file-server",
        name: "File server",
        about: "Shares for a department",
        services: &["smb", "ftp", "ssh"],
        systems: &["debian12", "ubuntu2204", "rocky9"],
        family: "linux",
    },
    Archetype {
        slug: "printer",
        name: "Network printer",
        about: "An office laser printer",
        services: &["printer", "snmp", "http", "https", "ftp"],
        systems: &["hp_printer", "brother_printer"],
        family: "embedded",
    },
    Archetype {
        slug: "iot-device",
        name: "IoT device",
        about: "A camera or a small router",
        services: &["mqtt", "snmp", "telnet", "rtsp", "adb"],
        systems: &["ip_camera", "busybox_arm", "busybox_mips"],
        family: "embedded",
    },
    Archetype {
        slug: "industrial-control",
        name: "Industrial controller",
        about: "A controller of a plant or building, with its web page",
        services: &["ics", "http"],
        systems: &["siemens_plc", "vxworks", "modicon_plc", "rtu", "building_controller"],
        family: "embedded",
    },
    Archetype {
        slug: "voip-server",
        name: "Telephone system",
        about: "A PBX with its web interface",
        services: &["sip", "tftp", "http", "https"],
        systems: DEBIANS,
        family: "linux",
    },
    Archetype {
        slug: "monitoring-node",
        name: "Monitoring node",
        about: "Watches the others",
        services: &["snmp", "ssh"],
        systems: &["debian12", "rocky9"],
        family: "linux",
    },
    Archetype {
        slug: "devops-host",
        name: "DevOps host",
        about: "Builds and runs containers",
        services: &["docker_api", "ssh", "k8s"],
        systems: &["ubuntu2204", "debian12"],
        family: "linux",
    },
    Archetype {
        slug: "deaddeck",
        name: "Forgotten host",
        about: "An entry point with a weak password",
        services: &["ssh"],
        systems: DEBIANS,
        family: "linux",
    },
];

/// Every distribution.
pub const DISTROS: &[Distro] = &[
    Distro { slug: "debian", name: "Debian 12", system: "debian12" },
    Distro { slug: "debian11", name: "Debian 11", system: "debian11" },
    Distro { slug: "debian10", name: "Debian 10", system: "debian10" },
    Distro { slug: "debian9", name: "Debian 9", system: "debian9" },
    Distro { slug: "ubuntu24", name: "Ubuntu 24.04 LTS", system: "ubuntu2404" },
    Distro { slug: "ubuntu22", name: "Ubuntu 22.04 LTS", system: "ubuntu2204" },
    Distro { slug: "ubuntu20", name: "Ubuntu 20.04 LTS", system: "ubuntu2004" },
    Distro { slug: "ubuntu18", name: "Ubuntu 18.04 LTS", system: "ubuntu1804" },
    Distro { slug: "rocky9", name: "Rocky Linux 9", system: "rocky9" },
    Distro { slug: "rocky8", name: "Rocky Linux 8", system: "rocky8" },
    Distro { slug: "centos7", name: "CentOS 7", system: "centos7" },
    Distro { slug: "centos6", name: "CentOS 6", system: "centos6" },
    Distro { slug: "alpine", name: "Alpine 3.19", system: "alpine319" },
    Distro { slug: "fedora", name: "Fedora 39", system: "fedora39" },
    Distro { slug: "kali", name: "Kali Linux", system: "kali" },
    Distro { slug: "arch", name: "Arch Linux", system: "arch" },
    Distro { slug: "windows7", name: "Windows 7", system: "windows7" },
    Distro { slug: "windows10", name: "Windows 10", system: "windows10" },
    Distro { slug: "windows11", name: "Windows 11", system: "windows11" },
    Distro { slug: "server2012r2", name: "Windows Server 2012 R2", system: "windows_server_2012r2" },
    Distro { slug: "server2016", name: "Windows Server 2016", system: "windows_server_2016" },
    Distro { slug: "server2019", name: "Windows Server 2019", system: "windows_server_2019" },
    Distro { slug: "server2022", name: "Windows Server 2022", system: "windows_server_2022" },
    Distro { slug: "macos", name: "macOS 10.15", system: "macos" },
    Distro { slug: "freebsd11", name: "FreeBSD 11", system: "freebsd11" },
    Distro { slug: "freebsd12", name: "FreeBSD 12", system: "freebsd12" },
    Distro { slug: "freebsd13", name: "FreeBSD 13", system: "freebsd13" },
    Distro { slug: "cisco-ios", name: "Cisco IOS 15", system: "cisco_ios" },
    Distro { slug: "junos", name: "Junos 12", system: "junos" },
    Distro { slug: "esxi", name: "VMware ESXi 6", system: "esxi" },
    Distro { slug: "hp-printer", name: "HP LaserJet printer", system: "hp_printer" },
    Distro { slug: "brother-printer", name: "Brother HL printer", system: "brother_printer" },
    Distro { slug: "ip-camera", name: "IP camera with BusyBox Linux", system: "ip_camera" },
    Distro { slug: "busybox-arm", name: "BusyBox Linux on ARM", system: "busybox_arm" },
    Distro { slug: "busybox-mips", name: "BusyBox Linux on MIPS", system: "busybox_mips" },
    Distro { slug: "vxworks", name: "VxWorks controller", system: "vxworks" },
    Distro { slug: "modicon", name: "Schneider Modicon M340", system: "modicon_plc" },
    Distro { slug: "rtu", name: "Motorola ACE3600 RTU", system: "rtu" },
    Distro { slug: "building-controller", name: "Andover Continuum bCX1", system: "building_controller" },
    Distro { slug: "siemens-plc", name: "Siemens SIMATIC S7-300", system: "siemens_plc" },
    Distro { slug: "qnap", name: "QNAP QTS 4", system: "qnap" },
    Distro { slug: "synology", name: "Synology DSM 5", system: "synology" },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use netsvc_persona::tables::systems;

    #[test]
    fn every_archetype_and_distro_runs_a_system_that_exists() {
        assert_eq!((ARCHETYPES.len(), DISTROS.len()), (15, systems::SYSTEMS.len()));
        for archetype in ARCHETYPES {
            for system in archetype.systems {
                assert_eq!(
                    systems::find(system).map(|system| system.family),
                    Some(archetype.family),
                    "{system}"
                );
            }
        }
        assert!(DISTROS.iter().all(|distro| systems::find(distro.system).is_some()));
        assert!(archetype(RANDOM).is_none(), "the word is no archetype's");
    }

    #[test]
    fn what_an_archetype_serves_has_a_product_on_its_systems() {
        for archetype in ARCHETYPES {
            let served = archetype.services.iter().filter(|slug| catalogue::find(slug).is_some());
            let served: Vec<_> = served.collect();
            for system in archetype.systems {
                let shows = |slug: &&&&str| catalogue::products(system, slug).next().is_some();
                let runs = served.iter().filter(shows).count();
                // Devices differ in what they have; one that shows nothing at all would be no use.
                let enough = if archetype.family == "embedded" { served.len().min(1) } else { served.len() };
                assert!(runs >= enough, "{} on {system}", archetype.slug);
            }
        }
    }
}
