//! What every Windows has.

use netsvc_kit::declared::Products;

const NAME: &str = "Microsoft Terminal Services";

/// See [`Products`].
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["windows7"], &[(1, (NAME, "6.1.7601", ""))]),
    Products::on(&["windows_server_2012r2"], &[(1, (NAME, "6.3.9600", ""))]),
    Products::on(&["windows_server_2016"], &[(1, (NAME, "10.0.14393", ""))]),
    Products::on(&["windows_server_2019"], &[(1, (NAME, "10.0.17763", ""))]),
    Products::on(&["windows_server_2022"], &[(1, (NAME, "10.0.20348", ""))]),
    Products::on(&["windows10"], &[(1, (NAME, "10.0.19041", ""))]),
    Products::on(&["windows11"], &[(1, (NAME, "10.0.22621", ""))]),
];
