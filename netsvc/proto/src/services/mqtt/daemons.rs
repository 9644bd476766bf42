//! mosquitto by system: the units and init scripts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, EMBEDDED, Laid, REDHAT};

const FILES: &[Laid] = &[
    Laid::folder("/etc/mosquitto", 0o755, Changed::Packaged),
    Laid::folder("/etc/mosquitto/conf.d", 0o755, Changed::Packaged),
    Laid::file("/etc/mosquitto/mosquitto.conf", 0o644, Changed::Installed, CONFIGURATION),
];
const CONFIGURATION: &str = "\
persistence true
persistence_location /var/lib/mosquitto/

log_dest file /var/log/mosquitto/mosquitto.log

include_dir /etc/mosquitto/conf.d
";

const MOSQUITTO: Daemon = Daemon {
    product: "mosquitto",
    binary: "/usr/sbin/mosquitto",
    command: "/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf",
    user: "mosquitto",
    uid: 112,
    unit: "mosquitto",
    about: "Mosquitto MQTT Broker",
    package: ("mosquitto", "MQTT version 5.0/3.1.1/3.1 compatible message broker"),
    size: (16_300, 7_800),
    account: "mosquitto:x:112:119::/var/lib/mosquitto:/usr/sbin/nologin",
    files: FILES,
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: EMBEDDED,
        unit: "",
        user: "mosquitto",
        uid: 200,
        account: "mosquitto:x:200:200:mosquitto:/var/run/mosquitto:/bin/false",
        size: (3_800, 2_100),
        files: &[],
        ..MOSQUITTO
    },
    Daemon {
        systems: &["freebsd*"],
        binary: "/usr/local/sbin/mosquitto",
        command: "/usr/local/sbin/mosquitto -c /usr/local/etc/mosquitto/mosquitto.conf -d",
        user: "nobody",
        uid: 65_534,
        unit: "",
        account: "",
        files: &[],
        ..MOSQUITTO
    },
    Daemon {
        systems: REDHAT,
        uid: 988,
        about: "Mosquitto MQTT v3.1/v3.1.1/v5 Broker",
        account: "mosquitto:x:988:988:Mosquitto Broker:/etc/mosquitto:/sbin/nologin",
        package: ("mosquitto", "An Open Source MQTT v3.1/v3.1.1 Broker"),
        ..MOSQUITTO
    },
    Daemon {
        systems: &["alpine*"],
        unit: "",
        user: "mosquitto",
        uid: 101,
        account: "mosquitto:x:101:102:mosquitto:/dev/null:/sbin/nologin",
        ..MOSQUITTO
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/mosquitto",
        command: "/usr/bin/mosquitto -c /etc/mosquitto/mosquitto.conf",
        ..MOSQUITTO
    },
    MOSQUITTO,
];
