//! Operating systems with the kernels that they shipped.
//!
//! Sources: release notes and package archives of the distributions (kernel package changelogs),
//! Microsoft's release health pages (build numbers), vendors' firmware notes.

use super::Weighted;

/// An operating system of a family.
#[derive(Debug)]
pub struct System {
    /// Id: `debian12`, `windows_server_2019`, ….
    pub id: &'static str,
    /// Family: `linux`, `windows`, `windows_server`, `embedded`.
    pub family: &'static str,
    /// Name as os-release or a system dialog gives it.
    pub pretty_name: &'static str,
    /// Release.
    pub version: &'static str,
    /// Code name.
    pub codename: &'static str,
    /// Machine of `uname -m`.
    pub machine: &'static str,
    /// Build number of Windows.
    pub build: u32,
    /// Initial TTL.
    pub ttl: u8,
    /// Style of host names.
    pub names: Style,
    /// Kernel release and version of `uname -r` and `uname -v`.
    pub kernels: &'static [Weighted<(&'static str, &'static str)>],
}

/// Style of host names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `web-prod-03`, `srv-files-02`, `mx1`.
    Server,
    /// `DESKTOP-4F7Q2KL`, `PC-MEIER`.
    Desktop,
    /// `WIN-…`, `SRV-DC01`.
    WindowsServer,
    /// `NPI3C9A1B`.
    Printer,
    /// Device name and part of the MAC.
    Device,
}

/// The system with this id.
pub fn find(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.id == id)
}

