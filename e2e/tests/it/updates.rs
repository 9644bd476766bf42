//! Releases that are rolled out over a swarm: a bad one goes back by itself, whatever is bad about it, and a good one
//! stays. All are the same program under another number, behind a script that may do something else.

use crate::{
    fleet::{client, have, printed, program},
    swarm::Site,
    until,
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Seconds that a release has to prove itself.
const PATIENCE: &str = "45";

/// A bundle whose program is this script, signed with a key.
fn release(site: &Site, folder: &Path, number: &str, script: &str, key: &str) -> PathBuf {
    let source = folder.join(format!("source-{number}"));
    fs::create_dir_all(source.join("bin")).unwrap();
    let netsvcd = format!("exec {} \"$@\"", program("netsvcd").display());
    for (name, script) in [("bin/decnet", script), ("bin/netsvcd", netsvcd.as_str())] {
        fs::write(source.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(source.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let bundle = folder.join(format!("{number}-{key}.release"));
    let (source, key) = (source.display().to_string(), folder.join(key).display().to_string());
    let to = bundle.display().to_string();
    site.run("master", &["release", "sign", "--number", number, "--key", &key, "-o", &to, &source]);
    bundle
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Rolls a release out, and returns what became of it on each host: name, state, reason.
fn rolled(site: &Site, bundle: &Path, target: &[&str]) -> Vec<(String, String, String)> {
    let bundle = bundle.display().to_string();
    let words = [&["swarm", "update", "--json", "--seconds", "140"], target, &[bundle.as_str()]].concat();
    let output = site.decnet("master", &words);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert!(rows.is_array(), "{target:?}: {}\n{}", printed(&output), site.messages());
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(row, "name"), text(row, "state"), text(row, "reason"));
    rows.as_array().unwrap().iter().map(row).collect()
}

/// Waits until the master has heard each host by this number.
fn runs(site: &Site, hosts: &[&str], number: &str) {
    for host in hosts {
        until(&format!("{host} runs {number}"), Duration::from_secs(60), || {
            let list = site.json("master", &["swarm", "list", "--json"]);
            let rows = list.as_array().unwrap();
            rows.iter().any(|row| row["name"] == *host && row["version"] == number).then_some(())
        });
    }
}

/// A master that trusts a key, and two agents that have heard of it when they joined; and the deckies on them.
fn swarm(site: &Site, folder: &Path) -> Vec<Value> {
    let path = |name: &str| folder.join(name).display().to_string();
    for key in ["key", "other"] {
        site.run("master", &["release", "keygen", &path(key)]);
    }
    site.json("master", &["swarm", "enroll", "--name", "nobody", "--address", "10.77.0.1", "--json"]);
    site.run("master", &["release", "trust", &path("key.pub")]);
    let (own, state) = (program("decnet"), site.states["master"].path().display().to_string());
    let patience = format!("DECNET_UPDATE_SECONDS={PATIENCE}");
    let own = own.display().to_string();
    let up = site.on("master", &["env", &patience, &own, "--state-dir", &state, "run", "--daemon"]);
    assert!(up.status.success(), "{}", printed(&up));
    for host in ["alpha", "beta"] {
        let command = site.enroll(host, &["--interface", "eth0"]);
        assert!(command.contains(" --release-key RW"), "{command}");
    }
    // Until both have said what is where they are, nobody knows which addresses are theirs.
    let check = site.json("master", &["swarm", "check", "--json"]);
    assert_eq!(check["ok"], true, "{check:#}");
    let wanted =
        ["deploy", "--mode", "swarm", "-n", "2", "--services", "redis", "--seed", "up", "--login", "deny"];
    let deployed = site.json("master", &[wanted.as_slice(), &["--json"]].concat());
    assert!(deployed["results"].as_array().unwrap().iter().all(|row| row["ok"] == true), "{deployed:#}");
    site.json("master", &["swarm", "deckies", "--json"]).as_array().unwrap().clone()
}

/// The release so many after another one.
fn numbered(before: &str, patch: u32) -> String {
    let (minor, last) = before.rsplit_once('.').unwrap();
    format!("{minor}.{}", last.parse::<u32>().unwrap() + patch)
}

/// One hangs, and one is well but nobody hears it: both at once, each on a host of its own.
fn hangs_and_is_silent(site: &Site, folder: &Path, before: &str) {
    let (second, third) = (numbered(before, 2), numbered(before, 3));
    let hangs = release(site, folder, &second, "exec sleep 100000", "key").display().to_string();
    site.json("master", &["swarm", "update", "--json", "--no-wait", "--host", "alpha", &hangs]);
    let script = format!("DECNET_SWARM_MASTER_HOST=10.77.0.250 exec {} \"$@\"", program("decnet").display());
    let silent = rolled(site, &release(site, folder, &third, &script, "key"), &["--host", "beta"]);
    assert_eq!(silent[0].1, "rolled-back", "{silent:?}\n{}", site.messages());
    assert!(silent[0].2.contains("master"), "{silent:?}");
    let hung = until("the one that hangs goes back", Duration::from_secs(120), || {
        let rows = site.json("master", &["swarm", "updates", "--json"]);
        let is = |row: &&Value| row["to"] == second && row["ended_at"].is_string();
        rows.as_array().unwrap().iter().find(is).cloned()
    });
    assert_eq!(hung["state"], "rolled-back", "{hung:#}");
    runs(site, &["alpha", "beta"], before);
}

/// Who would get a release is told, and nothing is done.
fn only_said(site: &Site, bundle: &Path) {
    let bundle = bundle.display().to_string();
    let told =
        site.json("master", &["swarm", "update", "--all", "--canary", "1", "--dry-run", "--json", &bundle]);
    let rows: Vec<_> = told.as_array().unwrap().iter().map(|row| (&row["name"], &row["canary"])).collect();
    assert_eq!(json!(rows), json!([["alpha", true], ["beta", false]]), "{told:#}");
    assert_eq!(site.json("master", &["swarm", "updates", "--json"]), json!([]));
}

/// A master that was taken over believes another key: its agents do not.
fn of_another_key(site: &Site, folder: &Path, bundle: &Path) {
    let trust =
        |key: &str| site.run("master", &["release", "trust", &folder.join(key).display().to_string()]);
    trust("other.pub");
    let foreign = rolled(site, bundle, &["--host", "alpha"]);
    assert_eq!(foreign[0].1, "refused", "{foreign:?}");
    assert!(foreign[0].2.contains("is trusted"), "{foreign:?}");
    trust("key.pub");
}

#[test]
fn a_bad_release_goes_back_by_itself_and_stops_the_roll_out_and_a_good_one_reaches_all() {
    if !have("redis-cli", "redis-tools") || !have("ip", "iproute2") {
        return;
    }
    let Some(site) = Site::up("up") else { return };
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let folder = folder.path();
    let deckies = swarm(&site, folder);
    let before = site.json("master", &["version", "--json"])["version"].as_str().unwrap().to_owned();
    let number = |patch| numbered(&before, patch);
    let make = |patch, script: &str, key: &str| release(&site, folder, &number(patch), script, key);
    let own = program("decnet").display().to_string();
    site.touch(&deckies, "before");

    // It crashes: the canary goes back, and the other host never gets it.
    let crashes = make(1, "exit 1", "key");
    if have("minisign", "minisign") {
        let told = client("minisign", &["-V", "-m", text(&crashes), "-p", text(&folder.join("key.pub"))]);
        assert!(told.status.success(), "{}", printed(&told));
    }
    only_said(&site, &crashes);
    let rows = rolled(&site, &crashes, &["--all", "--canary", "1"]);
    let states: Vec<_> = rows.iter().map(|(name, state, _)| (name.as_str(), state.as_str())).collect();
    assert_eq!(states, [("alpha", "rolled-back"), ("beta", "cancelled")], "{rows:?}\n{}", site.messages());
    assert!(rows[0].2.contains("it does not run"), "{rows:?}");
    runs(&site, &["alpha", "beta"], &before);

    hangs_and_is_silent(&site, folder, &before);

    let good = format!("exec {own} \"$@\"");
    of_another_key(&site, folder, &make(4, &good, "other"));

    // A good one reaches all, and nothing is lost on the way.
    site.touch(&deckies, "between");
    let rows = rolled(&site, &make(5, &good, "key"), &["--all", "--canary", "1"]);
    assert!(rows.iter().all(|(_, state, _)| state == "done"), "{rows:?}\n{}", site.messages());
    runs(&site, &["alpha", "beta"], &number(5));
    site.touch(&deckies, "after");
    for mark in ["before", "between", "after"] {
        site.arrived(&deckies, mark);
    }
    // What is older than what runs is refused, and changes nothing.
    let old = rolled(&site, &make(4, &good, "key"), &["--host", "alpha"]);
    assert_eq!(old[0].1, "refused", "{old:?}");
    assert!(old[0].2.contains("is older than"), "{old:?}");
    runs(&site, &["alpha"], &number(5));
}
