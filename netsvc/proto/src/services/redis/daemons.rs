//! Redis by system: the units and files of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const CONFIGURATION: &str = "bind 0.0.0.0\nprotected-mode no\nport 6379\ndaemonize yes\ndir /var/lib/redis\n";
const FILES: &[Laid] = &[
    Laid::file("/etc/redis/redis.conf", 0o640, Changed::Installed, CONFIGURATION),
    Laid::folder("/var/lib/redis", 0o750, Changed::Lately),
];
const REDIS: Daemon = Daemon {
    product: "redis",
    binary: "/usr/bin/redis-server",
    command: "/usr/bin/redis-server 0.0.0.0:6379",
    user: "redis",
    uid: 103,
    size: (65_200, 14_600),
    files: FILES,
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        uid: 993,
        unit: "redis",
        about: "Redis persistent key-value database",
        package: ("redis", "A persistent key-value database"),
        account: "redis:x:993:990:Redis Database Server:/var/lib/redis:/sbin/nologin",
        ..REDIS
    },
    Daemon {
        unit: "redis-server",
        about: "Advanced key-value store",
        package: ("redis-server", "Persistent key-value database with network interface"),
        epoch: "5:",
        account: "redis:x:103:110::/var/lib/redis:/usr/sbin/nologin",
        ..REDIS
    },
];
