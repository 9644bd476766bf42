//! PostgreSQL by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

/// Releases stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12"],
        &[
            (3, ("PostgreSQL", "15.6", "Debian 15.6-0+deb12u1")),
            (3, ("PostgreSQL", "15.8", "Debian 15.8-0+deb12u1")),
            (1, ("PostgreSQL", "15.18", "Debian 15.18-0+deb12u1")),
        ],
    ),
    Products::on(&["debian11"], &[(1, ("PostgreSQL", "13.16", "Debian 13.16-0+deb11u1"))]),
    Products::on(&["debian10"], &[(1, ("PostgreSQL", "11.22", "Debian 11.22-0+deb10u1"))]),
    Products::on(&["ubuntu1804"], &[(1, ("PostgreSQL", "10.23", "Ubuntu 10.23-0ubuntu0.18.04.2"))]),
    Products::on(&["ubuntu2004"], &[(1, ("PostgreSQL", "12.20", "Ubuntu 12.20-0ubuntu0.20.04.1"))]),
    Products::on(&["ubuntu2204"], &[(1, ("PostgreSQL", "14.11", "Ubuntu 14.11-0ubuntu0.22.04.1"))]),
    Products::on(&["ubuntu2404"], &[(1, ("PostgreSQL", "16.4", "Ubuntu 16.4-0ubuntu0.24.04.2"))]),
    Products::on(&["kali"], &[(1, ("PostgreSQL", "16.4", "Debian 16.4-1"))]),
    Products::on(&["rocky8"], &[(1, ("PostgreSQL", "10.23", ""))]),
    Products::on(&["rocky9"], &[(1, ("PostgreSQL", "13.16", ""))]),
    Products::on(&["fedora39"], &[(1, ("PostgreSQL", "15.8", ""))]),
    Products::on(&["alpine319", "arch"], &[(1, ("PostgreSQL", "16.4", ""))]),
];
