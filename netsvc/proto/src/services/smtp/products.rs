//! Mail servers by system.
//!
//! Sources: package archives of the distributions; versions of Microsoft's follow the build of Windows.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(in crate::services) const PRODUCTS: &[Products] = &[
    Products::on(&["debian10"], &[(4, ("Postfix", "3.4.23", "Debian/GNU")), (3, ("Exim", "4.92", ""))]),
    Products::on(&["debian9"], &[(4, ("Postfix", "3.1.15", "Debian/GNU")), (3, ("Exim", "4.89", ""))]),
    Products::on(&["ubuntu1804"], &[(4, ("Postfix", "3.3.0", "Ubuntu")), (2, ("Exim", "4.90_1", "Ubuntu"))]),
    Products::on(&["rocky8"], &[(1, ("Postfix", "3.5.8", ""))]),
    Products::on(&["centos6"], &[(1, ("Postfix", "2.6.6", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("Postfix", "3.7.3", ""))]),
    Products::on(&["debian12"], &[(4, ("Postfix", "3.7.10", "Debian/GNU")), (3, ("Exim", "4.96", ""))]),
    Products::on(&["debian11"], &[(4, ("Postfix", "3.5.25", "Debian/GNU")), (3, ("Exim", "4.94.2", ""))]),
    Products::on(&["ubuntu2204"], &[(4, ("Postfix", "3.6.4", "Ubuntu")), (2, ("Exim", "4.95", "Ubuntu"))]),
    Products::on(&["ubuntu2404"], &[(4, ("Postfix", "3.8.6", "Ubuntu")), (2, ("Exim", "4.97", "Ubuntu"))]),
    Products::on(&["ubuntu2004"], &[(4, ("Postfix", "3.4.13", "Ubuntu"))]),
    Products::on(&["rocky9"], &[(1, ("Postfix", "3.5.9", ""))]),
    Products::on(&["fedora39"], &[(1, ("Postfix", "3.8.5", ""))]),
    Products::on(&["centos7"], &[(1, ("Postfix", "2.10.1", ""))]),
    Products::on(&["alpine319"], &[(1, ("Postfix", "3.8.4", ""))]),
    Products::on(&["kali"], &[(1, ("Postfix", "3.8.5", "Debian/GNU"))]),
    Products::on(&["arch"], &[(1, ("Postfix", "3.9.0", ""))]),
    Products::on(&["windows_server_2012r2"], &[(1, ("Microsoft ESMTP", "8.5.9600.16384", ""))]),
    Products::on(&["windows_server_2016"], &[(1, ("Microsoft ESMTP", "10.0.14393.4169", ""))]),
    Products::on(&["windows_server_2019"], &[(1, ("Microsoft ESMTP", "10.0.17763.1697", ""))]),
    Products::on(&["windows_server_2022"], &[(1, ("Microsoft ESMTP", "10.0.20348.1", ""))]),
];
