//! The pipeline on MariaDB instead of SQLite.

use crate::fleet::{Fleet, client, have, printed};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A database server of the test's own; gone when dropped.
struct Database {
    folder: tempfile::TempDir,
    url: String,
}

impl Database {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("e2e-db-").tempdir_in("/var/tmp").unwrap();
        let output = Command::new(script()).arg("start").arg(folder.path().join("db")).output().unwrap();
        assert!(output.status.success(), "{}", printed(&output));
        let url = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        Database { folder, url }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What it leaves is removed with its folder.
        let _ = Command::new(script()).arg("stop").arg(self.folder.path().join("db")).status();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mariadb.sh")
}

#[test]
fn events_and_credentials_are_stored_in_mariadb() {
    if !(Path::new("/usr/sbin/mariadbd").is_file() || have("mariadbd", "mariadb-server"))
        || !have("curl", "curl")
    {
        return;
    }
    let database = Database::start();
    let fleet =
        Fleet::deploy_with(80, "deny", 2, &[("DECNET_DB_TYPE", "mysql"), ("DECNET_DB_URL", &database.url)]);
    let url = format!("ftp://{}:10021/", fleet.ip(0));
    client("curl", &["-sS", "-u", "backup:gr\u{fc}n \u{1f600}", &url]);
    let page = format!("http://{}:10080/on-mariadb", fleet.ip(1));
    client("curl", &["-s", &page]);
    fleet.wait_for_text("request", "target", "/on-mariadb");
    fleet.wait_for_text("auth_attempt", "principal", "backup");
    let list = fleet.run(&["creds", "list"]);
    assert!(list.contains("backup") && list.contains("gr\u{fc}n \u{1f600}"), "{list}");
    let sessions = fleet.run(&["sessions", "list"]);
    assert!(sessions.contains("ftp") && sessions.contains("http"), "{sessions}");
    let standing: serde_json::Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    assert_eq!(standing["missing"], 0, "{standing}");
    assert!(!fleet.state().join("decnet.db").exists(), "there is a SQLite database as well");
}
