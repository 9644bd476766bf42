//! Elasticsearch by system: the unit and the files of the packages of artifacts.elastic.co, told to listen everywhere.

use netsvc_kit::declared::{Changed, Daemon, Laid};

const CONFIGURATION: &str = "\
# ======================== Elasticsearch Configuration =========================
path.data: /var/lib/elasticsearch
path.logs: /var/log/elasticsearch
network.host: 0.0.0.0
http.port: 9200
discovery.type: single-node
";

pub(super) const DAEMONS: &[Daemon] = &[Daemon {
    product: "elasticsearch",
    binary: "/usr/share/elasticsearch/jdk/bin/java",
    command: "/usr/share/elasticsearch/jdk/bin/java -Xshare:auto -Des.networkaddress.cache.ttl=60 -XX:+UseG1GC -Xms1g \
              -Xmx1g -Des.path.home=/usr/share/elasticsearch -Des.path.conf=/etc/elasticsearch -cp \
              /usr/share/elasticsearch/lib/* org.elasticsearch.bootstrap.Elasticsearch -p \
              /var/run/elasticsearch/elasticsearch.pid --quiet",
    user: "elasticsearch",
    uid: 136,
    unit: "elasticsearch",
    about: "Elasticsearch",
    package: ("elasticsearch", "Distributed RESTful search engine built for the cloud"),
    size: (4_712_000, 1_382_000),
    account: "elasticsearch:x:136:143::/nonexistent:/bin/false",
    files: &[
        Laid::folder("/etc/elasticsearch", 0o2750, Changed::Installed),
        Laid::file("/etc/elasticsearch/elasticsearch.yml", 0o660, Changed::Installed, CONFIGURATION),
        Laid::folder("/var/lib/elasticsearch", 0o2750, Changed::Lately),
        Laid::folder("/var/log/elasticsearch", 0o2750, Changed::Lately),
    ],
    ..Daemon::ROOT
}];
