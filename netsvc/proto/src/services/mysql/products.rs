//! MySQL and MariaDB by system, from the package archives of the distributions and of the vendors.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian10"], &[(1, ("MariaDB", "10.3.39", "Debian-0+deb10u1"))]),
    Products::on(&["debian9"], &[(1, ("MariaDB", "10.1.48", "Debian-0+deb9u2"))]),
    Products::on(&["ubuntu1804"], &[(1, ("MySQL", "5.7.42", "0ubuntu0.18.04.1"))]),
    Products::on(&["rocky8"], &[(2, ("MySQL", "8.0.32", "")), (1, ("MariaDB", "10.3.39", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("MySQL", "8.0.32", ""))]),
    Products::on(&["synology"], &[(1, ("MariaDB", "5.5.47", ""))]),
    Products::on(
        &["debian12"],
        &[
            (2, ("MariaDB", "10.11.4", "Debian-1~deb12u1")),
            (4, ("MariaDB", "10.11.6", "Debian-0+deb12u1")),
            (1, ("MySQL", "8.0.36", "")),
        ],
    ),
    Products::on(
        &["debian11"],
        &[(1, ("MariaDB", "10.5.19", "Debian-0+deb11u2")), (2, ("MariaDB", "10.5.23", "Debian-0+deb11u1"))],
    ),
    Products::on(
        &["ubuntu2404"],
        &[(2, ("MySQL", "8.0.37", "0ubuntu0.24.04.1")), (3, ("MySQL", "8.0.39", "0ubuntu0.24.04.2"))],
    ),
    Products::on(
        &["ubuntu2204"],
        &[
            (3, ("MySQL", "8.0.36", "0ubuntu0.22.04.1")),
            (2, ("MySQL", "8.0.39", "0ubuntu0.22.04.1")),
            (2, ("MariaDB", "10.6.16", "Ubuntu-0ubuntu0.22.04.1")),
        ],
    ),
    Products::on(
        &["ubuntu2004"],
        &[
            (3, ("MySQL", "8.0.36", "0ubuntu0.20.04.1")),
            (2, ("MariaDB", "10.3.39", "Ubuntu-0ubuntu0.20.04.2")),
        ],
    ),
    Products::on(&["rocky9"], &[(2, ("MySQL", "8.0.32", "")), (1, ("MariaDB", "10.5.22", ""))]),
    Products::on(&["centos7"], &[(2, ("MariaDB", "5.5.68", "")), (2, ("MySQL", "5.7.44", ""))]),
    Products::on(&["fedora39"], &[(1, ("MariaDB", "10.5.23", ""))]),
    Products::on(&["alpine319"], &[(1, ("MariaDB", "10.11.6", ""))]),
    Products::on(&["kali"], &[(1, ("MariaDB", "10.11.6", "Debian-2"))]),
    Products::on(&["arch"], &[(1, ("MariaDB", "11.3.2", ""))]),
];
