//! Streaming servers by system. How one answers follows from who made the camera.

use netsvc_kit::declared::{Daemon, Products};

pub(super) const PRODUCTS: &[Products] = &[Products::on(&["ip_camera"], &[(1, ("rtspd", "2.0", ""))])];

/// The makers' one program does it all.
pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "rtspd",
    binary: "/usr/bin/rtspd",
    command: "/usr/bin/rtspd -p 554",
    size: (148_000, 21_400),
    ..Daemon::ROOT
}];
