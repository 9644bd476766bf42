//! CouchDB by system: the unit and the files of the packages of apache.jfrog.io, told to listen everywhere.

use netsvc_kit::declared::{Changed, Daemon, Laid};

const CONFIGURATION: &str = "\
[couchdb]
uuid = {fqdn}

[chttpd]
bind_address = 0.0.0.0
port = 5984
";

pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "couchdb",
    binary: "/opt/couchdb/bin/../erts/bin/beam.smp",
    command: "/opt/couchdb/bin/../erts/bin/beam.smp -K true -A 16 -Bd -- -root /opt/couchdb/bin/.. -progname couchdb \
        -- \
              -home /opt/couchdb -- -boot /opt/couchdb/bin/../releases/couchdb -name couchdb@127.0.0.1 -noshell \
              -noinput \
              -config /opt/couchdb/bin/../releases/sys.config",
    user: "couchdb",
    uid: 138,
    unit: "couchdb",
    about: "Apache CouchDB",
    package: ("couchdb", "RESTful document oriented database"),
    size: (2_204_000, 61_200),
    account: "couchdb:x:138:145:CouchDB Administrator,,,:/opt/couchdb:/bin/bash",
    files: &[
        Laid::folder("/opt/couchdb", 0o755, Changed::Packaged),
        Laid::folder("/opt/couchdb/etc", 0o750, Changed::Installed),
        Laid::file("/opt/couchdb/etc/local.ini", 0o640, Changed::Installed, CONFIGURATION),
        Laid::folder("/var/lib/couchdb", 0o770, Changed::Lately),
        Laid::folder("/var/log/couchdb", 0o770, Changed::Lately),
    ],
    ..Daemon::ROOT
}];
