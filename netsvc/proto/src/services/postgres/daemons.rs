//! PostgreSQL by system: the units and folders of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid};

const POSTGRES: Daemon = Daemon {
    product: "postgresql",
    systems: &["rocky*", "fedora*", "arch", "alpine*"],
    binary: "/usr/bin/postgres",
    command: "/usr/bin/postgres -D /var/lib/pgsql/data",
    user: "postgres",
    uid: 26,
    unit: "postgresql",
    about: "PostgreSQL database server",
    package: ("postgresql-server", "PostgreSQL server programs"),
    size: (214_000, 28_000),
    account: "postgres:x:26:26:PostgreSQL Server:/var/lib/pgsql:/bin/bash",
    files: &[Laid::folder("/var/lib/pgsql", 0o700, Changed::Lately)],
    ..Daemon::ROOT
};

/// The cluster `main` of a release of Debian and its kin.
macro_rules! cluster {
    ($major:literal, $systems:expr) => {
        Daemon {
            systems: $systems,
            binary: concat!("/usr/lib/postgresql/", $major, "/bin/postgres"),
            command: concat!(
                "/usr/lib/postgresql/",
                $major,
                "/bin/postgres -D /var/lib/postgresql/",
                $major,
                "/main -c config_file=/etc/postgresql/",
                $major,
                "/main/postgresql.conf"
            ),
            uid: 107,
            unit: concat!("postgresql@", $major, "-main"),
            about: concat!("PostgreSQL Cluster ", $major, "-main"),
            package: (
                concat!("postgresql-", $major),
                "The World's Most Advanced Open Source Relational Database",
            ),
            account: "postgres:x:107:113:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash",
            files: &[
                Laid::folder(concat!("/var/lib/postgresql/", $major, "/main"), 0o700, Changed::Lately),
                Laid::folder(concat!("/etc/postgresql/", $major, "/main"), 0o755, Changed::Installed),
            ],
            ..POSTGRES
        }
    };
}

pub(super) const DAEMONS: &[Daemon] = &[
    cluster!("15", &["debian12"]),
    cluster!("13", &["debian11"]),
    cluster!("11", &["debian10"]),
    cluster!("10", &["ubuntu1804"]),
    cluster!("12", &["ubuntu2004"]),
    cluster!("14", &["ubuntu2204"]),
    cluster!("16", &["ubuntu2404", "kali"]),
    POSTGRES,
];
