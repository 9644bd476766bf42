//! A master and two agents, each in a network namespace of its own on one segment, and an attacker beside them: what
//! was touched is in the master's store once, with its host, whatever is cut or killed meanwhile.

use crate::fleet::{have, printed, program};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Line numbers by writer.
type Numbers = BTreeMap<String, BTreeSet<u64>>;

/// Hosts on the segment, and their last octet in 10.77.0.0/24.
const HOSTS: [(&str, u8); 4] = [("master", 1), ("alpha", 2), ("beta", 3), ("attacker", 200)];

/// A segment with hosts; all are gone when it is dropped.
pub(crate) struct Site {
    tag: String,
    pub(crate) states: BTreeMap<&'static str, tempfile::TempDir>,
}

impl Site {
    /// `None`, with a line that says so, where namespaces may not be made.
    /// `name` tells it from others of this process.
    pub(crate) fn up(name: &str) -> Option<Site> {
        let tag = format!("{name}{}", std::process::id());
        let state = |name| {
            use std::os::unix::fs::PermissionsExt;
            let state = tempfile::Builder::new().prefix("swarm-e2e-").tempdir_in("/var/tmp").unwrap();
            fs::set_permissions(state.path(), fs::Permissions::from_mode(0o755)).unwrap();
            (name, state)
        };
        let states = ["master", "alpha", "beta"].into_iter().map(state).collect();
        let site = Site { tag, states };
        let made = ip(&["netns", "add", &site.space("segment")]);
        if !made.status.success() {
            assert!(std::env::var_os("CI").is_none(), "namespaces are required: {}", printed(&made));
            eprintln!("skipped: {}", printed(&made));
            return None;
        }
        let segment = site.space("segment");
        done(&["-n", &segment, "link", "add", "br0", "type", "bridge"]);
        done(&["-n", &segment, "link", "set", "br0", "up"]);
        for (name, octet) in HOSTS {
            let space = site.space(name);
            done(&["netns", "add", &space]);
            let words = [
                "link", "add", "name", name, "netns", &segment, "type", "veth", "peer", "name", "eth0",
                "netns", &space,
            ];
            done(&words);
            done(&["-n", &segment, "link", "set", "dev", name, "master", "br0", "up"]);
            done(&["-n", &space, "addr", "add", &format!("10.77.0.{octet}/24"), "dev", "eth0"]);
            done(&["-n", &space, "link", "set", "eth0", "up"]);
            done(&["-n", &space, "link", "set", "lo", "up"]);
        }
        Some(site)
    }

    fn space(&self, name: &str) -> String {
        format!("{}-{name}", self.tag)
    }

    /// A program on a host.
    pub(crate) fn on(&self, host: &str, words: &[&str]) -> Output {
        let space = self.space(host);
        Command::new("timeout").args(["150", "ip", "netns", "exec", &space]).args(words).output().unwrap()
    }

    /// The operator's program on a host.
    pub(crate) fn decnet(&self, host: &str, words: &[&str]) -> Output {
        let program = program("decnet").display().to_string();
        let state = self.states[host].path().display().to_string();
        let all = [&[program.as_str(), "--state-dir", state.as_str()], words].concat();
        self.on(host, &all)
    }

    pub(crate) fn run(&self, host: &str, words: &[&str]) -> String {
        let output = self.decnet(host, words);
        assert!(output.status.success(), "{host} {words:?}: {}\n{}", printed(&output), self.messages());
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, host: &str, words: &[&str]) -> Value {
        serde_json::from_str(&self.run(host, words)).unwrap()
    }

