//! Kubernetes by system, from the packages of pkgs.k8s.io and before them apt.kubernetes.io.

use netsvc_kit::declared::Products;

/// Releases stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian11", "ubuntu2004", "rocky8", "centos7"],
        &[
            (1, ("Kubernetes", "1.24.0", "")),
            (2, ("Kubernetes", "1.26.0", "")),
            (2, ("Kubernetes", "1.27.3", "")),
            (2, ("Kubernetes", "1.28.2", "")),
        ],
    ),
    Products::on(
        &["debian12", "ubuntu2204", "rocky9"],
        &[
            (1, ("Kubernetes", "1.26.0", "")),
            (2, ("Kubernetes", "1.27.3", "")),
            (3, ("Kubernetes", "1.28.2", "")),
            (2, ("Kubernetes", "1.30.0", "")),
        ],
    ),
    Products::on(&["ubuntu2404"], &[(2, ("Kubernetes", "1.30.0", ""))]),
];
