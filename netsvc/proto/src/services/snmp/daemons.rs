//! net-snmp by system: the units and accounts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const CONFIGURATION: &str = "sysLocation    Sitting on the Dock of the Bay\nsysContact     Me \
    <me@example.org>\n\
                             sysServices    72\nmaster  agentx\nagentaddress  udp:161\n\
                             rocommunity  public default\nincludeDir /etc/snmp/snmpd.conf.d\n";
const SNMPD: Daemon = Daemon {
    product: "net-snmp",
    binary: "/usr/sbin/snmpd",
    command: "/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux mteTrigger mteTriggerConf -f",
    user: "Debian-snmp",
    uid: 109,
    unit: "snmpd",
    about: "Simple Network Management Protocol (SNMP) Daemon.",
    package: ("snmpd", "SNMP (Simple Network Management Protocol) agents"),
    size: (25_400, 13_200),
    account: "Debian-snmp:x:109:115::/var/lib/snmp:/bin/false",
    files: &[
        Laid::file("/etc/snmp/snmpd.conf", 0o600, Changed::Installed, CONFIGURATION),
        Laid::folder("/var/lib/snmp", 0o755, Changed::Lately),
    ],
    ..Daemon::ROOT
};
/// It keeps the rights of root.
const OF_ROOT: Daemon = Daemon { user: "root", uid: 0, account: "", ..SNMPD };

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        command: "/usr/sbin/snmpd -LS0-6d -f",
        package: ("net-snmp", "A collection of SNMP protocol tools and libraries"),
        ..OF_ROOT
    },
    Daemon {
        systems: &["arch"],
        command: "/usr/bin/snmpd -LS0-6d -p /var/run/snmpd.pid",
        binary: "/usr/bin/snmpd",
        package: ("net-snmp", "A suite of applications used to implement SNMP v1, SNMP v2c and SNMP v3"),
        ..OF_ROOT
    },
    Daemon {
        systems: &["alpine*"],
        command: "/usr/sbin/snmpd -f -Lsd",
        package: ("net-snmp", "Simple Network Management Protocol"),
        ..OF_ROOT
    },
    Daemon {
        systems: &["busybox*", "ip_camera", "qnap", "synology"],
        command: "/usr/sbin/snmpd -c /etc/snmp/snmpd.conf -p /var/run/snmpd.pid",
        unit: "",
        package: ("", ""),
        ..OF_ROOT
    },
    SNMPD,
];
