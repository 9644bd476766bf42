//! MongoDB by system: the unit and the files of the packages of repo.mongodb.org, told to listen everywhere.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

/// What its configuration says, but for where the data are and what is on.
macro_rules! configuration {
    ($data:literal) => {
        concat!(
            "# mongod.conf\n\nstorage:\n  dbPath: ",
            $data,
            "\n\nsystemLog:\n  destination: file\n  logAppend: true\n  path: /var/log/mongodb/mongod.log\n\nnet:\n  \
             port: 27017\n  bindIp: 0.0.0.0\n\nprocessManagement:\n  timeZoneInfo: /usr/share/zoneinfo\n\nsecurity:\n  \
             javascriptEnabled: false\n"
        )
    };
}

const MONGOD: Daemon = Daemon {
    product: "mongodb",
    binary: "/usr/bin/mongod",
    command: "/usr/bin/mongod --config /etc/mongod.conf",
    user: "mongodb",
    uid: 131,
    unit: "mongod",
    about: "MongoDB Database Server",
    package: ("mongodb-org-server", "MongoDB database server"),
    size: (2_703_000, 171_000),
    account: "mongodb:x:131:65534::/home/mongodb:/usr/sbin/nologin",
    files: &[
        Laid::file("/etc/mongod.conf", 0o644, Changed::Installed, configuration!("/var/lib/mongodb")),
        Laid::folder("/var/lib/mongodb", 0o755, Changed::Lately),
        Laid::folder("/var/log/mongodb", 0o755, Changed::Installed),
    ],
    ..Daemon::ROOT
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        command: "/usr/bin/mongod -f /etc/mongod.conf",
        user: "mongod",
        uid: 982,
        account: "mongod:x:982:979:mongod:/var/lib/mongo:/bin/false",
        files: &[
            Laid::file("/etc/mongod.conf", 0o644, Changed::Installed, configuration!("/var/lib/mongo")),
            Laid::folder("/var/lib/mongo", 0o755, Changed::Lately),
            Laid::folder("/var/log/mongodb", 0o755, Changed::Installed),
        ],
        ..MONGOD
    },
    MONGOD,
];
