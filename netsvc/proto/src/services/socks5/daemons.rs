//! Proxies by system: the units of the distributions' packages; microsocks has none and is started by hand.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const CONFIGURATION: &str = "\
logoutput: syslog
internal: 0.0.0.0 port = 1080
external: eth0
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody

client pass {
    from: 0.0.0.0/0 to: 0.0.0.0/0
}
socks pass {
    from: 0.0.0.0/0 to: 0.0.0.0/0
    command: connect
}
";
const DANTE: Daemon = Daemon {
    product: "dante",
    binary: "/usr/sbin/danted",
    command: "/usr/sbin/danted",
    unit: "danted",
    about: "SOCKS (v4 and v5) proxy daemon (danted)",
    package: ("dante-server", "SOCKS (v4 and v5) proxy daemon (danted)"),
    size: (12_400, 3_100),
    files: &[Laid::file("/etc/danted.conf", 0o644, Changed::Installed, CONFIGURATION)],
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        product: "microsocks",
        binary: "/usr/bin/microsocks",
        command: "/usr/bin/microsocks -i 0.0.0.0 -p 1080",
        package: ("microsocks", "multithreaded, small, efficient SOCKS5 server"),
        size: (2_500, 900),
        ..Daemon::ROOT
    },
    Daemon {
        systems: REDHAT,
        binary: "/usr/sbin/sockd",
        command: "/usr/sbin/sockd",
        unit: "sockd",
        about: "SOCKS v4 and v5 compatible proxy server",
        package: ("dante-server", "A free Socks v4/v5 client implementation"),
        files: &[Laid::file("/etc/sockd.conf", 0o644, Changed::Installed, CONFIGURATION)],
        ..DANTE
    },
    Daemon {
        systems: &["alpine*", "arch"],
        binary: "/usr/sbin/sockd",
        command: "/usr/sbin/sockd",
        unit: "sockd",
        files: &[Laid::file("/etc/sockd.conf", 0o644, Changed::Installed, CONFIGURATION)],
        ..DANTE
    },
    DANTE,
];
