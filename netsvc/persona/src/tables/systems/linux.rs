//! Distributions of Linux.

use super::{Style, System};
use crate::tables::hardware::SERVERS;

/// Debian GNU/Linux 12 (bookworm).
pub(super) const DEBIAN12: System = System {
    id: "debian12",
    family: "linux",
    pretty_name: "Debian GNU/Linux 12 (bookworm)",
    version: "12",
    codename: "bookworm",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("6.1.0-13-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)")),
        (2, ("6.1.0-17-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.69-1 (2023-12-30)")),
        (3, ("6.1.0-18-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)")),
        (3, ("6.1.0-21-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)")),
        (2, ("6.1.0-22-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.94-1 (2024-06-21)")),
        (4, ("6.1.0-25-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)")),
        (3, ("6.1.0-26-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)")),
        (3, ("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)")),
    ],
};

/// Debian GNU/Linux 11 (bullseye).
pub(super) const DEBIAN11: System = System {
    id: "debian11",
    family: "linux",
    pretty_name: "Debian GNU/Linux 11 (bullseye)",
    version: "11",
    codename: "bullseye",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (2, ("5.10.0-21-amd64", "#1 SMP Debian 5.10.162-1 (2023-01-21)")),
        (2, ("5.10.0-23-amd64", "#1 SMP Debian 5.10.179-1 (2023-05-12)")),
        (3, ("5.10.0-26-amd64", "#1 SMP Debian 5.10.197-1 (2023-09-29)")),
        (3, ("5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)")),
        (2, ("5.10.0-30-amd64", "#1 SMP Debian 5.10.218-1 (2024-06-01)")),
    ],
};

/// Ubuntu 22.04.4 LTS.
pub(super) const UBUNTU2204: System = System {
    id: "ubuntu2204",
    family: "linux",
    pretty_name: "Ubuntu 22.04.4 LTS",
    version: "22.04",
    codename: "jammy",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (2, ("5.15.0-76-generic", "#83-Ubuntu SMP Thu Jun 15 19:16:32 UTC 2023")),
        (3, ("5.15.0-91-generic", "#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023")),
        (4, ("5.15.0-105-generic", "#115-Ubuntu SMP Mon Apr 15 09:52:04 UTC 2024")),
        (4, ("5.15.0-112-generic", "#122-Ubuntu SMP Thu May 23 07:48:21 UTC 2024")),
        (3, ("5.15.0-119-generic", "#129-Ubuntu SMP Fri Aug 2 19:25:20 UTC 2024")),
    ],
};

/// Ubuntu 24.04.1 LTS.
pub(super) const UBUNTU2404: System = System {
    id: "ubuntu2404",
    family: "linux",
    pretty_name: "Ubuntu 24.04.1 LTS",
    version: "24.04",
    codename: "noble",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (2, ("6.8.0-31-generic", "#31-Ubuntu SMP PREEMPT_DYNAMIC Sat Apr 20 00:40:06 UTC 2024")),
        (4, ("6.8.0-40-generic", "#40-Ubuntu SMP PREEMPT_DYNAMIC Fri Jul  5 10:34:03 UTC 2024")),
        (4, ("6.8.0-45-generic", "#45-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 30 12:02:04 UTC 2024")),
    ],
};

/// Ubuntu 20.04.6 LTS.
pub(super) const UBUNTU2004: System = System {
    id: "ubuntu2004",
    family: "linux",
    pretty_name: "Ubuntu 20.04.6 LTS",
    version: "20.04",
    codename: "focal",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (2, ("5.4.0-150-generic", "#167-Ubuntu SMP Mon May 15 17:35:05 UTC 2023")),
        (4, ("5.4.0-169-generic", "#187-Ubuntu SMP Thu Nov 23 14:52:28 UTC 2023")),
        (4, ("5.4.0-182-generic", "#202-Ubuntu SMP Fri Apr 26 12:29:36 UTC 2024")),
    ],
};

/// Rocky Linux 9.3 (Blue Onyx).
pub(super) const ROCKY9: System = System {
    id: "rocky9",
    family: "linux",
    pretty_name: "Rocky Linux 9.3 (Blue Onyx)",
    version: "9.3",
    codename: "",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("5.14.0-362.8.1.el9_3.x86_64", "#1 SMP PREEMPT_DYNAMIC Wed Nov 8 17:36:32 UTC 2023")),
        (3, ("5.14.0-362.24.1.el9_3.x86_64", "#1 SMP PREEMPT_DYNAMIC Wed Mar 20 04:48:57 UTC 2024")),
    ],
};

/// CentOS Linux 7 (Core).
pub(super) const CENTOS7: System = System {
    id: "centos7",
    family: "linux",
    pretty_name: "CentOS Linux 7 (Core)",
    version: "7",
    codename: "",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("3.10.0-957.el7.x86_64", "#1 SMP Thu Nov 8 23:39:32 UTC 2018")),
        (4, ("3.10.0-1160.71.1.el7.x86_64", "#1 SMP Tue Jun 28 15:37:28 UTC 2022")),
        (4, ("3.10.0-1160.118.1.el7.x86_64", "#1 SMP Wed Apr 24 16:01:50 UTC 2024")),
    ],
};

