//! What runs a service: one table for processes, sockets, units and packages, so that they agree with the banner.

use crate::flavour::Flavour;
use netsvc_persona::Persona;

/// The software of a service, as its system packages and starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Daemon {
    /// Name of the process.
    pub(crate) program: &'static str,
    /// Command line.
    pub(crate) command: &'static str,
    /// User of the process.
    pub(crate) user: &'static str,
    /// Number of that user.
    pub(crate) uid: u32,
    /// Unit of systemd.
    pub(crate) unit: &'static str,
    /// What the unit says of itself.
    pub(crate) about: &'static str,
    /// Package and what it says of itself.
    pub(crate) package: (&'static str, &'static str),
    /// Virtual and resident size in KiB.
    pub(crate) size: (u64, u64),
}

/// Start of a product's name (in small letters), whether on systems of Red Hat's kind (`None`: on all).
type Key = (&'static str, Option<bool>);

#[rustfmt::skip]
const DAEMONS: &[(Key, Daemon)] = &[
    (("openssh", Some(false)), Daemon { program: "sshd", command: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", user: "root", uid: 0, unit: "ssh", about: "OpenBSD Secure Shell server", package: ("openssh-server", "secure shell (SSH) server, for secure access from remote machines"), size: (15_400, 9_200) }),
    (("openssh", Some(true)), Daemon { program: "sshd", command: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", user: "root", uid: 0, unit: "sshd", about: "OpenSSH server daemon", package: ("openssh-server", "An open source SSH server daemon"), size: (15_400, 9_200) }),
    (("telnetd", None), Daemon { program: "telnetd", command: "/usr/sbin/telnetd -F", user: "root", uid: 0, unit: "telnetd", about: "Telnet server", package: ("telnetd", "basic telnet server"), size: (1_584, 420) }),
    (("apache", Some(false)), Daemon { program: "apache2", command: "/usr/sbin/apache2 -k start", user: "root", uid: 0, unit: "apache2", about: "The Apache HTTP Server", package: ("apache2", "Apache HTTP Server"), size: (202_000, 21_600) }),
    (("apache", Some(true)), Daemon { program: "httpd", command: "/usr/sbin/httpd -DFOREGROUND", user: "root", uid: 0, unit: "httpd", about: "The Apache HTTP Server", package: ("httpd", "Apache HTTP Server"), size: (20_200, 11_600) }),
    (("lighttpd", None), Daemon { program: "lighttpd", command: "/usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf", user: "www-data", uid: 33, unit: "lighttpd", about: "Lighttpd Daemon", package: ("lighttpd", "fast webserver with minimal memory footprint"), size: (8_400, 3_900) }),
    (("nginx", None), Daemon { program: "nginx", command: "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;", user: "root", uid: 0, unit: "nginx", about: "A high performance web server and a reverse proxy server", package: ("nginx", "small, powerful, scalable web/proxy server"), size: (10_300, 1_700) }),
    (("proftpd", None), Daemon { program: "proftpd", command: "proftpd: (accepting connections)", user: "nobody", uid: 65_534, unit: "proftpd", about: "ProFTPD FTP Server", package: ("proftpd-core", "Versatile, virtual-hosting FTP daemon"), size: (18_900, 4_400) }),
    (("pure-ftpd", None), Daemon { program: "pure-ftpd", command: "pure-ftpd (SERVER)", user: "root", uid: 0, unit: "pure-ftpd", about: "Pure-FTPd FTP server", package: ("pure-ftpd", "Secure and efficient FTP server"), size: (8_700, 2_900) }),
    (("vsftpd", Some(false)), Daemon { program: "vsftpd", command: "/usr/sbin/vsftpd /etc/vsftpd.conf", user: "root", uid: 0, unit: "vsftpd", about: "vsftpd FTP server", package: ("vsftpd", "lightweight, efficient FTP server written for security"), size: (10_500, 3_900) }),
    (("vsftpd", Some(true)), Daemon { program: "vsftpd", command: "/usr/sbin/vsftpd /etc/vsftpd/vsftpd.conf", user: "root", uid: 0, unit: "vsftpd", about: "Vsftpd ftp daemon", package: ("vsftpd", "Very Secure Ftp Daemon"), size: (10_500, 3_900) }),
    (("exim", None), Daemon { program: "exim4", command: "/usr/sbin/exim4 -bd -q30m", user: "mail", uid: 8, unit: "exim4", about: "LSB: exim Mail Transport Agent", package: ("exim4-daemon-light", "lightweight Exim MTA (v4) daemon"), size: (27_600, 6_800) }),
    (("postfix", Some(false)), Daemon { program: "master", command: "/usr/lib/postfix/sbin/master -w", user: "root", uid: 0, unit: "postfix", about: "Postfix Mail Transport Agent", package: ("postfix", "High-performance mail transport agent"), size: (42_800, 4_700) }),
    (("postfix", Some(true)), Daemon { program: "master", command: "/usr/libexec/postfix/master -w", user: "root", uid: 0, unit: "postfix", about: "Postfix Mail Transport Agent", package: ("postfix", "Postfix Mail Transport Agent"), size: (42_800, 4_700) }),
    (("redis", Some(false)), Daemon { program: "redis-server", command: "/usr/bin/redis-server 0.0.0.0:6379", user: "redis", uid: 103, unit: "redis-server", about: "Advanced key-value store", package: ("redis-server", "Persistent key-value database with network interface"), size: (65_200, 14_600) }),
    (("redis", Some(true)), Daemon { program: "redis-server", command: "/usr/bin/redis-server 0.0.0.0:6379", user: "redis", uid: 103, unit: "redis", about: "Redis persistent key-value database", package: ("redis", "A persistent key-value database"), size: (65_200, 14_600) }),
    (("mariadb", None), Daemon { program: "mariadbd", command: "/usr/sbin/mariadbd", user: "mysql", uid: 102, unit: "mariadb", about: "MariaDB database server", package: ("mariadb-server", "MariaDB database server binaries"), size: (1_348_000, 98_000) }),
    (("mysql", None), Daemon { program: "mysqld", command: "/usr/sbin/mysqld", user: "mysql", uid: 102, unit: "mysql", about: "MySQL Community Server", package: ("mysql-server", "MySQL database server"), size: (1_790_000, 389_000) }),
];

/// What runs the service `slug`; `None`: nothing that has a process of its own.
pub(crate) fn daemon(persona: &Persona, slug: &str) -> Option<Daemon> {
    let named = persona.products.get(slug).map_or("", |product| product.name.as_str()).to_ascii_lowercase();
    let redhat = Flavour::of(persona) == Flavour::Redhat;
    let find = |name: &str| {
        let suits = |key: &Key| name.starts_with(key.0) && key.1.is_none_or(|wanted| wanted == redhat);
        DAEMONS.iter().find(|(key, _)| suits(key)).map(|(_, daemon)| *daemon)
    };
    let usual = match slug {
        "ssh" | "sftp" => "openssh",
        "telnet" => "telnetd",
        "http" | "https" => "nginx",
        "ftp" => "vsftpd",
        "smtp" => "postfix",
        other => other,
    };
    find(&named).or_else(|| find(usual))
}
