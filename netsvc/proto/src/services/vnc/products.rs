//! VNC servers by system: packages of the distributions, installers for Windows, what macOS comes with.

use netsvc_kit::declared::Products;

/// See [`Products`].
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12", "kali"],
        &[(2, ("x11vnc", "0.9.16", "")), (1, ("TightVNC", "1.3.10", "")), (1, ("TigerVNC", "1.12.0", ""))],
    ),
    Products::on(&["debian11"], &[(2, ("x11vnc", "0.9.16", "")), (1, ("TigerVNC", "1.11.0", ""))]),
    Products::on(
        &["ubuntu2204"],
        &[(2, ("x11vnc", "0.9.16", "")), (1, ("TightVNC", "1.3.10", "")), (1, ("TigerVNC", "1.12.0", ""))],
    ),
    Products::on(&["ubuntu2404"], &[(2, ("x11vnc", "0.9.16", "")), (1, ("TigerVNC", "1.13.1", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("x11vnc", "0.9.16", "")), (2, ("TightVNC", "1.3.10", ""))]),
    Products::on(&["rocky8", "rocky9", "fedora39", "arch"], &[(1, ("TigerVNC", "1.13.1", ""))]),
    Products::on(&["centos7"], &[(1, ("TigerVNC", "1.8.0", ""))]),
    Products::on(
        &["windows10", "windows11", "windows_server_2016", "windows_server_2019", "windows_server_2022"],
        &[(1, ("TightVNC", "2.8.59", "")), (1, ("TightVNC", "2.8.63", "")), (2, ("TightVNC", "2.8.81", ""))],
    ),
    Products::on(
        &["windows7", "windows_server_2012r2"],
        &[(1, ("RealVNC", "4.1.3", "")), (1, ("TightVNC", "2.8.11", ""))],
    ),
    Products::on(&["macos"], &[(1, ("Screen Sharing", "3.9.8", ""))]),
];
