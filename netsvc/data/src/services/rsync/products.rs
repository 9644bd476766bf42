//! rsync by system, from the package archives of the distributions.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian12"], &[(1, ("rsync", "3.2.7", "1+deb12u2"))]),
    Products::on(&["debian11"], &[(1, ("rsync", "3.2.3", "4+deb11u3"))]),
    Products::on(&["debian10"], &[(1, ("rsync", "3.1.3", "6"))]),
    Products::on(&["debian9"], &[(1, ("rsync", "3.1.2", "1+deb9u3"))]),
    Products::on(&["ubuntu2404"], &[(1, ("rsync", "3.2.7", "1ubuntu1.2"))]),
    Products::on(&["ubuntu2204"], &[(1, ("rsync", "3.2.7", "0ubuntu0.22.04.4"))]),
    Products::on(&["ubuntu2004"], &[(1, ("rsync", "3.1.3", "8ubuntu0.8"))]),
    Products::on(&["ubuntu1804"], &[(1, ("rsync", "3.1.2", "2.1ubuntu1.6"))]),
    Products::on(&["kali"], &[(1, ("rsync", "3.2.7", "1+b2"))]),
    Products::on(&["rocky9"], &[(1, ("rsync", "3.2.3", "19.el9"))]),
    Products::on(&["rocky8"], &[(1, ("rsync", "3.1.3", "19.el8"))]),
    Products::on(&["centos7"], &[(1, ("rsync", "3.1.2", "12.el7_9"))]),
    Products::on(&["centos6"], &[(1, ("rsync", "3.0.6", "12.el6"))]),
    Products::on(&["fedora39"], &[(1, ("rsync", "3.2.7", "5.fc39"))]),
    Products::on(&["alpine319"], &[(1, ("rsync", "3.2.7", "r4"))]),
    Products::on(&["qnap"], &[(1, ("rsync", "3.0.7", ""))]),
    Products::on(&["synology"], &[(1, ("rsync", "3.0.9", ""))]),
    Products::on(&["arch"], &[(1, ("rsync", "3.3.0", "2"))]),
];
