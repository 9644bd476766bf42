//! Releases of Android whose boxes stand open: those of the boards in `device.rs`.

use netsvc_kit::declared::Products;

/// See [`Products`].
pub(super) const PRODUCTS: &[Products] =
    &[Products::on(&["busybox_arm"], &[(1, ("adbd", "4.4.2", "")), (3, ("adbd", "7.1.2", ""))])];
