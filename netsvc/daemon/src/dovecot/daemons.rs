//! Dovecot by system: the units and init scripts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const FILES: &[Laid] = &[
    Laid::folder("/etc/dovecot", 0o755, Changed::Packaged),
    Laid::folder("/etc/dovecot/conf.d", 0o755, Changed::Packaged),
    Laid::file("/etc/dovecot/dovecot.conf", 0o644, Changed::Installed, CONFIGURATION),
];
const CONFIGURATION: &str = "\
!include_try /usr/share/dovecot/protocols.d/*.protocol

dict {
}

!include conf.d/*.conf
!include_try local.conf
";

const DOVECOT: Daemon = Daemon {
    product: "dovecot",
    binary: "/usr/sbin/dovecot",
    command: "/usr/sbin/dovecot -F",
    unit: "dovecot",
    about: "Dovecot IMAP/POP3 email server",
    package: ("dovecot-core", "secure POP3/IMAP server - core files"),
    epoch: "1:",
    size: (9_700, 5_600),
    account: "dovecot:x:115:121:Dovecot mail server,,,:/usr/lib/dovecot:/usr/sbin/nologin\n\
              dovenull:x:116:122:Dovecot login user,,,:/nonexistent:/usr/sbin/nologin",
    files: FILES,
    ..Daemon::ROOT
};

/// See [`Daemon`].
pub const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        package: ("dovecot", "Secure imap and pop3 server"),
        account: "dovecot:x:97:97:Dovecot IMAP server:/usr/libexec/dovecot:/sbin/nologin\n\
                  dovenull:x:979:979:Dovecot - unauthorized user:/usr/libexec/dovecot:/sbin/nologin",
        ..DOVECOT
    },
    Daemon {
        systems: &["alpine*"],
        command: "/usr/sbin/dovecot",
        unit: "",
        package: ("dovecot", "IMAP and POP3 server"),
        epoch: "",
        account: "dovecot:x:90:90:dovecot:/dev/null:/sbin/nologin\n\
                  dovenull:x:91:91:dovenull:/dev/null:/sbin/nologin",
        ..DOVECOT
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/dovecot",
        command: "/usr/bin/dovecot -F",
        package: ("dovecot", "An IMAP and POP3 server written with security primarily in mind"),
        epoch: "",
        account: "dovecot:x:76:76:Dovecot user:/:/usr/bin/nologin\n\
                  dovenull:x:74:74:Dovecot user for completely untrustworthy processes:/:/usr/bin/nologin",
        ..DOVECOT
    },
    Daemon {
        systems: &["freebsd*"],
        binary: "/usr/local/sbin/dovecot",
        command: "/usr/local/sbin/dovecot -c /usr/local/etc/dovecot/dovecot.conf",
        unit: "",
        epoch: "",
        account: "dovecot:*:143:143:Dovecot User:/var/empty:/usr/sbin/nologin\n\
                  dovenull:*:144:144:Dovecot login User:/nonexistent:/usr/sbin/nologin",
        files: &[],
        ..DOVECOT
    },
    DOVECOT,
];
