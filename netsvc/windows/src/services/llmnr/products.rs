//! Who answers for names by system: the ports are those of the protocols that it knows (`netsvc-stack`'s habits).

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["windows10"], &[(1, ("Windows DNS Client", "10.0.19041", ""))]),
    Products::on(&["windows11"], &[(1, ("Windows DNS Client", "10.0.22621", ""))]),
    Products::on(&["windows_server_2019"], &[(1, ("Windows DNS Client", "10.0.17763", ""))]),
    Products::on(&["windows_server_2022"], &[(1, ("Windows DNS Client", "10.0.20348", ""))]),
    // Multicast DNS came with build 15063.
    Products::on(&["windows7"], &[(1, ("Windows DNS Client", "6.1.7601", ""))]).at(&[5355, 137]),
    Products::on(&["windows_server_2012r2"], &[(1, ("Windows DNS Client", "6.3.9600", ""))]).at(&[5355, 137]),
    Products::on(&["windows_server_2016"], &[(1, ("Windows DNS Client", "10.0.14393", ""))]).at(&[5355, 137]),
    Products::on(&["hp_printer", "brother_printer"], &[(1, ("Bonjour", "", ""))]).at(&[5355, 5353]),
    Products::on(&["macos"], &[(1, ("mDNSResponder", "1096.100.3", ""))]).at(&[5353]),
];
