//! Elasticsearch by system, from the archives of artifacts.elastic.co.

use netsvc_kit::declared::Products;

/// Releases stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian10", "ubuntu1804", "centos7"],
        &[
            (1, ("Elasticsearch", "6.8.0", "")),
            (2, ("Elasticsearch", "7.9.1", "")),
            (2, ("Elasticsearch", "7.10.2", "")),
            (1, ("Elasticsearch", "7.17.3", "")),
        ],
    ),
    Products::on(
        &["debian11", "ubuntu2004", "rocky8"],
        &[
            (2, ("Elasticsearch", "7.10.2", "")),
            (1, ("Elasticsearch", "7.12.0", "")),
            (2, ("Elasticsearch", "7.13.4", "")),
            (2, ("Elasticsearch", "7.17.3", "")),
            (1, ("Elasticsearch", "7.17.12", "")),
            (1, ("Elasticsearch", "8.4.3", "")),
        ],
    ),
    Products::on(
        &["debian12", "ubuntu2204", "rocky9", "fedora39"],
        &[
            (2, ("Elasticsearch", "7.17.3", "")),
            (3, ("Elasticsearch", "7.17.12", "")),
            (1, ("Elasticsearch", "8.7.1", "")),
            (1, ("Elasticsearch", "8.12.2", "")),
        ],
    ),
    Products::on(
        &["ubuntu2404"],
        &[(2, ("Elasticsearch", "7.17.12", "")), (2, ("Elasticsearch", "8.15.0", ""))],
    ),
];
