//! Directory servers by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["windows_server_2012r2"], &[(1, ("Active Directory", "2012 R2", ""))]),
    Products::on(&["windows_server_2016"], &[(1, ("Active Directory", "2016", ""))]),
    Products::on(&["windows_server_2019"], &[(1, ("Active Directory", "2019", ""))]),
    Products::on(&["windows_server_2022"], &[(1, ("Active Directory", "2022", ""))]),
    Products::on(&["debian12", "kali"], &[(1, ("OpenLDAP", "2.5.13", "dfsg-5"))]),
    Products::on(&["debian11"], &[(1, ("OpenLDAP", "2.4.57", "dfsg-3+deb11u1"))]),
    Products::on(&["debian10"], &[(1, ("OpenLDAP", "2.4.47", "dfsg-3+deb10u7"))]),
    Products::on(&["debian9"], &[(1, ("OpenLDAP", "2.4.44", "dfsg-5+deb9u9"))]),
    Products::on(&["ubuntu2404"], &[(1, ("OpenLDAP", "2.6.7", "dfsg-1~exp1ubuntu8"))]),
    Products::on(&["ubuntu2204"], &[(1, ("OpenLDAP", "2.5.18", "dfsg-0ubuntu0.22.04.2"))]),
    Products::on(&["ubuntu2004"], &[(1, ("OpenLDAP", "2.4.49", "dfsg-2ubuntu1.10"))]),
    Products::on(&["ubuntu1804"], &[(1, ("OpenLDAP", "2.4.45", "dfsg-1ubuntu1.11"))]),
    Products::on(&["rocky9", "fedora39", "alpine319", "arch"], &[(1, ("OpenLDAP", "2.6.6", ""))]),
    Products::on(&["rocky8"], &[(1, ("OpenLDAP", "2.4.46", ""))]),
    Products::on(&["centos7"], &[(1, ("OpenLDAP", "2.4.44", ""))]),
    Products::on(&["centos6"], &[(1, ("OpenLDAP", "2.4.40", ""))]),
    Products::on(&["freebsd12", "freebsd13"], &[(1, ("OpenLDAP", "2.6.6", ""))]),
    Products::on(&["freebsd11", "synology", "qnap"], &[(1, ("OpenLDAP", "2.4.50", ""))]),
];
