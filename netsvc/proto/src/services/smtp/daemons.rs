//! Mail servers by system: the units of the distributions' packages.

use netsvc_kit::declared::{Daemon, REDHAT};

const POSTFIX: Daemon = Daemon {
    product: "postfix",
    unit: "postfix",
    about: "Postfix Mail Transport Agent",
    size: (42_800, 4_700),
    ..Daemon::ROOT
};

pub(in crate::services) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        binary: "/usr/libexec/postfix/master",
        command: "/usr/libexec/postfix/master -w",
        package: ("postfix", "Postfix Mail Transport Agent"),
        epoch: "2:",
        account: "postfix:x:89:89::/var/spool/postfix:/sbin/nologin",
        ..POSTFIX
    },
    Daemon {
        binary: "/usr/lib/postfix/sbin/master",
        command: "/usr/lib/postfix/sbin/master -w",
        package: ("postfix", "High-performance mail transport agent"),
        account: "postfix:x:104:111::/var/spool/postfix:/usr/sbin/nologin",
        ..POSTFIX
    },
    Daemon {
        product: "exim",
        binary: "/usr/sbin/exim4",
        command: "/usr/sbin/exim4 -bd -q30m",
        user: "Debian-exim",
        uid: 122,
        unit: "exim4",
        about: "LSB: exim Mail Transport Agent",
        package: ("exim4-daemon-light", "lightweight Exim MTA (v4) daemon"),
        size: (27_600, 6_800),
        account: "Debian-exim:x:122:129::/var/spool/exim4:/usr/sbin/nologin",
        ..Daemon::ROOT
    },
];
