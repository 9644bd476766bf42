//! What is kept and handed out: backups that come back, bundles without secrets, how much is said.

use crate::site::Site;
use decnet_store::record::User;
use std::{fs, io::Read, process::Command};

fn untarred(path: &std::path::Path) -> String {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Something in each of the folders that a copy is made of, and in one that it is not made of.
fn filled(site: &Site) {
    let paths = site.paths();
    fs::write(paths.install_secret(), "ab".repeat(32)).unwrap();
    for (path, text) in [
        (paths.event_log().join("decnet-0000000001.log"), "a line\n"),
        (paths.artefact(&"cd".repeat(32)), "payload"),
        (paths.rules().join("own.yaml"), "rules"),
        (paths.run().join("passing"), "not kept"),
    ] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[tokio::test]
async fn a_backup_brings_everything_back() {
    let site = Site::new().await;
    let paths = site.paths();
    filled(&site);
    let file = tempfile::tempdir().unwrap().keep().join("whole.tar.gz");
    let name = file.to_str().unwrap();
    let said = site.printed(&["backup", name]);
    assert!(said.contains("rows and"), "{said}");
    assert!(!site.run(&["backup", name]).status.success(), "no file is overwritten");
    let events = site.printed(&["events", "--json"]);
    let other = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_decnet"));
        command.args(words).env("DECNET_STATE_DIR", other.path()).current_dir(other.path());
        command.output().unwrap()
    };
    let output = run(&["restore", name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(run(&["events", "--json"]).stdout).unwrap(), events);
    for path in [
        "install.secret",
        "log/decnet-0000000001.log",
        &format!("artifacts/cd/{}", "cd".repeat(32)),
        "rules/own.yaml",
    ] {
        let (one, two) =
            (fs::read(paths.root().join(path)).unwrap(), fs::read(other.path().join(path)).unwrap());
        assert_eq!(one, two, "{path}");
    }
    assert!(!other.path().join("run/passing").exists() && !other.path().join("restore.new").exists());
    let again = run(&["restore", name]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && said.contains("--i-know-what-im-doing"), "{said}");
    fs::create_dir(other.path().join("left-by-another")).unwrap();
    fs::write(other.path().join("left-by-another/ca.key"), "key").unwrap();
    // The copy itself stays, wherever it lies.
    let here = other.path().join("copies/a.tar");
    fs::create_dir(here.parent().unwrap()).unwrap();
    fs::copy(&file, &here).unwrap();
    let output = run(&["restore", here.to_str().unwrap(), "--i-know-what-im-doing"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!other.path().join("left-by-another").exists(), "what was there is gone");
    assert_eq!(fs::read(&here).unwrap(), fs::read(&file).unwrap());
    // A damaged one changes nothing.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&file, bytes).unwrap();
    assert!(!run(&["restore", name, "--i-know-what-im-doing"]).status.success());
    assert_eq!(String::from_utf8(run(&["events", "--json"]).stdout).unwrap(), events);
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_bundle_has_no_secret() {
    let site = Site::new().await;
    let paths = site.paths();
    let planted = [
        "install-0123456789abcdef",
        "Signing-Secret-0123456789-0123456789",
        "https://hook.lan/KEY-7431",
        "hash-of-eve",
    ];
    fs::write(paths.install_secret(), planted[0]).unwrap();
    fs::create_dir_all(paths.run()).unwrap();
    let log =
        format!("sent to {} with {}\nlogin password=Tr0ub4dor&3 token: abc.def\n", planted[2], planted[0]);
    fs::write(paths.messages(), log).unwrap();
    site.store.setting_put("api.signing_secret", planted[1]).await.unwrap();
    let user = User {
        name: "eve".to_owned(),
        password_hash: planted[3].to_owned(),
        role: decnet_model::access::Role::Viewer,
        must_change: false,
        created_at: 1,
    };
    site.store.user_put(&user).await.unwrap();
    let file = site.paths().root().join("bundle.tar.gz");
    let output = Command::new(env!("CARGO_BIN_EXE_decnet"))
        .args(["support-bundle", "--json"])
        .arg(&file)
        .env("DECNET_STATE_DIR", paths.root())
        .env("DECNET_ALERT_TARGET", planted[2])
        .env("DECNET_DB_PASSWORD", "hunter2-planted")
        .current_dir(paths.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = untarred(&file);
    for wanted in ["settings.json", "workers.json", "store.json", "\"table\"", "decnet.log", "sent to ***"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let captured = ["Tr0ub4dor&3", "abc.def", "hunter2-planted", "evil"];
    for secret in planted.iter().copied().chain(captured) {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn how_much_is_said_is_changed_and_taken_back() {
    let site = Site::new().await;
    assert_eq!(site.printed(&["log", "level"]), "info\n");
    let said = site.printed(&["log", "level", "warn,collector=debug"]);
    assert_eq!(said, "warn,collector=debug (the settings say info)\n");
    assert_eq!(fs::read_to_string(site.paths().log_levels()).unwrap(), "warn,collector=debug");
    let bad = site.run(&["log", "level", "warn,nobody=debug"]);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("no part of the program"));
    assert_eq!(site.printed(&["log", "level", "--reset"]), "info\n");
}

#[tokio::test]
async fn nobody_runs_what_nobody_runs() {
    let site = Site::new().await;
    let output = site.run(&["worker", "restart", "bus"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("nobody runs the workers"), "{said}");
    let listed: serde_json::Value =
        serde_json::from_str(&site.printed(&["worker", "list", "--json"])).unwrap();
    assert!(listed.as_array().unwrap().iter().all(|worker| worker["state"] == "stopped"), "{listed}");
    let version: serde_json::Value = serde_json::from_str(&site.printed(&["version", "--json"])).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let pages = site.paths().root().join("man");
    site.run(&["man", pages.to_str().unwrap()]);
    let page = fs::read_to_string(pages.join("decnet-worker-stop.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("decnet worker stop"), "{page}");
}
