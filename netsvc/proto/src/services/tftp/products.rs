//! TFTP servers by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[Products::on(
    &[
        "debian9",
        "debian10",
        "debian11",
        "debian12",
        "ubuntu1804",
        "ubuntu2004",
        "ubuntu2204",
        "ubuntu2404",
        "kali",
        "rocky8",
        "rocky9",
        "centos6",
        "centos7",
        "fedora39",
        "alpine319",
        "arch",
        "freebsd*",
    ],
    &[(1, ("tftpd-hpa", "5.2", ""))],
)];
