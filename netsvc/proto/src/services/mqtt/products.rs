//! mosquitto by system, from the package archives of the distributions (Fedora, EPEL, OpenWrt 21.02 for devices).

use netsvc_kit::declared::Products;

/// See [`Products`].
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian11", "debian12", "ubuntu2204"], &[(1, ("mosquitto", "2.0.11", ""))]),
    Products::on(
        &["ubuntu2404", "kali", "alpine319", "fedora39", "rocky8", "rocky9", "arch"],
        &[(1, ("mosquitto", "2.0.18", ""))],
    ),
    Products::on(&["busybox_arm", "busybox_mips", "ip_camera"], &[(1, ("mosquitto", "2.0.11", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("mosquitto", "2.0.15", ""))]),
];
