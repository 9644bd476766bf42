//! Printers by system: what they print with is what their web pages and agents are of.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["hp_printer"], &[(1, ("HP JetDirect", "2409048_029566", ""))]),
    Products::on(&["brother_printer"], &[(1, ("Brother NC", "1.15", ""))]),
];
