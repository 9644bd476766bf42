//! The versions of the programs that each release comes with.
//!
//! Sources: the package archives of the distributions (packages.debian.org, packages.ubuntu.com, the el6 to el9 and
//! Fedora repositories, pkgs.alpinelinux.org). This is the one table: whatever prints a version reads it.

use super::Live;

/// Versions of one release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    /// System id of the persona.
    pub(crate) id: &'static str,
    /// `BASH_VERSION`.
    pub(crate) bash: &'static str,
    /// GNU coreutils.
    pub(crate) coreutils: &'static str,
    /// GNU grep.
    pub(crate) grep: &'static str,
    /// GNU sed.
    pub(crate) sed: &'static str,
    /// GNU tar.
    pub(crate) tar: &'static str,
    /// GNU gzip.
    pub(crate) gzip: &'static str,
    /// GNU findutils.
    pub(crate) findutils: &'static str,
    /// GNU Wget.
    pub(crate) wget: &'static str,
    /// curl and libcurl.
    pub(crate) curl: &'static str,
    /// OpenSSL with its date, as `openssl version` has it.
    pub(crate) openssl: &'static str,
    /// The Python that the system comes with.
    pub(crate) python: &'static str,
    /// Perl.
    pub(crate) perl: &'static str,
    /// procps-ng (procps before 3.3).
    pub(crate) procps: &'static str,
    /// util-linux.
    pub(crate) util_linux: &'static str,
    /// The C library.
    pub(crate) libc: &'static str,
    /// systemd; empty: another init.
    pub(crate) systemd: &'static str,
    /// iproute2.
    pub(crate) iproute: &'static str,
    /// GNU awk; empty: the system has mawk.
    pub(crate) gawk: &'static str,
}

impl Versions {
    /// `5.2`: what `\v` in a prompt shows.
    pub(crate) fn bash_short(&self) -> &'static str {
        let end = self.bash.match_indices('.').nth(1).map_or(self.bash.len(), |(at, _)| at);
        self.bash.get(..end).unwrap_or(self.bash)
    }

    /// Major and minor number of bash.
    pub(crate) fn bash_number(&self) -> (u32, u32) {
        number(self.bash)
    }

    /// Major and minor number of coreutils.
    pub(crate) fn coreutils_number(&self) -> (u32, u32) {
        number(self.coreutils)
    }

    /// Major and minor number of procps.
    pub(crate) fn procps_number(&self) -> (u32, u32) {
        number(self.procps)
    }

    /// Major and minor number of iproute2.
    pub(crate) fn iproute_number(&self) -> (u32, u32) {
        number(self.iproute)
    }

    /// Columns of a process number: systemd has raised the kernel's highest one since its version 243.
    pub(crate) fn pid_width(&self) -> usize {
        if self.systemd.parse::<u32>().is_ok_and(|version| version >= 243) { 7 } else { 5 }
    }

    /// OpenSSL's number without its date.
    pub(crate) fn openssl_number(&self) -> &'static str {
        self.openssl.split(' ').next().unwrap_or(self.openssl)
    }
}

