//! The native runtime in a lab: real scanners on the attackers' host, kills, and a teardown that leaves nothing.

use crate::fleet::{have, printed, program};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

/// An installation with a lab of its own; both are gone when it is dropped.
pub(crate) struct Lab {
    state: tempfile::TempDir,
    port: u16,
    web_port: u16,
}

impl Lab {
    /// A lab with a fleet in it; `None`, with a line that says so, where namespaces may not be made.
    pub(crate) fn with_fleet(arguments: &[&str]) -> Option<Self> {
        let lab = Lab::up()?;
        let mut words = vec!["deploy", "--lab", "--seed", "e2e", "--login", "deny"];
        words.extend(arguments);
        lab.run(&words);
        Some(lab)
    }

    /// A lab without a fleet; `None` as above.
    pub(crate) fn up() -> Option<Self> {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::Builder::new().prefix("lab-e2e-").tempdir_in("/var/tmp").unwrap();
        // Services run as another user and must be able to reach their spool.
        std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let ports = crate::free_ports(2);
        let lab = Lab { state, port: ports[0], web_port: ports[1] };
        let up = lab.command(&["lab", "up"]);
        if !up.status.success() {
            assert!(std::env::var_os("CI").is_none(), "namespaces are required: {}", printed(&up));
            eprintln!("skipped: {}", printed(&up));
            return None;
        }
        Some(lab)
    }

    /// The network namespace of `segment`, of the `router` or of the first `attacker`, as a file.
    pub(crate) fn namespace(&self, place: &str) -> String {
        let text = std::fs::read_to_string(self.state.path().join("run/lab.json")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        let number = match place {
            "segment" => &state["segment"],
            "router" => &state["router"]["namespace"],
            _ => &state["attackers"][0]["namespace"],
        };
        format!("/proc/{}/fd/{number}", state["holder"]["pid"])
    }

    /// A file in the installation's folder.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.state.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Folder of the installation.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        self.prepare(Command::new("timeout").arg("100").arg(program("decnet")), arguments).output().unwrap()
    }

