//! MySQL and MariaDB by system: the units and files of their packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const CLIENT: &str = "[client-server]\nsocket = /run/mysqld/mysqld.sock\n!includedir /etc/mysql/conf.d/\n";
const REDHAT_CLIENT: &str = "[client-server]\n\n!includedir /etc/my.cnf.d\n";
const DATA: Laid = Laid::folder("/var/lib/mysql", 0o750, Changed::Lately);
const FILES: &[Laid] = &[
    Laid::file("/etc/mysql/my.cnf", 0o644, Changed::Packaged, CLIENT),
    Laid::folder("/etc/mysql/conf.d", 0o755, Changed::Installed),
    DATA,
];
const REDHAT_FILES: &[Laid] = &[
    Laid::file("/etc/my.cnf", 0o644, Changed::Packaged, REDHAT_CLIENT),
    Laid::folder("/etc/my.cnf.d", 0o755, Changed::Installed),
    DATA,
];
const DEBIAN_ACCOUNT: &str = "mysql:x:102:109:MySQL Server,,,:/nonexistent:/bin/false";
const REDHAT_ACCOUNT: &str = "mysql:x:27:27:MySQL Server:/var/lib/mysql:/sbin/nologin";

const MARIADB: Daemon = Daemon {
    product: "mariadb",
    binary: "/usr/sbin/mariadbd",
    command: "/usr/sbin/mariadbd",
    user: "mysql",
    uid: 102,
    unit: "mariadb",
    about: "MariaDB database server",
    package: ("mariadb-server", "MariaDB database server binaries"),
    epoch: "1:",
    size: (1_348_000, 98_000),
    account: DEBIAN_ACCOUNT,
    files: FILES,
    ..Daemon::ROOT
};
const MYSQL: Daemon = Daemon {
    product: "mysql",
    binary: "/usr/sbin/mysqld",
    command: "/usr/sbin/mysqld",
    unit: "mysql",
    about: "MySQL Community Server",
    package: ("mysql-server", "MySQL database server"),
    epoch: "",
    size: (1_790_000, 389_000),
    ..MARIADB
};

/// Systems whose MariaDB is older than 10.4: the program has its old name there.
const OLD: &[&str] = &["debian9", "debian10", "ubuntu1804", "ubuntu2004", "synology"];

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: &["centos*", "rocky8"],
        binary: "/usr/libexec/mysqld",
        command: "/usr/libexec/mysqld --basedir=/usr",
        uid: 27,
        account: REDHAT_ACCOUNT,
        files: REDHAT_FILES,
        ..MARIADB
    },
    Daemon { systems: OLD, binary: "/usr/sbin/mysqld", command: "/usr/sbin/mysqld", ..MARIADB },
    Daemon {
        systems: REDHAT,
        binary: "/usr/libexec/mariadbd",
        command: "/usr/libexec/mariadbd --basedir=/usr",
        uid: 27,
        account: REDHAT_ACCOUNT,
        files: REDHAT_FILES,
        ..MARIADB
    },
    Daemon {
        systems: REDHAT,
        binary: "/usr/libexec/mysqld",
        command: "/usr/libexec/mysqld --basedir=/usr",
        uid: 27,
        unit: "mysqld",
        about: "MySQL 8.0 database server",
        account: REDHAT_ACCOUNT,
        files: REDHAT_FILES,
        ..MYSQL
    },
    MARIADB,
    MYSQL,
];
