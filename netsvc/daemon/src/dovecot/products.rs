//! Dovecot by system, from the package archives of the distributions. Releases of 2.2 and before answer otherwise and
//! are not shown.

use netsvc_kit::declared::Products;

/// See [`Products`].
pub const PRODUCTS: &[Products] = &[
    Products::on(&["debian10"], &[(1, ("Dovecot", "2.3.4.1", ""))]),
    Products::on(&["debian11"], &[(1, ("Dovecot", "2.3.13", ""))]),
    Products::on(&["debian12"], &[(1, ("Dovecot", "2.3.19.1", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("Dovecot", "2.3.7.2", ""))]),
    Products::on(&["ubuntu2204", "rocky8", "rocky9"], &[(1, ("Dovecot", "2.3.16", ""))]),
    Products::on(&["alpine319"], &[(1, ("Dovecot", "2.3.20", ""))]),
    Products::on(&["ubuntu2404", "kali", "fedora39", "arch"], &[(1, ("Dovecot", "2.3.21", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("Dovecot", "2.3.19.1", ""))]),
];
