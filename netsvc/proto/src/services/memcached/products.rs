//! memcached by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

/// Releases that answer as 1.6.18 does; older ones do not know the meta commands.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12"], &[(1, ("memcached", "1.6.18", ""))]),
    Products::on(&["ubuntu2204"], &[(1, ("memcached", "1.6.14", ""))]),
    Products::on(&["ubuntu2404", "kali"], &[(1, ("memcached", "1.6.24", ""))]),
    Products::on(&["alpine319"], &[(1, ("memcached", "1.6.22", ""))]),
];
