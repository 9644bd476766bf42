//! FTP servers by system.
//!
//! Sources: package archives of the distributions; devices from their own banners.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian10"],
        &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.6", "Debian")),
            (2, ("Pure-FTPd", "1.0.47", "")),
        ],
    ),
    Products::on(&["debian9"], &[(5, ("vsftpd", "3.0.3", "")), (3, ("ProFTPD", "1.3.5b", "Debian"))]),
    Products::on(&["ubuntu1804"], &[(5, ("vsftpd", "3.0.3", "")), (2, ("ProFTPD", "1.3.5e", "Debian"))]),
    Products::on(&["rocky8"], &[(1, ("vsftpd", "3.0.3", ""))]),
    Products::on(&["centos6"], &[(1, ("vsftpd", "2.2.2", ""))]),
    Products::on(&["freebsd11"], &[(3, ("Pure-FTPd", "1.0.49", "")), (2, ("vsftpd", "3.0.3", ""))]),
    Products::on(
        &["freebsd12", "freebsd13"],
        &[(3, ("Pure-FTPd", "1.0.51", "")), (2, ("vsftpd", "3.0.5", ""))],
    ),
    Products::on(
        &["debian12"],
        &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.8", "Debian")),
            (2, ("Pure-FTPd", "1.0.50", "")),
        ],
    ),
    Products::on(
        &["debian11"],
        &[
            (5, ("vsftpd", "3.0.3", "")),
            (3, ("ProFTPD", "1.3.7a", "Debian")),
            (2, ("Pure-FTPd", "1.0.49", "")),
        ],
    ),
    Products::on(
        &["ubuntu2404"],
        &[
            (5, ("vsftpd", "3.0.5", "")),
            (2, ("ProFTPD", "1.3.8b", "Debian")),
            (2, ("Pure-FTPd", "1.0.50", "")),
        ],
    ),
    Products::on(
        &["ubuntu2204"],
        &[
            (5, ("vsftpd", "3.0.5", "")),
            (2, ("ProFTPD", "1.3.7c", "Debian")),
            (2, ("Pure-FTPd", "1.0.49", "")),
        ],
    ),
    Products::on(&["kali"], &[(3, ("vsftpd", "3.0.3", "")), (1, ("ProFTPD", "1.3.8b", "Debian"))]),
    Products::on(&["ubuntu2004"], &[(5, ("vsftpd", "3.0.3", "")), (2, ("ProFTPD", "1.3.6c", "Debian"))]),
    Products::on(&["rocky9", "fedora39", "arch"], &[(1, ("vsftpd", "3.0.5", ""))]),
    Products::on(&["centos7"], &[(1, ("vsftpd", "3.0.2", ""))]),
    Products::on(&["alpine319"], &[(1, ("vsftpd", "3.0.5", ""))]),
    Products::on(&["hp_printer"], &[(1, ("HP JetDirect", "", ""))]),
    Products::on(
        &[
            "windows7",
            "windows10",
            "windows11",
            "windows_server_2012r2",
            "windows_server_2016",
            "windows_server_2019",
            "windows_server_2022",
        ],
        &[(1, ("Microsoft FTP Service", "", ""))],
    ),
];
