//! SMB servers by system: that of Windows itself, and Samba as distributions and storage boxes have it.
//!
//! Sources: package archives of the distributions (security updates included), release notes of QTS and DSM.

use netsvc_kit::declared::Products;

/// See [`Products`]. What Windows has is no product of its own; its version is that of the system.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12"], &[(3, ("Samba", "4.17.12", ""))]),
    Products::on(&["debian11"], &[(3, ("Samba", "4.13.13", ""))]),
    Products::on(&["debian10"], &[(3, ("Samba", "4.9.5", ""))]),
    Products::on(&["debian9"], &[(3, ("Samba", "4.5.16", ""))]),
    Products::on(&["ubuntu2404"], &[(3, ("Samba", "4.19.5", ""))]),
    Products::on(&["ubuntu2204"], &[(1, ("Samba", "4.15.9", "")), (3, ("Samba", "4.15.13", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("Samba", "4.13.17", "")), (3, ("Samba", "4.15.13", ""))]),
    Products::on(&["ubuntu1804"], &[(3, ("Samba", "4.7.6", ""))]),
    Products::on(&["kali"], &[(1, ("Samba", "4.20.1", "")), (2, ("Samba", "4.21.0", ""))]),
    Products::on(&["rocky9"], &[(1, ("Samba", "4.17.5", "")), (3, ("Samba", "4.18.6", ""))]),
    Products::on(&["rocky8"], &[(1, ("Samba", "4.17.5", "")), (3, ("Samba", "4.18.6", ""))]),
    Products::on(&["centos7"], &[(3, ("Samba", "4.10.16", ""))]),
    Products::on(&["fedora39"], &[(1, ("Samba", "4.19.2", "")), (2, ("Samba", "4.19.6", ""))]),
    Products::on(&["arch"], &[(1, ("Samba", "4.19.5", "")), (1, ("Samba", "4.20.1", ""))]),
    Products::on(
        &["freebsd12", "freebsd13"],
        &[(1, ("Samba", "4.13.17", "")), (2, ("Samba", "4.16.11", ""))],
    ),
    Products::on(&["qnap"], &[(1, ("Samba", "4.4.16", ""))]),
    Products::on(&["synology"], &[(1, ("Samba", "4.1.20", ""))]),
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
        &[(1, ("Windows SMB", "", ""))],
    ),
];
