//! Telnet servers by system: as the packages start them.

use netsvc_kit::declared::{Daemon, EMBEDDED};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: EMBEDDED,
        binary: "/usr/sbin/telnetd",
        command: "/usr/sbin/telnetd -F -l /bin/login",
        ..Daemon::ROOT
    },
    Daemon {
        product: "busybox telnetd",
        binary: "/bin/busybox",
        command: "telnetd -F",
        size: (1_584, 420),
        ..Daemon::ROOT
    },
    Daemon {
        product: "telnetd",
        binary: "/usr/sbin/telnetd",
        command: "/usr/sbin/telnetd -F",
        unit: "telnetd",
        about: "Telnet server",
        package: ("telnetd", "basic telnet server"),
        size: (1_584, 420),
        ..Daemon::ROOT
    },
];