/// The first two numbers of a version.
fn number(version: &str) -> (u32, u32) {
    let mut parts =
        version.split(|character: char| !character.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

impl Live {
    /// The versions of this system's programs; a system that the table does not know has Debian 12's.
    pub(crate) fn versions(&self) -> &'static Versions {
        let id = self.persona.os.id.as_str();
        TABLE.iter().find(|row| row.id == id).unwrap_or(&DEBIAN12)
    }
}

const DEBIAN9: Versions = Versions {
    id: "debian9",
    bash: "4.4.12(1)-release",
    coreutils: "8.26",
    grep: "2.27",
    sed: "4.4",
    tar: "1.29",
    gzip: "1.6",
    findutils: "4.7.0-git",
    wget: "1.18",
    curl: "7.52.1",
    openssl: "1.1.0l  10 Sep 2019",
    python: "3.5.3",
    perl: "5.24.1",
    procps: "3.3.12",
    util_linux: "2.29.2",
    libc: "2.24",
    systemd: "232",
    iproute: "4.9.0",
    gawk: "",
};

const DEBIAN10: Versions = Versions {
    id: "debian10",
    bash: "5.0.3(1)-release",
    coreutils: "8.30",
    grep: "3.3",
    sed: "4.7",
    tar: "1.30",
    gzip: "1.9",
    findutils: "4.6.0.225-235f",
    wget: "1.20.1",
    curl: "7.64.0",
    openssl: "1.1.1n  15 Mar 2022",
    python: "3.7.3",
    perl: "5.28.1",
    procps: "3.3.15",
    util_linux: "2.33.1",
    libc: "2.28",
    systemd: "241",
    iproute: "4.20.0",
    gawk: "",
};

const DEBIAN11: Versions = Versions {
    id: "debian11",
    bash: "5.1.4(1)-release",
    coreutils: "8.32",
    grep: "3.6",
    sed: "4.7",
    tar: "1.34",
    gzip: "1.10",
    findutils: "4.8.0",
    wget: "1.21",
    curl: "7.74.0",
    openssl: "1.1.1w  11 Sep 2023",
    python: "3.9.2",
    perl: "5.32.1",
    procps: "3.3.17",
    util_linux: "2.36.1",
    libc: "2.31",
    systemd: "247",
    iproute: "5.10.0",
    gawk: "",
};

const DEBIAN12: Versions = Versions {
    id: "debian12",
    bash: "5.2.15(1)-release",
    coreutils: "9.1",
    grep: "3.8",
    sed: "4.9",
    tar: "1.34",
    gzip: "1.12",
    findutils: "4.9.0",
    wget: "1.21.3",
    curl: "7.88.1",
    openssl: "3.0.11 19 Sep 2023",
    python: "3.11.2",
    perl: "5.36.0",
    procps: "4.0.2",
    util_linux: "2.38.1",
    libc: "2.36",
    systemd: "252",
    iproute: "6.1.0",
    gawk: "",
};

const KALI: Versions = Versions {
    id: "kali",
    bash: "5.2.21(1)-release",
    coreutils: "9.4",
    grep: "3.11",
    sed: "4.9",
    tar: "1.35",
    gzip: "1.12",
    findutils: "4.9.0",
    wget: "1.21.4",
    curl: "8.5.0",
    openssl: "3.1.4 24 Oct 2023",
    python: "3.11.8",
    perl: "5.38.2",
    procps: "4.0.4",
    util_linux: "2.39.3",
    libc: "2.37",
    systemd: "255",
    iproute: "6.7.0",
    gawk: "5.2.1",
};

const UBUNTU1804: Versions = Versions {
    id: "ubuntu1804",
    bash: "4.4.20(1)-release",
    coreutils: "8.28",
    grep: "3.1",
    sed: "4.4",
    tar: "1.29",
    gzip: "1.6",
    findutils: "4.7.0-git",
    wget: "1.19.4",
    curl: "7.58.0",
    openssl: "1.1.1  11 Sep 2018",
    python: "3.6.9",
    perl: "5.26.1",
    procps: "3.3.12",
    util_linux: "2.31.1",
    libc: "2.27",
    systemd: "237",
    iproute: "4.15.0",
    gawk: "",
};

const UBUNTU2004: Versions = Versions {
    id: "ubuntu2004",
    bash: "5.0.17(1)-release",
    coreutils: "8.30",
    grep: "3.4",
    sed: "4.7",
    tar: "1.30",
    gzip: "1.10",
    findutils: "4.7.0",
    wget: "1.20.3",
    curl: "7.68.0",
    openssl: "1.1.1f  31 Mar 2020",
    python: "3.8.10",
    perl: "5.30.0",
    procps: "3.3.16",
    util_linux: "2.34",
    libc: "2.31",
    systemd: "245",
    iproute: "5.5.0",
    gawk: "",
};

const UBUNTU2204: Versions = Versions {
    id: "ubuntu2204",
    bash: "5.1.16(1)-release",
    coreutils: "8.32",
    grep: "3.7",
    sed: "4.8",
    tar: "1.34",
    gzip: "1.10",
    findutils: "4.8.0",
    wget: "1.21.2",
    curl: "7.81.0",
    openssl: "3.0.2 15 Mar 2022",
    python: "3.10.12",
    perl: "5.34.0",
    procps: "3.3.17",
    util_linux: "2.37.2",
    libc: "2.35",
    systemd: "249",
    iproute: "5.15.0",
    gawk: "",
};

const UBUNTU2404: Versions = Versions {
    id: "ubuntu2404",
    bash: "5.2.21(1)-release",
    coreutils: "9.4",
    grep: "3.11",
    sed: "4.9",
    tar: "1.35",
    gzip: "1.12",
    findutils: "4.9.0",
    wget: "1.21.4",
    curl: "8.5.0",
    openssl: "3.0.13 30 Jan 2024",
    python: "3.12.3",
    perl: "5.38.2",
    procps: "4.0.4",
    util_linux: "2.39.3",
    libc: "2.39",
    systemd: "255",
    iproute: "6.1.0",
    gawk: "",
};

const CENTOS6: Versions = Versions {
    id: "centos6",
    bash: "4.1.2(2)-release",
    coreutils: "8.4",
    grep: "2.20",
    sed: "4.2.1",
    tar: "1.23",
    gzip: "1.3.12",
    findutils: "4.4.2",
    wget: "1.12",
    curl: "7.19.7",
    openssl: "1.0.1e-fips 11 Feb 2013",
    python: "2.6.6",
    perl: "5.10.1",
    procps: "3.2.8",
    util_linux: "2.17.2",
    libc: "2.12",
    systemd: "",
    iproute: "2.6.32",
    gawk: "3.1.7",
};

const CENTOS7: Versions = Versions {
    id: "centos7",
    bash: "4.2.46(2)-release",
    coreutils: "8.22",
    grep: "2.20",
    sed: "4.2.2",
    tar: "1.26",
    gzip: "1.5",
    findutils: "4.5.11",
    wget: "1.14",
    curl: "7.29.0",
    openssl: "1.0.2k-fips  26 Jan 2017",
    python: "2.7.5",
    perl: "5.16.3",
    procps: "3.3.10",
    util_linux: "2.23.2",
    libc: "2.17",
    systemd: "219",
    iproute: "4.11.0",
    gawk: "4.0.2",
};

const ROCKY8: Versions = Versions {
    id: "rocky8",
    bash: "4.4.20(1)-release",
    coreutils: "8.30",
    grep: "3.1",
    sed: "4.5",
    tar: "1.30",
    gzip: "1.9",
    findutils: "4.6.0",
    wget: "1.19.5",
    curl: "7.61.1",
    openssl: "1.1.1k  FIPS 25 Mar 2021",
    python: "3.6.8",
    perl: "5.26.3",
    procps: "3.3.15",
    util_linux: "2.32.1",
    libc: "2.28",
    systemd: "239",
    iproute: "6.2.0",
    gawk: "4.2.1",
};

const ROCKY9: Versions = Versions {
    id: "rocky9",
    bash: "5.1.8(1)-release",
    coreutils: "8.32",
    grep: "3.6",
    sed: "4.8",
    tar: "1.34",
    gzip: "1.12",
    findutils: "4.8.0",
    wget: "1.21.1",
    curl: "7.76.1",
    openssl: "3.0.7 1 Nov 2022",
    python: "3.9.18",
    perl: "5.32.1",
    procps: "3.3.17",
    util_linux: "2.37.4",
    libc: "2.34",
    systemd: "252",
    iproute: "6.2.0",
    gawk: "5.1.0",
};

const FEDORA39: Versions = Versions {
    id: "fedora39",
    bash: "5.2.26(1)-release",
    coreutils: "9.3",
    grep: "3.11",
    sed: "4.8",
    tar: "1.35",
    gzip: "1.12",
    findutils: "4.9.0",
    wget: "1.21.4",
    curl: "8.2.1",
    openssl: "3.1.1 30 May 2023",
    python: "3.12.2",
    perl: "5.38.2",
    procps: "4.0.3",
    util_linux: "2.39.3",
    libc: "2.38",
    systemd: "254",
    iproute: "6.4.0",
    gawk: "5.2.2",
};

const ALPINE319: Versions = Versions {
    id: "alpine319",
    bash: "5.2.21(1)-release",
    coreutils: "9.4",
    grep: "3.11",
    sed: "4.9",
    tar: "1.35",
    gzip: "1.13",
    findutils: "4.9.0",
    wget: "1.21.4",
    curl: "8.5.0",
    openssl: "3.1.4 24 Oct 2023",
    python: "3.11.6",
    perl: "5.38.1",
    procps: "4.0.4",
    util_linux: "2.39.3",
    libc: "1.2.4",
    systemd: "",
    iproute: "6.6.0",
    gawk: "5.3.0",
};

const TABLE: [Versions; 15] = [
    DEBIAN9, DEBIAN10, DEBIAN11, DEBIAN12, KALI, UBUNTU1804, UBUNTU2004, UBUNTU2204, UBUNTU2404, CENTOS6,
    CENTOS7, ROCKY8, ROCKY9, FEDORA39, ALPINE319,
];
