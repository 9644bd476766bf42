//! Remote management by system. Its version is that of HTTP.sys, which has not changed since Vista.

use netsvc_kit::declared::Products;

/// See [`Products`]: the ports that are given out at the start begin elsewhere before Windows 10.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["windows10", "windows11", "windows_server_2016", "windows_server_2019", "windows_server_2022"],
        &[(1, ("Microsoft-HTTPAPI", "2.0", ""))],
    )
    .at(&[5985, 5986, 135, 49_664, 49_665, 49_666, 49_667]),
    Products::on(&["windows7", "windows_server_2012r2"], &[(1, ("Microsoft-HTTPAPI", "2.0", ""))])
        .at(&[5985, 5986, 135, 49_152, 49_153, 49_154, 49_155]),
];
