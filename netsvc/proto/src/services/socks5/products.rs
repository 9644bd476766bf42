//! Proxies by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12"], &[(3, ("Dante", "1.4.2", "")), (2, ("microsocks", "1.0.3", ""))]),
    Products::on(&["debian11"], &[(3, ("Dante", "1.4.2", "")), (2, ("microsocks", "1.0.1", ""))]),
    Products::on(&["debian10"], &[(1, ("Dante", "1.4.2", ""))]),
    Products::on(&["debian9"], &[(1, ("Dante", "1.4.1", ""))]),
    Products::on(&["ubuntu2404"], &[(3, ("Dante", "1.4.3", "")), (2, ("microsocks", "1.0.4", ""))]),
    Products::on(&["ubuntu2204"], &[(3, ("Dante", "1.4.2", "")), (2, ("microsocks", "1.0.2", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("Dante", "1.4.2", ""))]),
    Products::on(&["ubuntu1804"], &[(1, ("Dante", "1.4.2", ""))]),
    Products::on(&["kali"], &[(1, ("Dante", "1.4.2", "")), (1, ("microsocks", "1.0.3", ""))]),
    Products::on(&["alpine319"], &[(1, ("Dante", "1.4.3", "")), (1, ("microsocks", "1.0.3", ""))]),
    Products::on(&["arch"], &[(1, ("Dante", "1.4.3", "")), (1, ("microsocks", "1.0.4", ""))]),
    Products::on(&["rocky8", "rocky9", "centos7", "fedora39"], &[(1, ("Dante", "1.4.3", ""))]),
];
