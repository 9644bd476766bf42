//! Controllers by system, from the makers' lists of firmware: the last part is the model, as the device
//! says it.

use netsvc_kit::declared::Products;

pub(super) const PRODUCTS: &[Products] = &[
    Products::on(&["siemens_plc"], &[(1, ("SIMATIC S7-300", "V3.2.7", ""))]).at(&[102, 502]),
    Products::on(
        &["vxworks"],
        &[(2, ("ControlLogix", "6.6", "1756-ENBT/A")), (1, ("ControlLogix", "4.8", "1756-ENBT/A"))],
    )
    .at(&[502, 44_818]),
    Products::on(
        &["modicon_plc"],
        &[(1, ("Modicon M340", "V2.4", "BMX P34 2020")), (2, ("Modicon M340", "V2.6", "BMX P34 2020"))],
    )
    .at(&[502]),
    Products::on(&["rtu"], &[(1, ("ACE3600", "16.80", "CPU3680")), (1, ("ACE3600", "18.50", "CPU3680"))])
        .at(&[502, 20_000]),
    Products::on(
        &["building_controller"],
        &[(1, ("Continuum", "4.500074", "bCX1-CR")), (1, ("Continuum", "4.501020", "bCX1-R"))],
    )
    .at(&[47_808]),
];
