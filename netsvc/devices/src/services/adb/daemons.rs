//! The daemon as `init` starts it.

use netsvc_kit::declared::Daemon;

/// See [`Daemon`].
pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "adbd",
    binary: "/sbin/adbd",
    command: "/sbin/adbd --root_seclabel=u:r:su:s0",
    size: (6_212, 424),
    ..Daemon::ROOT
}];
