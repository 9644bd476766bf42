//! An installation with some evidence, and the program run on it.

use decnet_analysis::{delta::deltas, technique::Rules, views::change};
use decnet_model::{paths::Paths, worker::Worker};
use decnet_store::{
    Position, Store,
    record::{
        AddressReputation, Change, Enrichment, EnrichmentFile, Origin, Reputation, Rpki, Verdict, View,
    },
};
use netsvc_wire::{Record, WriterId, field};
use std::process::{Command, Output};

pub(crate) struct Site {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Site {
    pub(crate) async fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let place = Paths::new(folder.path()).database();
        let store = Store::open(place.to_str().unwrap()).await.unwrap();
        let ingester = store.lease_take(Worker::Ingester).await.unwrap();
        store.ingest(&ingester, &records(), &Position::default()).await.unwrap();
        let correlator = store.lease_take(Worker::Correlator).await.unwrap();
        let rows = store.event_after(0, 100).await.unwrap();
        let last = rows.last().unwrap().id;
        store.project(&correlator, &Change::Attackers(deltas(&rows)), 0, last).await.unwrap();
        let rules = Rules::new(&[]).unwrap();
        for view in [View::Incidents, View::Timeline, View::Rankings, View::Techniques] {
            store.project(&correlator, &change(view, &rules, &rows), 0, last).await.unwrap();
        }
        Site { folder, store }
    }

    /// What is known of one of its attackers.
    pub(crate) async fn enrich(&self) {
        let fence = self.store.lease_take(Worker::Enricher).await.unwrap();
        let file = EnrichmentFile {
            name: "ip2asn-v4.tsv".to_owned(),
            form: "ip2asn".to_owned(),
            rows: 2,
            malformed: 1,
            problem: String::new(),
            changed_at: 1_764_000_000_000_000,
        };
        self.store.enrichment_begin(&fence, "one", &[file], &[], false).await.unwrap();
        let src_ip = "192.0.2.7".parse().unwrap();
        let origin = Origin {
            country: Some("NL".to_owned()),
            asn: Some(64496),
            as_name: Some("EXAMPLE".to_owned()),
            network: Some("192.0.2.0/24".to_owned()),
            rpki: Some(Rpki::Invalid),
        };
        let scope = "documentation".to_owned();
        let row = Enrichment { src_ip, last_event: 6, last_seen: 1, scope, origin };
        let reputation = Reputation {
            verdict: Verdict::Suspicious,
            score: Some(40),
            reason: "scans \x1b[2J".to_owned(),
            at: 1,
            expires_at: 2,
        };
        let listed = AddressReputation { src_ip, provider: "abuseipdb".to_owned(), reputation };
        self.store.enrichment_put(&fence, &[row], &[listed], 0, 6).await.unwrap();
    }

    pub(crate) fn paths(&self) -> Paths {
        Paths::new(self.folder.path())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_decnet"))
            .args(arguments)
            .env("DECNET_STATE_DIR", self.folder.path())
            .env("COLUMNS", "100")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    pub(crate) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn record(number: u64, node: &str, peer: &str, kind: &str, fields: &[(&str, &[u8])]) -> Record {
    let session = format!("{number:016x}");
    let own = [(field::SRC_IP, peer.as_bytes()), (field::SESSION, session.as_bytes())];
    let fields = own.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), value.to_vec()));
    Record {
        at: 1_764_000_000_000_000 + i64::try_from(number).unwrap() * 1_000_000,
        priority: 132,
        node: node.into(),
        app: "ssh".into(),
        kind: kind.into(),
        writer: WriterId(1),
        number,
        fields: fields.collect(),
    }
}

/// Two deckies, an attacker with hostile bytes, and a probe of our own.
fn records() -> Vec<Record> {
    let long = [b'A'; 7000];
    let sha256 = "ab".repeat(32);
    let mut records = vec![
        record(1, "web-01", "192.0.2.7", "connect", &[]),
        record(2, "web-01", "127.255.0.1", "auth_attempt", &[(field::SECRET_B64, b"b3Vycw==")]),
        record(
            3,
            "web-01",
            "192.0.2.7",
            "auth_attempt",
            &[
                (field::PRINCIPAL, b"\xffbob"),
                (field::SECRET_B64, b"YTpi/w=="),
                (field::SECRET_PRINTABLE, b"a:b\\xff"),
                (field::SECRET_KIND, b"plaintext"),
            ],
        ),
        record(4, "db-01", "192.0.2.7", "command", &[(field::COMMAND, b"echo \x1b[2J src_port")]),
        record(
            5,
            "db-01",
            "192.0.2.7",
            "auth_attempt",
            &[(field::PRINCIPAL, &long), (field::SECRET_B64, b"eA==")],
        ),
        record(
            6,
            "db-01",
            "192.0.2.7",
            "file_captured",
            &[(field::SHA256, sha256.as_bytes()), (field::PATH, b"/tmp/\xe2\x80\x8bx")],
        ),
    ];
    for (index, line) in ["$mysqlna$aa*bb", "$mysqlna$cc*dd", "$mysqlna$aa*bb"].iter().enumerate() {
        let secret = format!("AAA{index}");
        records.push(record(
            7 + u64::try_from(index).unwrap(),
            "db-01",
            "192.0.2.8",
            "auth_attempt",
            &[
                (field::SECRET_KIND, b"mysql_native_password"),
                (field::SECRET_B64, secret.as_bytes()),
                (field::CRACK_LINE, line.as_bytes()),
            ],
        ));
    }
    records
}
