//! What an installation lives with: units, starting and stopping, telling systemd.

use crate::fleet::{Fleet, have, printed, program};
use serde_json::Value;
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixDatagram,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How open a unit may be by systemd's own measure, in tenths; those that make networks are only shown.
const OPEN_MOST: &str = "20";
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that stands for a host, made by `init`.
fn host() -> tempfile::TempDir {
    let root = tempfile::tempdir_in("/var/tmp").unwrap();
    let output = Command::new(program("decnet"))
        .args(["init", "--no-start", "--prefix"])
        .arg(root.path())
        .env("DECNET_CONFIG", root.path().join("none"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    root
}

fn units(root: &Path) -> Vec<PathBuf> {
    let folder = root.join("etc/systemd/system");
    let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = found.filter(|path| path.is_file()).collect();
    found.sort();
    found
}

#[test]
fn units_are_right_and_close() {
    if !have("systemd-analyze", "systemd") {
        return;
    }
    let root = host();
    let units = units(root.path());
    assert!(units.len() > 8, "{units:?}");
    for unit in &units {
        // The program is below the prefix and not where the unit has it.
        let text = fs::read_to_string(unit).unwrap().replace("/opt/decnet/bin/decnet", "/bin/true");
        let checked = root.path().join(unit.file_name().unwrap());
        fs::write(&checked, text).unwrap();
    }
    for unit in &units {
        let name = unit.file_name().unwrap().to_str().unwrap();
        let checked = root.path().join(name);
        let output = Command::new("systemd-analyze").arg("verify").arg(&checked).output().unwrap();
        let said = printed(&output);
        let ours: Vec<_> = said.lines().filter(|line| line.contains("decnet")).collect();
        // A manual page is there once the package is.
        let wrong: Vec<_> = ours.into_iter().filter(|line| !line.contains("man ")).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        if !name.ends_with(".service") {
            continue;
        }
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager", "--threshold", OPEN_MOST]).arg(&checked);
        let output = command.output().unwrap();
        let said = printed(&output);
        let last = said.lines().rfind(|line| line.contains("exposure level")).unwrap_or_default();
        println!("{last}");
        let makes_networks = ["decnet-fleet.service", "decnet-operator.service"].contains(&name);
        assert!(output.status.success() || makes_networks, "{said}");
    }
}

/// A worker of an ordinary user, with somebody who listens as systemd would.
struct Unit {
    child: Child,
    told: UnixDatagram,
}

impl Unit {
    fn start(state: &Path, words: &[&str], environment: &[(&str, &str)]) -> Unit {
        let path = state.join("notify.sock");
        let _ = fs::remove_file(&path);
        let told = UnixDatagram::bind(&path).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut command = match root {
            true => Command::new("setpriv"),
            false => Command::new(program("decnet")),
        };
        if root {
            command.args(["--reuid=64998", "--regid=64998", "--clear-groups", "--"]).arg(program("decnet"));
        }
        command.arg("--state-dir").arg(state.join("state")).args(words);
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000").envs(environment.iter().copied());
        command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::inherit());
        Unit { child: command.spawn().unwrap(), told }
    }

    /// Waits for a message.
    fn wait_for(&self, wanted: &str) {
        let mut buffer = [0; 4096];
        loop {
            let length = self.told.recv(&mut buffer).unwrap_or_else(|error| panic!("no {wanted}: {error}"));
            if String::from_utf8_lossy(&buffer[..length]).contains(wanted) {
                return;
            }
        }
    }

    fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        self.wait_for("STOPPING=1");
        assert!(self.child.wait().unwrap().success());
    }
}

/// A folder whose sub-folder `state` is an ordinary user's.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(folder.path().join("state")).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        std::os::unix::fs::chown(folder.path().join("state"), Some(64_998), Some(64_998)).unwrap();
    }
    folder
}