    /// The operator's program, to be started.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("decnet"));
        self.prepare(&mut command, arguments);
        command
    }

    fn prepare<'a>(&self, command: &'a mut Command, arguments: &[&str]) -> &'a mut Command {
        command.arg("--state-dir").arg(self.state.path()).args(arguments);
        command
            .env("DECNET_API_PORT", self.port.to_string())
            .env("DECNET_WEB_PORT", self.web_port.to_string())
    }

    /// All events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.run(&["events", "--json", "-n", "100000"]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits for an event that fits, and returns it.
    pub(crate) fn wait_for(&self, what: &str, patience: Duration, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + patience;
        loop {
            let events = self.events();
            if let Some(found) = events.iter().find(|event| fits(event)) {
                return found.clone();
            }
            let last: Vec<_> = events.iter().rev().take(20).collect();
            assert!(Instant::now() < deadline, "no {what}; the last ones: {last:#?}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// The same, to be started; without a time limit.
    pub(crate) fn background(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("decnet"));
        command.arg("--state-dir").arg(self.state.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        // The status may be red where a test breaks something.
        let told = output.status.success() || arguments.first() == Some(&"status");
        assert!(told, "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a program prints on the attackers' host.
    pub(crate) fn attacker(&self, words: &[&str]) -> String {
        let mut arguments = vec!["lab", "exec", "--"];
        arguments.extend(words);
        self.run(&arguments)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments)).unwrap()
    }

    pub(crate) fn pid(&self, key: &str) -> String {
        self.json(&["status", "--json"])["runtime"][key].as_u64().unwrap().to_string()
    }

    /// Waits until the redis port is open to the attackers' host.
    pub(crate) fn answers(&self, ip: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let scan = ["nmap", "-n", "-Pn", "-sS", "--max-retries", "1", "-p", "6379", ip];
        while !self.attacker(&scan).contains("6379/tcp open") {
            assert!(Instant::now() < deadline, "{ip} does not answer");
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for words in [&["teardown", "--all"], &["lab", "down"]] {
            let output = self.command(words);
            if !output.status.success() {
                eprintln!("{words:?}: {}", printed(&output));
            }
        }
    }
}

/// Lines of nmap's report that say a port is open.
fn open(report: &str) -> usize {
    report.lines().filter(|line| line.contains("/tcp open")).count()
}

/// What a fleet of this host could leave: processes of ours, links, routes, namespaces with a name.
fn traces(state: &Path) -> (BTreeSet<String>, String, String, String) {
    let state = state.display().to_string();
    let mut processes = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(command) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let place = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if String::from_utf8_lossy(&command).contains(&state) || place.starts_with(&state) {
            processes.insert(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    let links = std::fs::read_dir("/sys/class/net").unwrap().flatten();
    let links: BTreeSet<_> = links.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let named = Command::new("ip").arg("netns").output().map(|output| printed(&output)).unwrap_or_default();
    (processes, format!("{links:?}"), std::fs::read_to_string("/proc/net/route").unwrap(), named)
}

#[test]
fn scanners_find_every_decky_and_its_ports() {
    if !have("nmap", "nmap") {
        return;
    }
    let Some(lab) = Lab::with_fleet(&["-n", "30", "--services", "ssh,http"]) else { return };
    let status = lab.json(&["status", "--json"]);
    assert_eq!(
        (&status["runtime"]["runtime"], &status["runtime"]["carrier"]),
        (&"native".into(), &"gate".into())
    );
    let sweep = lab.attacker(&["nmap", "-n", "-sn", "10.66.0.0/26"]);
    // Thirty deckies and the router.
    assert!(sweep.contains("(31 hosts up)"), "{sweep}");
    let report = lab.attacker(&["nmap", "-n", "-sS", "-p", "22,80,81", "10.66.0.10-39"]);
    assert_eq!(open(&report), 60, "{report}");
    assert_eq!(report.matches("81/tcp closed").count(), 30, "{report}");

    let drill = lab.json(&["firedrill", "--json"]);
    assert_eq!(drill["silent"].as_array().unwrap().len(), 0, "{drill}");
    assert_eq!(drill["ports"], 60, "{drill}");
}

#[test]
fn deckies_come_and_go_without_the_others() {
    if !have("nmap", "nmap") {
        return;
    }
    let Some(lab) = Lab::with_fleet(&["-n", "2", "--services", "redis"]) else { return };
    lab.answers("10.66.0.10");
    let serve = lab.pid("process");
    lab.run(&["deploy", "--lab", "--seed", "e2e", "--login", "deny", "-n", "3", "--services", "redis"]);
    lab.answers("10.66.0.12");
    lab.run(&["teardown", "--id", "decky-01"]);
    let report = lab.attacker(&["nmap", "-n", "-sn", "10.66.0.10-12"]);
    assert!(report.contains("(2 hosts up)"), "{report}");
    lab.answers("10.66.0.11");
    assert_eq!(lab.pid("process"), serve, "the others were touched");
    let taken =
        lab.command(&["deploy", "--lab", "-n", "1", "--services", "ssh", "--ip-start", "10.66.7.254"]);
    assert!(!taken.status.success(), "the attackers' address was given away");
}

#[test]
fn what_is_killed_comes_back() {
    if !have("nmap", "nmap") {
        return;
    }
    let Some(lab) = Lab::with_fleet(&["-n", "2", "--services", "redis"]) else { return };
    for process in ["process", "gate", "netd"] {
        let pid = lab.pid(process);
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        lab.answers("10.66.0.11");
    }
    let workers = lab.json(&["status", "--json"])["workers"]["process"].as_u64().unwrap().to_string();
    let netd = lab.pid("netd");
    assert!(Command::new("kill").args(["-9", &workers]).status().unwrap().success());
    lab.answers("10.66.0.10");
    lab.run(&["run", "--daemon"]);
    lab.answers("10.66.0.11");
    assert_eq!(lab.pid("netd"), netd, "the fleet was taken down for nothing");
    let drill = lab.json(&["firedrill", "--json"]);
    assert_eq!(drill["silent"].as_array().unwrap().len(), 0, "{drill}");
}

#[test]
fn a_teardown_leaves_the_evidence_and_nothing_else() {
    let before = traces(Path::new("/nonexistent"));
    for killed in [false, true] {
        let Some(lab) = Lab::with_fleet(&["-n", "3", "--services", "ssh,redis"]) else { return };
        lab.run(&["firedrill"]);
        if killed {
            let workers = lab.json(&["status", "--json"])["workers"]["process"].as_u64().unwrap().to_string();
            assert!(Command::new("kill").args(["-9", &workers]).status().unwrap().success());
        }
        let refused = lab.command(&["lab", "down"]);
        assert_eq!(refused.status.success(), killed, "{}", printed(&refused));
        lab.run(&["teardown", "--all"]);
        lab.run(&["teardown", "--all"]);
        lab.run(&["lab", "down"]);
        lab.run(&["lab", "down"]);
        let after = traces(lab.state.path());
        assert_eq!(after.0, BTreeSet::new());
        assert_eq!((&after.1, &after.2, &after.3), (&before.1, &before.2, &before.3));
        let left = std::fs::read_dir(lab.state.path().join("run")).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(left, ["decnet.log"]);
        assert!(lab.json(&["status", "--json"])["events"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_demo_is_native_and_its_intruder_comes_from_the_lab() {
    let state = tempfile::Builder::new().prefix("demo-e2e-").tempdir_in("/var/tmp").unwrap();
    let folder = state.path().join("demo");
    std::fs::set_permissions(state.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let decnet = |words: &[&str]| {
        Command::new("timeout")
            .arg("100")
            .arg(program("decnet"))
            .arg("--state-dir")
            .arg(&folder)
            .args(words)
            .output()
            .unwrap()
    };
    let output = decnet(&["demo", "--attack", "--exit", "--json"]);
    assert!(output.status.success(), "{}", printed(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    if summary["runtime"] == "loopback" {
        assert!(std::env::var_os("CI").is_none(), "namespaces are required: {summary}");
        return;
    }
    assert_eq!((&summary["runtime"], &summary["carrier"]), (&"native".into(), &"gate".into()), "{summary}");
    assert_eq!(summary["missing"], 0, "{summary}");
    assert!(summary["uid"].is_u64(), "{summary}");
    let attackers = decnet(&["attackers", "--json"]);
    assert!(printed(&attackers).contains("10.66.7.254"), "{}", printed(&attackers));
    let left = traces(&folder).0;
    assert_eq!(left, BTreeSet::new());
}
