//! The engine by system: packages of the distributions and of download.docker.com.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12"],
        &[
            (2, ("Docker", "20.10.24+dfsg1", "")),
            (1, ("Docker", "24.0.5", "")),
            (2, ("Docker", "24.0.7", "")),
            (1, ("Docker", "25.0.3", "")),
        ],
    ),
    Products::on(
        &["debian11", "ubuntu2004", "ubuntu2204", "centos7", "rocky8", "rocky9", "fedora39"],
        &[
            (2, ("Docker", "20.10.21", "")),
            (1, ("Docker", "23.0.1", "")),
            (1, ("Docker", "24.0.5", "")),
            (2, ("Docker", "24.0.7", "")),
            (1, ("Docker", "25.0.3", "")),
        ],
    ),
    Products::on(&["ubuntu2404"], &[(1, ("Docker", "25.0.3", ""))]),
];
