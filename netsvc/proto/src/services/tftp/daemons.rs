//! HPA's server by system: the units and accounts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const DEFAULTS: &str = "# /etc/default/tftpd-hpa\n\nTFTP_USERNAME=\"tftp\"\nTFTP_DIRECTORY=\"/srv/tftp\"\n\
                        TFTP_ADDRESS=\":69\"\nTFTP_OPTIONS=\"--secure --create\"\n";
const TFTPD: Daemon = Daemon {
    product: "tftpd",
    binary: "/usr/sbin/in.tftpd",
    command: "/usr/sbin/in.tftpd --listen --user tftp --address :69 --secure --create /srv/tftp",
    unit: "tftpd-hpa",
    about: "LSB: HPA's tftp server",
    package: ("tftpd-hpa", "HPA's tftp server"),
    size: (2_900, 1_200),
    account: "tftp:x:110:116:tftp daemon,,,:/srv/tftp:/usr/sbin/nologin",
    files: &[
        Laid::folder("/srv/tftp", 0o755, Changed::Lately),
        Laid::file("/etc/default/tftpd-hpa", 0o644, Changed::Installed, DEFAULTS),
    ],
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        command: "/usr/sbin/in.tftpd -c -p -s /var/lib/tftpboot",
        unit: "tftp",
        about: "Tftp Server",
        package: ("tftp-server", "The server for the Trivial File Transfer Protocol (TFTP)"),
        account: "",
        files: &[Laid::folder("/var/lib/tftpboot", 0o755, Changed::Lately)],
        ..TFTPD
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/in.tftpd",
        command: "/usr/bin/in.tftpd --listen --secure --create /srv/tftp",
        unit: "tftpd",
        about: "hpa's original TFTP daemon",
        package: ("tftp-hpa", "Official tftp server"),
        account: "",
        files: &[Laid::folder("/srv/tftp", 0o755, Changed::Lately)],
        ..TFTPD
    },
    Daemon {
        systems: &["alpine*"],
        command: "/usr/sbin/in.tftpd -l -c -s /var/tftpboot",
        package: ("tftp-hpa", "Official tftp server"),
        account: "",
        files: &[Laid::folder("/var/tftpboot", 0o755, Changed::Lately)],
        ..TFTPD
    },
    TFTPD,
];
