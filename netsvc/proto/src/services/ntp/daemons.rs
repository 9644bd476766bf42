//! Time servers by system: the units and accounts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const SERVERS: &str = "driftfile /var/lib/ntp/ntp.drift\npool 0.pool.ntp.org iburst\npool 1.pool.ntp.org \
    iburst\n\
                       restrict default kod nomodify nopeer noquery limited\nrestrict 127.0.0.1\nrestrict ::1\n";
const SOURCES: &str = "pool 2.pool.ntp.org iburst\ndriftfile /var/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\n\
                       allow\nkeyfile /etc/chrony.keys\nlogdir /var/log/chrony\n";
const NTPD: Daemon = Daemon {
    product: "ntpd",
    binary: "/usr/sbin/ntpd",
    command: "/usr/sbin/ntpd -p /var/run/ntpd.pid -g -u 111:117",
    user: "ntp",
    uid: 111,
    unit: "ntp",
    about: "Network Time Service",
    package: ("ntp", "Network Time Protocol daemon and utility programs"),
    epoch: "1:",
    size: (74_600, 4_300),
    account: "ntp:x:111:117::/nonexistent:/usr/sbin/nologin",
    files: &[
        Laid::file("/etc/ntp.conf", 0o644, Changed::Installed, SERVERS),
        Laid::folder("/var/lib/ntp", 0o755, Changed::Lately),
    ],
    ..Daemon::ROOT
};
const CHRONY: Daemon = Daemon {
    product: "chrony",
    binary: "/usr/sbin/chronyd",
    command: "/usr/sbin/chronyd -F 2",
    user: "chrony",
    unit: "chronyd",
    about: "NTP client/server",
    package: ("chrony", "An NTP client/server"),
    size: (84_900, 3_700),
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        product: "ntpsec",
        command: "/usr/sbin/ntpd -p /run/ntpd.pid -c /etc/ntpsec/ntp.conf -g -N -u ntpsec:ntpsec",
        user: "ntpsec",
        unit: "ntpsec",
        package: ("ntpsec", "Network Time Protocol daemon and utility programs"),
        epoch: "",
        size: (85_200, 12_100),
        account: "ntpsec:x:111:117::/nonexistent:/usr/sbin/nologin",
        files: &[
            Laid::file("/etc/ntpsec/ntp.conf", 0o644, Changed::Installed, SERVERS),
            Laid::folder("/var/lib/ntpsec", 0o755, Changed::Lately),
        ],
        ..NTPD
    },
    Daemon {
        systems: REDHAT,
        command: "/usr/sbin/ntpd -u ntp:ntp -g",
        uid: 38,
        unit: "ntpd",
        package: ("ntp", "The NTP daemon and utilities"),
        epoch: "",
        account: "ntp:x:38:38::/etc/ntp:/sbin/nologin",
        ..NTPD
    },
    Daemon {
        systems: &["qnap", "synology"],
        command: "/usr/sbin/ntpd -g -p /var/run/ntpd.pid",
        user: "root",
        uid: 0,
        unit: "",
        package: ("", ""),
        epoch: "",
        account: "",
        ..NTPD
    },
    NTPD,
    // The system's own time service, whose process and account are there with or without clients of the
    // network.
    Daemon {
        systems: REDHAT,
        uid: 997,
        account: "chrony:x:997:995:chrony system user:/var/lib/chrony:/sbin/nologin",
        files: &[
            Laid::file("/etc/chrony.conf", 0o644, Changed::Installed, SOURCES),
            Laid::folder("/var/lib/chrony", 0o750, Changed::Lately),
        ],
        ..CHRONY
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/chronyd",
        command: "/usr/bin/chronyd",
        uid: 983,
        account: "chrony:x:983:983::/var/lib/chrony:/usr/bin/nologin",
        files: &[Laid::file("/etc/chrony.conf", 0o644, Changed::Installed, SOURCES)],
        ..CHRONY
    },
    Daemon {
        command: "/usr/sbin/chronyd -f /etc/chrony/chrony.conf",
        uid: 124,
        account: "chrony:x:124:125:chrony:/var/log/chrony:/sbin/nologin",
        files: &[Laid::file("/etc/chrony/chrony.conf", 0o644, Changed::Installed, SOURCES)],
        ..CHRONY
    },
];
