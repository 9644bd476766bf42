//! BIND by system: the units and accounts of the distributions' packages, and how it is set up.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const OPTIONS: &str = "options {\n\tdirectory \"/var/cache/bind\";\n\n\trecursion no;\n\tdnssec-validation no;\n\n\
                       \tlisten-on { any; };\n\tlisten-on-v6 { none; };\n};\n";
const LOCAL: &str = "//\n// Do any local configuration here\n//\n\n\
                     zone \"{domain}\" {\n\ttype primary;\n\tfile \"/var/lib/bind/db.internal\";\n};\n";
const NAMED: &str = "options {\n\tlisten-on port 53 { any; };\n\tdirectory \"/var/named\";\n\tallow-query { any; };\n\
                     \trecursion no;\n\tpid-file \"/run/named/named.pid\";\n};\n\n\
                     zone \"{domain}\" IN {\n\ttype master;\n\tfile \"dynamic/db.internal\";\n};\n\n\
                     include \"/etc/named.rfc1912.zones\";\n";
const BIND: Daemon = Daemon {
    product: "bind",
    binary: "/usr/sbin/named",
    command: "/usr/sbin/named -f -u bind",
    user: "bind",
    uid: 114,
    unit: "named",
    about: "BIND Domain Name Server",
    package: ("bind9", "Internet Domain Name Server"),
    epoch: "1:",
    size: (176_000, 24_000),
    account: "bind:x:114:121::/var/cache/bind:/usr/sbin/nologin",
    files: &[
        Laid::file("/etc/bind/named.conf.options", 0o644, Changed::Installed, OPTIONS),
        Laid::file("/etc/bind/named.conf.local", 0o644, Changed::Installed, LOCAL),
        Laid::folder("/var/cache/bind", 0o775, Changed::Lately),
        Laid::folder("/var/lib/bind", 0o775, Changed::Lately),
    ],
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        command: "/usr/sbin/named -u named -c /etc/named.conf",
        user: "named",
        uid: 25,
        about: "Berkeley Internet Name Domain (DNS)",
        package: ("bind", "The Berkeley Internet Name Domain (BIND) DNS (Domain Name System) server"),
        epoch: "32:",
        account: "named:x:25:25:Named:/var/named:/sbin/nologin",
        files: &[
            Laid::file("/etc/named.conf", 0o640, Changed::Installed, NAMED),
            Laid::folder("/var/named/dynamic", 0o770, Changed::Lately),
        ],
        ..BIND
    },
    Daemon {
        systems: &["alpine*", "arch"],
        command: "/usr/sbin/named -u named -c /etc/bind/named.conf",
        user: "named",
        uid: 40,
        package: ("bind", "The ISC DNS server"),
        epoch: "",
        account: "named:x:40:40:named:/etc/bind:/sbin/nologin",
        files: &[Laid::folder("/var/bind", 0o770, Changed::Lately)],
        ..BIND
    },
    Daemon {
        systems: &["debian9", "debian10", "ubuntu1804"],
        command: "/usr/sbin/named -u bind",
        unit: "bind9",
        ..BIND
    },
    BIND,
];
