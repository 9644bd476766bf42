//! Telephone systems, from the package archives and FreePBX's releases: the name is what they call their
//! software.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(
        &["debian12"],
        &[(2, ("FPBX", "17.0.19.24", "21.5.0")), (1, ("FPBX", "17.0.19.17", "20.9.3"))],
    ),
    Products::on(&["debian11"], &[(1, ("Asterisk PBX", "16.28.0~dfsg-0+deb11u4", ""))]),
    Products::on(&["debian10"], &[(1, ("Asterisk PBX", "16.2.1~dfsg-1+deb10u2", ""))]),
    Products::on(&["ubuntu2204"], &[(1, ("Asterisk PBX", "18.10.0~dfsg+~cs6.10.40431411-2", ""))]),
    Products::on(&["ubuntu2404"], &[(1, ("Asterisk PBX", "20.6.0~dfsg+~cs6.13.40431414-2build5", ""))]),
    Products::on(&["ubuntu2004"], &[(1, ("Asterisk PBX", "16.2.1~dfsg-2ubuntu1", ""))]),
    Products::on(&["centos7"], &[(1, ("FPBX", "15.0.37", "16.30.0"))]),
];