    fn refused(&self, host: &str, words: &[&str]) -> String {
        let output = self.decnet(host, words);
        assert!(!output.status.success(), "{host} {words:?}: {}", printed(&output));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What the programs say of themselves, for a test that fails.
    pub(crate) fn messages(&self) -> String {
        let log = |(name, state): (&&str, &tempfile::TempDir)| {
            let text = fs::read_to_string(state.path().join("run/decnet.log")).unwrap_or_default();
            let last: Vec<_> = text.lines().rev().take(25).collect();
            format!("--- {name}\n{}\n", last.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        self.states.iter().map(log).collect()
    }

    /// Has a host join by the command that the master prints.
    pub(crate) fn enroll(&self, name: &str, more: &[&str]) -> String {
        let asked = ["swarm", "enroll", "--name", name, "--address", "10.77.0.1", "--json"];
        let invited = self.json("master", &asked);
        let command = invited["command"].as_str().unwrap().to_owned();
        let words: Vec<&str> = command.split(' ').skip(1).chain(more.iter().copied()).collect();
        self.run(name, &words);
        command
    }

    fn events(&self) -> Vec<Value> {
        let lines = self.run("master", &["events", "--json", "-n", "100000"]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Says something on each of `deckies` that is found again.
    pub(crate) fn touch(&self, deckies: &[Value], mark: &str) {
        for decky in deckies {
            let (ip, name) = (decky["address"].as_str().unwrap(), decky["decky"].as_str().unwrap());
            let deadline = Instant::now() + Duration::from_secs(20);
            let word = format!("{mark}-{name}");
            loop {
                let said = self.on("attacker", &["timeout", "3", "redis-cli", "-h", ip, "auth", &word]);
                if said.status.success() && !said.stdout.is_empty() {
                    break;
                }
                assert!(Instant::now() < deadline, "{name} at {ip}: {}\n{}", printed(&said), self.messages());
            }
        }
    }

    /// Waits until each of `deckies` has `mark` in the master's store, and looks that it is there once, with its host.
    pub(crate) fn arrived(&self, deckies: &[Value], mark: &str) {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let events = self.events();
            let missing: Vec<&Value> = deckies
                .iter()
                .filter(|decky| {
                    let word = format!("{mark}-{}", decky["decky"].as_str().unwrap());
                    let found: Vec<_> = events
                        .iter()
                        .filter(|event| event["fields"]["secret_printable"].as_str() == Some(&word))
                        .collect();
                    assert!(found.len() < 2, "{word} is there {} times", found.len());
                    found.iter().for_each(|event| assert_eq!(event["host"], decky["host_id"], "{event}"));
                    found.is_empty()
                })
                .collect();
            if missing.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{mark} is missing of {missing:?}\n{}", self.messages());
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// The process of the workers that speak to other hosts.
    fn process(&self, host: &str) -> String {
        let status = self.decnet(host, &["status", "--json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        let processes = status["processes"].as_array().unwrap();
        let found = processes.iter().find(|process| process["process"] == "swarm");
        assert!(found.is_some(), "{status:#}");
        found.unwrap()["pid"].to_string()
    }

    fn kill(&self, host: &str) {
        let pid = self.process(host);
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }

    fn link(&self, host: &str, state: &str) {
        done(&["-n", &self.space("segment"), "link", "set", "dev", host, state]);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for host in ["alpha", "beta"] {
            let _ = self.decnet(host, &["leave"]);
        }
        let _ = self.decnet("master", &["teardown", "--all"]);
        let pid = fs::read_to_string(self.states["master"].path().join("keeper.lock")).unwrap_or_default();
        let pid: Value = serde_json::from_str(&pid).unwrap_or_default();
        if let Some(pid) = pid["pid"].as_u64() {
            let _ = Command::new("kill").arg(pid.to_string()).status();
            std::thread::sleep(Duration::from_secs(2));
        }
        for name in HOSTS.iter().map(|(name, _)| *name).chain(["segment"]) {
            let _ = ip(&["netns", "del", &self.space(name)]);
        }
        for state in self.states.values() {
            // Root's releases are beside the state folder.
            let _ = fs::remove_dir_all(format!("{}-releases", state.path().display()));
        }
    }
}

fn ip(words: &[&str]) -> Output {
    Command::new("ip").args(words).output().unwrap()
}

fn done(words: &[&str]) {
    let output = ip(words);
    assert!(output.status.success(), "ip {words:?}: {}", printed(&output));
}

/// Complete lines in the event log of an agent.
fn written(state: &Path) -> Numbers {
    let mut found = Numbers::new();
    for entry in fs::read_dir(state.join("log")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if !(name.starts_with("decnet-") && name.ends_with(".log")) {
            continue;
        }
        let content = fs::read(entry.path()).unwrap();
        for line in content.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            let line = String::from_utf8_lossy(line);
            let value = |name: &str| line.split_once(name).unwrap().1.split('"').next().unwrap().to_owned();
            let new = found.entry(value(" w=\"")).or_default().insert(value(" n=\"").parse().unwrap());
            assert!(new, "the agent itself has a line twice");
        }
    }
    found
}

/// Waits until the rows of a host are the lines that its agent has, by writer and number.
fn equal(site: &Site, host: &'static str, id: &str) {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let lines = written(site.states[host].path());
        let mut rows = Numbers::new();
        for event in site.events().iter().filter(|event| event["host"] == id) {
            let number = event["number"].as_u64().unwrap();
            let new = rows.entry(event["writer"].as_str().unwrap().to_owned()).or_default().insert(number);
            assert!(new, "{host}: a row is there twice");
        }
        if lines == rows {
            assert!(lines.values().all(|numbers| numbers.len() as u64 == *numbers.last().unwrap()), "a gap");
            println!(
                "{host}: {} lines of {} writers",
                lines.values().map(BTreeSet::len).sum::<usize>(),
                lines.len()
            );
            return;
        }
        let count = |numbers: &Numbers| numbers.values().map(BTreeSet::len).sum::<usize>();
        let told = format!("{host}: {} lines, {} rows", count(&lines), count(&rows));
        assert!(Instant::now() < deadline, "{told}\n{}", site.messages());
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn every_touch_of_every_host_comes_home_once_whatever_breaks() {
    if !have("redis-cli", "redis-tools") || !have("ip", "iproute2") {
        return;
    }
    let Some(site) = Site::up("sw") else { return };
    // The swarm begins with the first invitation.
    assert!(site.refused("alpha", &["agent"]).contains("joined no swarm"));
    site.json("master", &["swarm", "enroll", "--name", "nobody", "--address", "10.77.0.1", "--json"]);
    site.run("master", &["run", "--daemon"]);
    let command = site.enroll("alpha", &["--interface", "eth0"]);
    site.enroll("beta", &["--interface", "eth0"]);
    let check = site.json("master", &["swarm", "check", "--json"]);
    assert_eq!(
        (check["ok"].as_bool(), check["results"].as_array().unwrap().len()),
        (Some(true), 2),
        "{check:#}"
    );

    refused_again(&site, &command);
    let wanted =
        ["deploy", "--mode", "swarm", "-n", "6", "--services", "redis", "--seed", "e2e", "--login", "deny"];
    let deployed = site.json("master", &[wanted.as_slice(), &["--json"]].concat());
    assert!(
        deployed["results"].as_array().unwrap().iter().all(|result| result["ok"] == true),
        "{deployed:#}"
    );
    let deckies = site.json("master", &["swarm", "deckies", "--json"]);
    let deckies = deckies.as_array().unwrap();
    let addresses: BTreeSet<_> = deckies.iter().map(|decky| decky["address"].as_str().unwrap()).collect();
    assert_eq!((deckies.len(), addresses.len()), (6, 6), "no address twice on one segment: {deckies:?}");
    let on = |host: &str| deckies.iter().filter(|decky| decky["host"] == host).count();
    assert_eq!((on("alpha"), on("beta")), (3, 3));
    site.touch(deckies, "first");
    site.arrived(deckies, "first");

    // The link is cut while the attack goes on; forwarders and the listener are killed.
    site.link("master", "down");
    site.touch(deckies, "cut");
    site.kill("alpha");
    site.kill("master");
    site.touch(deckies, "killed");
    site.link("master", "up");
    site.kill("beta");
    site.touch(deckies, "after");
    for mark in ["cut", "killed", "after"] {
        site.arrived(deckies, mark);
    }
    let id =
        |host: &str| deckies.iter().find(|decky| decky["host"] == host).unwrap()["host_id"].as_str().unwrap();
    equal(&site, "alpha", id("alpha"));
    equal(&site, "beta", id("beta"));
    let of = site.run("master", &["events", "--json", "--host", "alpha", "-n", "100000"]);
    assert!(of.lines().count() > 9 && of.lines().all(|line| line.contains(id("alpha"))));

    leaving(&site, deckies);
}

/// A token works once, and agents do only what agents do.
fn refused_again(site: &Site, command: &str) {
    let words: Vec<&str> = command.split(' ').skip(1).take(3).collect();
    let other = tempfile::tempdir_in("/var/tmp").unwrap();
    let folder = other.path().display().to_string();
    let again = site.on(
        "attacker",
        &[&[program("decnet").to_str().unwrap(), "--state-dir", &folder], words.as_slice()].concat(),
    );
    assert!(printed(&again).contains("token that was used already"), "{}", printed(&again));
    assert!(site.refused("alpha", &["deploy", "-n", "1", "--services", "redis"]).contains("is the master's"));
}

/// A host is drained: its deckies are on the other; it is decommissioned: it takes its own down and can do nothing.
fn leaving(site: &Site, deckies: &[Value]) {
    let drained = site.json("master", &["swarm", "drain", "--name", "beta", "--json"]);
    assert!(drained["results"].as_array().unwrap().iter().all(|result| result["ok"] == true), "{drained:#}");
    let now = site.json("master", &["swarm", "deckies", "--json"]);
    let now = now.as_array().unwrap();
    assert!(now.len() == 6 && now.iter().all(|decky| decky["host"] == "alpha"), "{now:#?}");
    let stays =
        |decky: &&Value| deckies.iter().any(|old| old["decky"] == decky["decky"] && old["host"] == "alpha");
    assert!(
        now.iter().filter(stays).all(|decky| deckies.iter().any(|old| old["address"] == decky["address"]))
    );
    site.touch(now, "moved");
    site.arrived(now, "moved");
    site.json("master", &["swarm", "decommission", "--name", "alpha", "--yes", "--json"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let hosts = site.json("master", &["swarm", "list", "--status", "decommissioned", "--json"]);
        let left = &hosts[0];
        let there = site.decnet("alpha", &["status", "--json"]);
        let there: Value = serde_json::from_slice(&there.stdout).unwrap();
        let none = there["deckies"].as_array().is_some_and(Vec::is_empty);
        if left["owes_removal"] == false && none {
            break;
        }
        assert!(Instant::now() < deadline, "{left:#} {there:#}\n{}", site.messages());
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(site.json("master", &["swarm", "deckies", "--json"]), Value::Array(Vec::new()));
    let log = fs::read_to_string(site.states["master"].path().join("run/decnet.log")).unwrap();
    assert!(log.contains("revoked certificate"), "the master says why: {log}");
}
