//! OpenSSH's daemon by system: the units of the distributions' packages.

use netsvc_kit::declared::{Daemon, REDHAT};

const SSHD: Daemon = Daemon {
    product: "openssh",
    binary: "/usr/sbin/sshd",
    command: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
    size: (15_400, 9_200),
    login: "sshd: {user}@{tty}",
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        unit: "sshd",
        about: "OpenSSH server daemon",
        package: ("openssh-server", "An open source SSH server daemon"),
        ..SSHD
    },
    Daemon {
        unit: "ssh",
        about: "OpenBSD Secure Shell server",
        package: ("openssh-server", "secure shell (SSH) server, for secure access from remote machines"),
        epoch: "1:",
        ..SSHD
    },
];
