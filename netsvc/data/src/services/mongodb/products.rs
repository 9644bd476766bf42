//! MongoDB by system, from the archives of repo.mongodb.org.

use netsvc_kit::declared::Products;

/// Releases stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12"],
        &[
            (2, ("MongoDB", "7.0.5", "")),
            (2, ("MongoDB", "7.0.8", "")),
            (2, ("MongoDB", "7.0.14", "")),
            (1, ("MongoDB", "7.0.16", "")),
        ],
    ),
    Products::on(
        &["debian11", "rocky8"],
        &[
            (2, ("MongoDB", "5.0.14", "")),
            (1, ("MongoDB", "5.0.31", "")),
            (2, ("MongoDB", "6.0.6", "")),
            (2, ("MongoDB", "6.0.15", "")),
            (1, ("MongoDB", "7.0.8", "")),
        ],
    ),
    Products::on(
        &["debian10", "ubuntu1804", "centos7"],
        &[
            (2, ("MongoDB", "4.4.3", "")),
            (2, ("MongoDB", "4.4.4", "")),
            (3, ("MongoDB", "4.4.6", "")),
            (1, ("MongoDB", "5.0.6", "")),
        ],
    ),
    Products::on(
        &["ubuntu2004"],
        &[
            (3, ("MongoDB", "4.4.6", "")),
            (1, ("MongoDB", "5.0.3", "")),
            (1, ("MongoDB", "5.0.14", "")),
            (1, ("MongoDB", "6.0.1", "")),
            (1, ("MongoDB", "6.0.6", "")),
        ],
    ),
    Products::on(
        &["ubuntu2204", "rocky9"],
        &[
            (2, ("MongoDB", "6.0.6", "")),
            (2, ("MongoDB", "6.0.15", "")),
            (1, ("MongoDB", "6.0.22", "")),
            (2, ("MongoDB", "7.0.8", "")),
            (2, ("MongoDB", "7.0.14", "")),
        ],
    ),
];