#[test]
fn a_unit_says_when_it_is_ready_and_is_one_confined_process() {
    if !have("setpriv", "util-linux") {
        return;
    }
    let folder = folder();
    for worker in ["bus", "ingester", "collector"] {
        let unit = Unit::start(folder.path(), &[worker], &[]);
        unit.wait_for("READY=1");
        unit.wait_for("STATUS=all is well");
        unit.wait_for("WATCHDOG=1");
        let pid = unit.child.id();
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        for line in ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(text.contains(line), "{worker}: {line} is not in {text}");
        }
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        assert_eq!(children.trim(), "", "{worker} starts nobody");
        let second = Command::new(program("decnet"))
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .arg(worker)
            .output()
            .unwrap();
        assert!(printed(&second).contains("another copy runs on this host"), "{}", printed(&second));
        unit.end();
    }
}

#[test]
fn the_interface_takes_workers_along() {
    if !have("setpriv", "util-linux") {
        return;
    }
    let folder = folder();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let environment =
        [("DECNET_API_PORT", port.as_str()), ("DECNET_EMBED_COLLECTOR", "yes"), ("DECNET_EMBED", "ingester")];
    let unit = Unit::start(folder.path(), &["api"], &environment);
    unit.wait_for("READY=1");
    let state = folder.path().join("state");
    for worker in ["collector", "ingester", "api"] {
        let note = fs::read(state.join(format!("run/worker-{worker}.json"))).unwrap();
        let note: Value = serde_json::from_slice(&note).unwrap();
        assert_eq!(note["pid"], unit.child.id(), "{note}");
        assert!(note["since"].is_i64() && note["memory"].as_u64() > Some(1 << 20), "{note}");
    }
    unit.end();
}

fn state_of(fleet: &Fleet, worker: &str) -> Value {
    let listed: Value = serde_json::from_str(&fleet.run(&["worker", "list", "--json"])).unwrap();
    listed.as_array().unwrap().iter().find(|one| one["name"] == worker).unwrap().clone()
}

#[test]
fn workers_are_stopped_and_started_one_by_one() {
    let fleet = Fleet::deploy_with(57, "deny", 1, &[]);
    let before = state_of(&fleet, "collector");
    assert!(before["state"] == "running" && before["since"].is_string(), "{before}");
    fleet.run(&["worker", "stop", "collector", "bus"]);
    let stopped = state_of(&fleet, "collector");
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    assert!(stopped["trouble"].as_str().unwrap().starts_with("stopped by "), "{stopped}");
    let second = fleet.command(&["run", "--only", "bus"]);
    assert!(printed(&second).contains("is in use"), "{}", printed(&second));
    fleet.run(&["worker", "start", "bus", "collector"]);
    fleet.run(&["worker", "restart", "--json", "collector"]);
    let after = state_of(&fleet, "collector");
    assert!(after["state"] == "running" && after["since"] != before["since"], "{after}");
    // Over the interface, by who works for it.
    let token: String =
        fleet.run(&["token", "create", "e2e", "--user", "admin", "--scopes", "manage,read", "--json"]);
    let token: Value = serde_json::from_str(&token).unwrap();
    let bearer = format!("Authorization: Bearer {}", token["token"].as_str().unwrap());
    let ask = |path: &str| {
        let url = format!("http://127.0.0.1:{}/api/v1/{path}", fleet.port());
        let output = Command::new("curl").args(["-s", "-X", "POST", "-H", &bearer, &url]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    if have("curl", "curl") {
        assert_eq!(ask("workers/operator/stop")["status"], 400);
        assert_eq!(ask("workers/nobody/stop")["status"], 404);
        assert_eq!(ask("workers/alerter/stop")["kind"], "worker");
        let deadline = Instant::now() + PATIENCE;
        while state_of(&fleet, "alerter")["state"] != "stopped" {
            assert!(Instant::now() < deadline, "{}", fleet.run(&["operations"]));
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(state_of(&fleet, "alerter")["trouble"].as_str().unwrap().contains("by admin"));
    }
    // What is said changes while it runs.
    let log = fleet.state().join("run/decnet.log");
    fleet.run(&["log", "level", "info,collector=debug"]);
    let deadline = Instant::now() + PATIENCE;
    while !fs::read_to_string(&log).unwrap().contains("how much is said was changed") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(100));
    }
}
