//! memcached by system: the units of the distributions' packages, told to listen everywhere.

use netsvc_kit::declared::Daemon;

const MEMCACHED: Daemon = Daemon {
    product: "memcached",
    binary: "/usr/bin/memcached",
    command: "/usr/bin/memcached -m 64 -p 11211 -u memcache -l 0.0.0.0 -P /var/run/memcached/memcached.pid",
    user: "memcache",
    uid: 106,
    unit: "memcached",
    about: "memcached daemon",
    package: ("memcached", "High-performance in-memory object caching system"),
    size: (413_600, 3_900),
    account: "memcache:x:106:114:Memcached,,,:/nonexistent:/bin/false",
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: &["alpine*"],
        command: "/usr/bin/memcached -d -p 11211 -U 11211 -l 0.0.0.0 -m 64 -c 1024 -u memcached",
        user: "memcached",
        account: "memcached:x:106:106:memcached:/dev/null:/sbin/nologin",
        ..MEMCACHED
    },
    MEMCACHED,
];
