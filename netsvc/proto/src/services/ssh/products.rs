//! OpenSSH by system: the releases that its own packages install.
//!
//! Sources: package archives of Debian, Ubuntu, Rocky, CentOS, Fedora, Alpine, Kali and Arch; FreeBSD's base system.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["rocky8"], &[(1, ("OpenSSH", "8.0", ""))]),
    Products::on(&["freebsd11"], &[(1, ("OpenSSH", "7.5", "FreeBSD-20170903"))]),
    Products::on(&["freebsd12"], &[(1, ("OpenSSH", "9.1", "FreeBSD-20221019"))]),
    Products::on(&["freebsd13"], &[(1, ("OpenSSH", "8.8", "FreeBSD-20211221"))]),
    Products::on(&["macos"], &[(1, ("OpenSSH", "8.1", ""))]),
    Products::on(&["rocky9"], &[(1, ("OpenSSH", "8.7p1", ""))]),
    Products::on(&["centos7"], &[(1, ("OpenSSH", "7.4", ""))]),
    Products::on(&["fedora39"], &[(1, ("OpenSSH", "9.3", ""))]),
    Products::on(&["alpine319"], &[(1, ("OpenSSH", "9.6", ""))]),
    Products::on(&["kali"], &[(1, ("OpenSSH", "9.6p1", "Debian-4"))]),
    Products::on(&["arch"], &[(1, ("OpenSSH", "9.7", ""))]),
    Products::on(&["debian9"], &[(1, ("OpenSSH", "7.4p1", "Debian-10+deb9u7"))]),
    Products::on(
        &["debian10"],
        &[
            (2, ("OpenSSH", "7.9p1", "Debian-10+deb10u2")),
            (2, ("OpenSSH", "7.9p1", "Debian-10+deb10u3")),
            (3, ("OpenSSH", "7.9p1", "Debian-10+deb10u4")),
        ],
    ),
    Products::on(
        &["debian11"],
        &[
            (1, ("OpenSSH", "8.4p1", "Debian-5+deb11u1")),
            (1, ("OpenSSH", "8.4p1", "Debian-5+deb11u2")),
            (4, ("OpenSSH", "8.4p1", "Debian-5+deb11u3")),
        ],
    ),
    Products::on(
        &["debian12"],
        &[
            // What is drawn no more is known still: as too old, or as overused.
            (0, ("OpenSSH", "9.2p1", "Debian-2")),
            (0, ("OpenSSH", "9.2p1", "Debian-2+deb12u1")),
            (1, ("OpenSSH", "9.2p1", "Debian-2+deb12u2")),
            (0, ("OpenSSH", "9.2p1", "Debian-2+deb12u3")),
            (2, ("OpenSSH", "9.2p1", "Debian-2+deb12u5")),
            (3, ("OpenSSH", "9.2p1", "Debian-2+deb12u6")),
            (5, ("OpenSSH", "9.2p1", "Debian-2+deb12u7")),
        ],
    ),
    Products::on(
        &["ubuntu1804"],
        &[
            (2, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.3")),
            (2, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.5")),
            (4, ("OpenSSH", "7.6p1", "Ubuntu-4ubuntu0.7")),
        ],
    ),
    Products::on(
        &["ubuntu2004"],
        &[
            (1, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.5")),
            (1, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.9")),
            (2, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.11")),
            (4, ("OpenSSH", "8.2p1", "Ubuntu-4ubuntu0.13")),
        ],
    ),
    Products::on(
        &["ubuntu2204"],
        &[
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.1")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.3")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.4")),
            (1, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.6")),
            (1, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.7")),
            (0, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.10")),
            (2, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.11")),
            (5, ("OpenSSH", "8.9p1", "Ubuntu-3ubuntu0.13")),
        ],
    ),
    Products::on(
        &["ubuntu2404"],
        &[
            (0, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13")),
            (1, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.4")),
            (1, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.5")),
            (2, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.11")),
            (3, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.13")),
            (5, ("OpenSSH", "9.6p1", "Ubuntu-3ubuntu13.14")),
        ],
    ),
];
