//! Releases of SQL Server by system.

use netsvc_kit::declared::Products;

const NAME: &str = "Microsoft SQL Server";

/// See [`Products`].
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["windows_server_2012r2"], &[(1, (NAME, "12.0.6024.0", ""))]),
    Products::on(
        &["windows_server_2016"],
        &[(2, (NAME, "13.0.5026.0", "")), (1, (NAME, "14.0.1000.169", ""))],
    ),
    Products::on(
        &["windows_server_2019"],
        &[(1, (NAME, "14.0.1000.169", "")), (3, (NAME, "15.0.2000.5", ""))],
    ),
    Products::on(&["windows_server_2022"], &[(1, (NAME, "15.0.2000.5", "")), (2, (NAME, "16.0.1000.6", ""))]),
    Products::on(&["windows10", "windows11"], &[(1, (NAME, "15.0.2000.5", ""))]),
];
