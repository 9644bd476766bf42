//! CouchDB by system, from the archives of apache.jfrog.io.

use netsvc_kit::declared::Products;

/// Releases stand in the order of their age.
pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian9", "debian10", "ubuntu1804", "centos7"],
        &[(2, ("CouchDB", "2.3.1", "")), (2, ("CouchDB", "3.1.1", ""))],
    ),
    Products::on(
        &["debian11", "ubuntu2004", "rocky8"],
        &[(1, ("CouchDB", "3.1.1", "")), (2, ("CouchDB", "3.2.2", "")), (2, ("CouchDB", "3.3.2", ""))],
    ),
    Products::on(
        &["debian12", "ubuntu2204", "rocky9"],
        &[(1, ("CouchDB", "3.3.2", "")), (3, ("CouchDB", "3.3.3", ""))],
    ),
];
