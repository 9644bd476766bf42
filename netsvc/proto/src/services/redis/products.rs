//! Redis by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

/// Releases of one product stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian10"], &[(1, ("Redis", "5.0.14", ""))]),
    Products::on(&["debian9"], &[(1, ("Redis", "3.2.6", ""))]),
    Products::on(&["ubuntu1804"], &[(1, ("Redis", "4.0.9", ""))]),
    Products::on(&["rocky8"], &[(1, ("Redis", "5.0.3", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("Redis", "7.0.7", ""))]),
    Products::on(&["debian12"], &[(1, ("Redis", "7.0.15", ""))]),
    Products::on(&["debian11", "ubuntu2204"], &[(1, ("Redis", "6.0.16", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("Redis", "5.0.7", ""))]),
    Products::on(&["rocky9"], &[(1, ("Redis", "6.2.7", ""))]),
    Products::on(&["centos7"], &[(1, ("Redis", "3.2.12", ""))]),
    Products::on(&["ubuntu2404", "kali"], &[(1, ("Redis", "7.0.15", ""))]),
    Products::on(&["fedora39", "alpine319", "arch"], &[(1, ("Redis", "7.2.4", ""))]),
];
