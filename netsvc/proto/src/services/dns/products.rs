//! Name servers by system: BIND as the distributions package it, whose version is what `version.bind` says, and the
//! DNS Server role of Windows.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12"],
        &[
            (2, ("BIND", "9.18.24", "1-Debian")),
            (3, ("BIND", "9.18.28", "1~deb12u2-Debian")),
            (1, ("BIND", "9.18.49", "1~deb12u3-Debian")),
        ],
    ),
    Products::on(&["debian11"], &[(1, ("BIND", "9.16.50", "Debian"))]),
    Products::on(&["debian10"], &[(1, ("BIND", "9.11.5", "P4-5.1+deb10u11-Debian"))]),
    Products::on(&["debian9"], &[(1, ("BIND", "9.10.3", "P4-Debian"))]),
    Products::on(&["ubuntu1804"], &[(1, ("BIND", "9.11.3", "1ubuntu1.18-Ubuntu"))]),
    Products::on(&["ubuntu2004"], &[(1, ("BIND", "9.16.1", "Ubuntu"))]),
    Products::on(
        &["ubuntu2204"],
        &[
            (2, ("BIND", "9.18.18", "0ubuntu0.22.04.2-Ubuntu")),
            (3, ("BIND", "9.18.28", "0ubuntu0.22.04.1-Ubuntu")),
        ],
    ),
    Products::on(&["ubuntu2404"], &[(1, ("BIND", "9.18.28", "0ubuntu0.24.04.1-Ubuntu"))]),
    Products::on(&["kali"], &[(1, ("BIND", "9.20.2", "1-Debian"))]),
    Products::on(&["rocky9"], &[(1, ("BIND", "9.16.23", "RH"))]),
    Products::on(&["rocky8"], &[(1, ("BIND", "9.11.36", "RedHat-9.11.36-14.el8_10"))]),
    Products::on(&["centos7"], &[(1, ("BIND", "9.11.4", "P2-RedHat-9.11.4-26.P2.el7_9.15"))]),
    Products::on(&["centos6"], &[(1, ("BIND", "9.8.2rc1", "RedHat-9.8.2-0.68.rc1.el6_10.8"))]),
    Products::on(&["fedora39", "alpine319", "freebsd12", "freebsd13"], &[(1, ("BIND", "9.18.24", ""))]),
    Products::on(&["arch"], &[(1, ("BIND", "9.20.2", ""))]),
    Products::on(&["windows_server_2012r2"], &[(1, ("Microsoft DNS", "6.3.9600", ""))]),
    Products::on(&["windows_server_2016"], &[(1, ("Microsoft DNS", "10.0.14393", ""))]),
    Products::on(&["windows_server_2019"], &[(1, ("Microsoft DNS", "10.0.17763", ""))]),
    Products::on(&["windows_server_2022"], &[(1, ("Microsoft DNS", "10.0.20348", ""))]),
];