/// Every system.
pub const SYSTEMS: &[System] = &[
    System {
        id: "debian12",
        family: "linux",
        pretty_name: "Debian GNU/Linux 12 (bookworm)",
        version: "12",
        codename: "bookworm",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("6.1.0-18-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)")),
            (3, ("6.1.0-21-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)")),
            (4, ("6.1.0-25-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)")),
            (3, ("6.1.0-13-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)")),
            (2, ("6.1.0-17-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.69-1 (2023-12-30)")),
            (2, ("6.1.0-22-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.94-1 (2024-06-21)")),
            (3, ("6.1.0-26-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)")),
            (3, ("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)")),
        ],
    },
    System {
        id: "debian11",
        family: "linux",
        pretty_name: "Debian GNU/Linux 11 (bullseye)",
        version: "11",
        codename: "bullseye",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)")),
            (3, ("5.10.0-26-amd64", "#1 SMP Debian 5.10.197-1 (2023-09-29)")),
            (2, ("5.10.0-21-amd64", "#1 SMP Debian 5.10.162-1 (2023-01-21)")),
            (2, ("5.10.0-23-amd64", "#1 SMP Debian 5.10.179-1 (2023-05-12)")),
            (2, ("5.10.0-30-amd64", "#1 SMP Debian 5.10.218-1 (2024-06-01)")),
        ],
    },
    System {
        id: "ubuntu2204",
        family: "linux",
        pretty_name: "Ubuntu 22.04.4 LTS",
        version: "22.04",
        codename: "jammy",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (4, ("5.15.0-105-generic", "#115-Ubuntu SMP Mon Apr 15 09:52:04 UTC 2024")),
            (4, ("5.15.0-112-generic", "#122-Ubuntu SMP Thu May 23 07:48:21 UTC 2024")),
            (2, ("5.15.0-76-generic", "#83-Ubuntu SMP Thu Jun 15 19:16:32 UTC 2023")),
            (3, ("5.15.0-119-generic", "#129-Ubuntu SMP Fri Aug 2 19:25:20 UTC 2024")),
            (3, ("5.15.0-91-generic", "#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023")),
        ],
    },
    System {
        id: "ubuntu2404",
        family: "linux",
        pretty_name: "Ubuntu 24.04.1 LTS",
        version: "24.04",
        codename: "noble",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (2, ("6.8.0-31-generic", "#31-Ubuntu SMP PREEMPT_DYNAMIC Sat Apr 20 00:40:06 UTC 2024")),
            (4, ("6.8.0-40-generic", "#40-Ubuntu SMP PREEMPT_DYNAMIC Fri Jul  5 10:34:03 UTC 2024")),
            (4, ("6.8.0-45-generic", "#45-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 30 12:02:04 UTC 2024")),
        ],
    },
    System {
        id: "ubuntu2004",
        family: "linux",
        pretty_name: "Ubuntu 20.04.6 LTS",
        version: "20.04",
        codename: "focal",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (4, ("5.4.0-182-generic", "#202-Ubuntu SMP Fri Apr 26 12:29:36 UTC 2024")),
            (4, ("5.4.0-169-generic", "#187-Ubuntu SMP Thu Nov 23 14:52:28 UTC 2023")),
            (2, ("5.4.0-150-generic", "#167-Ubuntu SMP Mon May 15 17:35:05 UTC 2023")),
        ],
    },
    System {
        id: "rocky9",
        family: "linux",
        pretty_name: "Rocky Linux 9.3 (Blue Onyx)",
        version: "9.3",
        codename: "",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("5.14.0-362.24.1.el9_3.x86_64", "#1 SMP PREEMPT_DYNAMIC Wed Mar 20 04:48:57 UTC 2024")),
            (3, ("5.14.0-362.8.1.el9_3.x86_64", "#1 SMP PREEMPT_DYNAMIC Wed Nov 8 17:36:32 UTC 2023")),
        ],
    },
    System {
        id: "centos7",
        family: "linux",
        pretty_name: "CentOS Linux 7 (Core)",
        version: "7",
        codename: "",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (4, ("3.10.0-1160.118.1.el7.x86_64", "#1 SMP Wed Apr 24 16:01:50 UTC 2024")),
            (4, ("3.10.0-1160.71.1.el7.x86_64", "#1 SMP Tue Jun 28 15:37:28 UTC 2022")),
            (3, ("3.10.0-957.el7.x86_64", "#1 SMP Thu Nov 8 23:39:32 UTC 2018")),
        ],
    },
    System {
        id: "fedora39",
        family: "linux",
        pretty_name: "Fedora Linux 39 (Server Edition)",
        version: "39",
        codename: "",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("6.8.9-200.fc39.x86_64", "#1 SMP PREEMPT_DYNAMIC Thu May  2 18:50:49 UTC 2024")),
            (3, ("6.7.4-200.fc39.x86_64", "#1 SMP PREEMPT_DYNAMIC Mon Feb  5 22:21:14 UTC 2024")),
        ],
    },
    System {
        id: "alpine319",
        family: "linux",
        pretty_name: "Alpine Linux v3.19",
        version: "3.19.1",
        codename: "",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("6.6.14-0-virt", "#1-Alpine SMP PREEMPT_DYNAMIC Fri, 26 Jan 2024 11:08:07 +0000")),
            (3, ("6.6.31-0-lts", "#1-Alpine SMP PREEMPT_DYNAMIC Fri, 17 May 2024 14:51:00 +0000")),
        ],
    },
    System {
        id: "kali",
        family: "linux",
        pretty_name: "Kali GNU/Linux Rolling",
        version: "2024.1",
        codename: "kali-rolling",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("6.6.9-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.6.9-1kali1 (2024-01-08)")),
            (3, ("6.6.15-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.6.15-2kali1 (2024-04-09)")),
        ],
    },
    System {
        id: "arch",
        family: "linux",
        pretty_name: "Arch Linux",
        version: "rolling",
        codename: "",
        machine: "x86_64",
        build: 0,
        ttl: 64,
        names: Style::Server,
        kernels: &[
            (3, ("6.8.9-arch1-1", "#1 SMP PREEMPT_DYNAMIC Thu, 02 May 2024 17:49:46 +0000")),
            (3, ("6.7.6-arch1-1", "#1 SMP PREEMPT_DYNAMIC Fri, 23 Feb 2024 16:31:48 +0000")),
        ],
    },
    System {
        id: "windows10",
        family: "windows",
        pretty_name: "Windows 10 Pro 22H2",
        version: "10.0",
        codename: "22H2",
        machine: "AMD64",
        build: 19045,
        ttl: 128,
        names: Style::Desktop,
        kernels: &[(1, ("10.0.19045", ""))],
    },
    System {
        id: "windows11",
        family: "windows",
        pretty_name: "Windows 11 Pro 23H2",
        version: "10.0",
        codename: "23H2",
        machine: "AMD64",
        build: 22631,
        ttl: 128,
        names: Style::Desktop,
        kernels: &[(1, ("10.0.22631", ""))],
    },
    System {
        id: "windows_server_2012r2",
        family: "windows_server",
        pretty_name: "Windows Server 2012 R2 Standard",
        version: "6.3",
        codename: "",
        machine: "AMD64",
        build: 9600,
        ttl: 128,
        names: Style::WindowsServer,
        kernels: &[(1, ("6.3.9600", ""))],
    },
    System {
        id: "windows_server_2016",
        family: "windows_server",
        pretty_name: "Windows Server 2016 Standard",
        version: "10.0",
        codename: "1607",
        machine: "AMD64",
        build: 14393,
        ttl: 128,
        names: Style::WindowsServer,
        kernels: &[(1, ("10.0.14393", ""))],
    },
    System {
        id: "windows_server_2019",
        family: "windows_server",
        pretty_name: "Windows Server 2019 Standard",
        version: "10.0",
        codename: "1809",
        machine: "AMD64",
        build: 17763,
        ttl: 128,
        names: Style::WindowsServer,
        kernels: &[(1, ("10.0.17763", ""))],
    },
    System {
        id: "windows_server_2022",
        family: "windows_server",
        pretty_name: "Windows Server 2022 Standard",
        version: "10.0",
        codename: "21H2",
        machine: "AMD64",
        build: 20348,
        ttl: 128,
        names: Style::WindowsServer,
        kernels: &[(1, ("10.0.20348", ""))],
    },
    System {
        id: "hp_printer",
        family: "embedded",
        pretty_name: "HP LaserJet Pro M404dn",
        version: "2409048_029566",
        codename: "",
        machine: "armv7l",
        build: 0,
        ttl: 64,
        names: Style::Printer,
        kernels: &[(1, ("VxWorks", ""))],
    },
    System {
        id: "busybox_arm",
        family: "embedded",
        pretty_name: "BusyBox Linux (armv7l)",
        version: "1.22.1",
        codename: "",
        machine: "armv7l",
        build: 0,
        ttl: 64,
        names: Style::Device,
        kernels: &[
            (3, ("3.10.14", "#1 PREEMPT Mon Aug 17 14:26:14 CST 2020")),
            (2, ("4.9.37", "#3 PREEMPT Thu Mar 12 10:05:31 CST 2020")),
        ],
    },
    System {
        id: "busybox_mips",
        family: "embedded",
        pretty_name: "BusyBox Linux (mips)",
        version: "1.19.4",
        codename: "",
        machine: "mips",
        build: 0,
        ttl: 64,
        names: Style::Device,
        kernels: &[
            (3, ("2.6.36", "#7 Tue Jul 11 18:02:11 CST 2017")),
            (2, ("3.10.14+", "#2 Fri Sep 6 11:24:39 CST 2019")),
        ],
    },
];
