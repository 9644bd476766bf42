//! Telephone systems by product: Asterisk as the distributions package it, and as FreePBX brings it.

use netsvc_kit::declared::{Changed, Daemon, Laid};

const ASTERISK: Daemon = Daemon {
    product: "asterisk",
    binary: "/usr/sbin/asterisk",
    command: "/usr/sbin/asterisk -g -f -p -U asterisk",
    user: "asterisk",
    uid: 113,
    unit: "asterisk",
    about: "Asterisk PBX",
    package: ("asterisk", "Open Source Private Branch Exchange (PBX)"),
    epoch: "1:",
    size: (1_870_000, 62_400),
    account: "asterisk:x:113:118:Asterisk PBX daemon,,,:/var/lib/asterisk:/usr/sbin/nologin",
    files: &[
        Laid::folder("/etc/asterisk", 0o750, Changed::Installed),
        Laid::folder("/var/lib/asterisk", 0o755, Changed::Lately),
        Laid::folder("/var/spool/asterisk", 0o750, Changed::Lately),
    ],
    ..Daemon::ROOT
};
const FREEPBX: Daemon = Daemon {
    product: "fpbx",
    command: "/usr/sbin/asterisk -U asterisk -G asterisk -mqf -C /etc/asterisk/asterisk.conf",
    unit: "freepbx",
    about: "Freepbx",
    package: ("freepbx", "FreePBX is an open source GUI that controls and manages Asterisk (PBX)"),
    epoch: "",
    ..ASTERISK
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: &["centos*"],
        uid: 995,
        account: "asterisk:x:995:992:Asterisk PBX:/home/asterisk:/bin/bash",
        ..FREEPBX
    },
    FREEPBX,
    ASTERISK,
];