/// Fedora Linux 39 (Server Edition).
pub(super) const FEDORA39: System = System {
    id: "fedora39",
    family: "linux",
    pretty_name: "Fedora Linux 39 (Server Edition)",
    version: "39",
    codename: "",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("6.7.4-200.fc39.x86_64", "#1 SMP PREEMPT_DYNAMIC Mon Feb  5 22:21:14 UTC 2024")),
        (3, ("6.8.9-200.fc39.x86_64", "#1 SMP PREEMPT_DYNAMIC Thu May  2 18:50:49 UTC 2024")),
    ],
};

/// Alpine Linux v3.19.
pub(super) const ALPINE319: System = System {
    id: "alpine319",
    family: "linux",
    pretty_name: "Alpine Linux v3.19",
    version: "3.19.1",
    codename: "",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("6.6.14-0-virt", "#1-Alpine SMP PREEMPT_DYNAMIC Fri, 26 Jan 2024 11:08:07 +0000")),
        (3, ("6.6.31-0-lts", "#1-Alpine SMP PREEMPT_DYNAMIC Fri, 17 May 2024 14:51:00 +0000")),
    ],
};

/// Kali GNU/Linux Rolling.
pub(super) const KALI: System = System {
    id: "kali",
    family: "linux",
    pretty_name: "Kali GNU/Linux Rolling",
    version: "2024.1",
    codename: "kali-rolling",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("6.6.9-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.6.9-1kali1 (2024-01-08)")),
        (3, ("6.6.15-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.6.15-2kali1 (2024-04-09)")),
    ],
};

/// Arch Linux.
pub(super) const ARCH: System = System {
    id: "arch",
    family: "linux",
    pretty_name: "Arch Linux",
    version: "rolling",
    codename: "",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (3, ("6.7.6-arch1-1", "#1 SMP PREEMPT_DYNAMIC Fri, 23 Feb 2024 16:31:48 +0000")),
        (3, ("6.8.9-arch1-1", "#1 SMP PREEMPT_DYNAMIC Thu, 02 May 2024 17:49:46 +0000")),
    ],
};

/// Debian 10, and what the others below have in common with it.
pub(super) const DEBIAN10: System = System {
    id: "debian10",
    family: "linux",
    pretty_name: "Debian GNU/Linux 10 (buster)",
    version: "10",
    codename: "buster",
    machine: "x86_64",
    build: 0,
    ttl: 64,
    names: Style::Server,
    machines: SERVERS,
    shell: true,
    kernels: &[
        (2, ("4.19.0-18-amd64", "#1 SMP Debian 4.19.208-1 (2021-09-29)")),
        (3, ("4.19.0-21-amd64", "#1 SMP Debian 4.19.249-2 (2022-06-30)")),
        (4, ("4.19.0-25-amd64", "#1 SMP Debian 4.19.289-2 (2023-08-08)")),
        (3, ("4.19.0-26-amd64", "#1 SMP Debian 4.19.304-1 (2024-01-09)")),
    ],
};

/// Debian 9.
pub(super) const DEBIAN9: System = System {
    id: "debian9",
    pretty_name: "Debian GNU/Linux 9 (stretch)",
    version: "9",
    codename: "stretch",
    kernels: &[
        (3, ("4.9.0-13-amd64", "#1 SMP Debian 4.9.228-1 (2020-07-05)")),
        (3, ("4.9.0-19-amd64", "#1 SMP Debian 4.9.320-2 (2022-06-30)")),
    ],
    ..DEBIAN10
};

/// Ubuntu 18.04.
pub(super) const UBUNTU1804: System = System {
    id: "ubuntu1804",
    pretty_name: "Ubuntu 18.04.6 LTS",
    version: "18.04",
    codename: "bionic",
    kernels: &[
        (2, ("4.15.0-156-generic", "#163-Ubuntu SMP Thu Aug 19 23:31:58 UTC 2021")),
        (3, ("4.15.0-193-generic", "#204-Ubuntu SMP Fri Aug 26 19:20:21 UTC 2022")),
        (4, ("4.15.0-213-generic", "#224-Ubuntu SMP Mon Jun 19 13:30:12 UTC 2023")),
    ],
    ..DEBIAN10
};

/// Rocky Linux 8.
pub(super) const ROCKY8: System = System {
    id: "rocky8",
    pretty_name: "Rocky Linux 8.9 (Green Obsidian)",
    version: "8.9",
    codename: "",
    kernels: &[
        (3, ("4.18.0-513.5.1.el8_9.x86_64", "#1 SMP Fri Nov 17 03:31:10 UTC 2023")),
        (3, ("4.18.0-513.24.1.el8_9.x86_64", "#1 SMP Mon Apr 8 15:49:55 UTC 2024")),
    ],
    ..DEBIAN10
};

/// CentOS 6.
pub(super) const CENTOS6: System = System {
    id: "centos6",
    pretty_name: "CentOS release 6.10 (Final)",
    version: "6.10",
    codename: "",
    kernels: &[
        (3, ("2.6.32-754.el6.x86_64", "#1 SMP Tue Jun 19 21:26:04 UTC 2018")),
        (4, ("2.6.32-754.35.1.el6.x86_64", "#1 SMP Sat Nov 7 12:42:14 UTC 2020")),
    ],
    ..DEBIAN10
};
