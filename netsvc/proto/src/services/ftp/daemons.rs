//! FTP servers by system: the units and files of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const README: &str = "Files of {fqdn}. Put uploads into /incoming.\n";
const SRV: Laid = Laid::folder("/srv/ftp", 0o755, Changed::Installed);
const PUB: Laid = Laid::folder("/srv/ftp/pub", 0o755, Changed::Installed);
const INCOMING: Laid = Laid::folder("/srv/ftp/incoming", 0o777, Changed::Lately);
const TOLD: Laid = Laid::file("/srv/ftp/pub/README", 0o644, Changed::Installed, README);
const TREE: &[Laid] = &[SRV, PUB, INCOMING, TOLD];
const VSFTPD: &str = "listen=YES\nanonymous_enable=NO\nlocal_enable=YES\nwrite_enable=YES\n";
const ACCOUNT: &str = "ftp:x:105:113:ftp daemon,,,:/srv/ftp:/usr/sbin/nologin";

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        product: "vsftpd",
        systems: REDHAT,
        binary: "/usr/sbin/vsftpd",
        command: "/usr/sbin/vsftpd /etc/vsftpd/vsftpd.conf",
        unit: "vsftpd",
        about: "Vsftpd ftp daemon",
        package: ("vsftpd", "Very Secure Ftp Daemon"),
        size: (10_500, 3_900),
        files: &[
            SRV,
            PUB,
            INCOMING,
            TOLD,
            Laid::file("/etc/vsftpd/vsftpd.conf", 0o600, Changed::Installed, VSFTPD),
        ],
        ..Daemon::ROOT
    },
    Daemon {
        product: "vsftpd",
        binary: "/usr/sbin/vsftpd",
        command: "/usr/sbin/vsftpd /etc/vsftpd.conf",
        unit: "vsftpd",
        about: "vsftpd FTP server",
        package: ("vsftpd", "lightweight, efficient FTP server written for security"),
        size: (10_500, 3_900),
        account: ACCOUNT,
        files: &[SRV, PUB, INCOMING, TOLD, Laid::file("/etc/vsftpd.conf", 0o644, Changed::Installed, VSFTPD)],
        ..Daemon::ROOT
    },
    Daemon {
        product: "proftpd",
        binary: "/usr/sbin/proftpd",
        command: "proftpd: (accepting connections)",
        user: "proftpd",
        uid: 105,
        unit: "proftpd",
        about: "ProFTPD FTP Server",
        package: ("proftpd-core", "Versatile, virtual-hosting FTP daemon"),
        size: (18_900, 4_400),
        account: "proftpd:x:105:65534::/run/proftpd:/usr/sbin/nologin\n\
                  ftp:x:108:65534::/srv/ftp:/usr/sbin/nologin",
        files: TREE,
        ..Daemon::ROOT
    },
    Daemon {
        product: "pure-ftpd",
        binary: "/usr/sbin/pure-ftpd",
        command: "pure-ftpd (SERVER)",
        unit: "pure-ftpd",
        about: "Pure-FTPd FTP server",
        package: ("pure-ftpd", "Secure and efficient FTP server"),
        size: (8_700, 2_900),
        account: ACCOUNT,
        files: TREE,
        ..Daemon::ROOT
    },
];
