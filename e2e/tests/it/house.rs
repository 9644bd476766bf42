//! The house itself: what it gives up, who may read what it keeps, what it says of itself.

use crate::fleet::{Fleet, have, printed, program};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);

fn status(fleet: &Fleet) -> Value {
    serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap()
}

/// Waits until `wanted` holds of the status.
fn until(fleet: &Fleet, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = status(fleet);
        if wanted(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: {found:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn process<'a>(status: &'a Value, name: &str) -> &'a Value {
    let found = status["processes"].as_array().unwrap().iter().find(|found| found["process"] == name);
    found.unwrap()
}

fn root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Everything below a folder: path, mode.
fn walk(folder: &Path, found: &mut Vec<(String, u32, bool)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(data) = fs::symlink_metadata(&path) else { continue };
        if data.file_type().is_symlink() {
            continue;
        }
        found.push((path.display().to_string(), data.permissions().mode() & 0o7777, data.is_dir()));
        if data.is_dir() {
            walk(&path, found);
        }
    }
}

#[test]
fn what_works_on_evidence_has_no_rights_and_what_it_keeps_is_closed() {
    let fleet = Fleet::deploy(41, "accept-after=1");
    let found = until(&fleet, "all is well", |found| found["ok"] == true);
    for name in ["house", "api", "serve"] {
        let process = process(&found, name);
        assert_eq!(process["capabilities"], 0, "{process}");
        assert_eq!(
            (&process["no_new_privs"], &process["seccomp"]),
            (&true.into(), &true.into()),
            "{process}"
        );
        assert!(!root() || process["uid"] != 0, "{process}");
    }
    let (house, serve) = (&process(&found, "house")["uid"], &process(&found, "serve")["uid"]);
    assert_eq!(house == serve, !root(), "the house is not the stage's user");
    fleet.run(&["firedrill"]);
    let mut kept = Vec::new();
    walk(fleet.state(), &mut kept);
    assert!(kept.len() > 20, "{kept:?}");
    for (path, mode, is_folder) in kept {
        let most = if is_folder { 0o770 } else { 0o660 };
        assert_eq!(mode & !most, 0, "{path} has mode {mode:o}");
    }
    let mode = fs::metadata(fleet.state()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o750);
    // What was killed is there again, and nobody is left when the one who keeps them is.
    let house = process(&found, "house")["pid"].as_u64().unwrap();
    assert!(Command::new("kill").args(["-9", &house.to_string()]).status().unwrap().success());
    let again = until(&fleet, "the house is started again", |found| {
        found["ok"] == true && process(found, "house")["pid"] != house && process(found, "api")["pid"] != 0
    });
    let keeper = again["workers"]["process"].to_string();
    assert!(Command::new("kill").args(["-9", &keeper]).status().unwrap().success());
    let api = process(&again, "api")["pid"].to_string();
    let deadline = Instant::now() + Duration::from_secs(5);
    while Path::new("/proc").join(&api).exists() {
        assert!(Instant::now() < deadline, "the interface outlives its keeper");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn of_five_that_start_at_once_one_says_so() {
    let fleet = Fleet::begin(42, &[]);
    let start = || {
        let mut command = Command::new(program("decnet"));
        command.arg("--state-dir").arg(fleet.state()).args(["run", "--daemon"]);
        command.env("DECNET_API_PORT", fleet.port().to_string());
        command.env("DECNET_WEB_PORT", crate::free_ports(1)[0].to_string());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let started: Vec<_> = (0..5).map(|_| start()).collect();
    let said: Vec<_> = started.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let winners: Vec<_> = said.iter().filter(|output| output.status.success()).collect();
    assert_eq!(winners.len(), 1, "{:?}", said.iter().map(printed).collect::<Vec<_>>());
    let pid = status(&fleet)["workers"]["process"].to_string();
    assert!(printed(winners[0]).contains(&format!("process {pid};")), "{}", printed(winners[0]));
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
}

#[test]
fn a_worker_that_fails_is_seen() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let fleet = Fleet::deploy_with(43, "deny", 1, &[("DECNET_API_PORT", &port)]);
    let found =
        until(&fleet, "the failing worker", |found| found["problems"].to_string().contains("worker api: "));
    let problem = found["problems"].to_string();
    assert!(problem.contains("Address already in use") && problem.contains("next try in"), "{problem}");
    assert!(!fleet.command(&["status"]).status.success(), "a red status ends with 1");
    drop(taken);
    until(&fleet, "it comes by itself", |found| found["ok"] == true);
    assert!(fleet.command(&["status"]).status.success());
}

#[test]
fn evidence_can_be_read_while_the_store_is_locked_and_in_a_copy() {
    if !have("python3", "python3") {
        return;
    }
    let fleet = Fleet::deploy(44, "deny");
    fleet.run(&["firedrill"]);
    let database = fleet.state().join("decnet.db");
    let script = "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); \
                  c.execute('BEGIN EXCLUSIVE'); print('locked',flush=True); time.sleep(60)";
    let mut lock =
        Command::new("python3").args(["-c", script]).arg(&database).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Read::read_exact(lock.stdout.as_mut().unwrap(), &mut [0; 6]).unwrap();
    let begun = Instant::now();
    let found = status(&fleet);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(found["deckies"].as_array().unwrap().len(), 2, "{found:#}");
    assert!(!fleet.run(&["events", "--probes", "-n", "5"]).is_empty());
    lock.kill().unwrap();
    lock.wait().unwrap();
    // A copy that nobody may write: on a medium that is read-only for root too.
    fleet.run(&["teardown", "--all"]);
    let events = fleet.run(&["events", "--probes", "--json", "-n", "100000"]);
    let copy = "set -e; m=$(mktemp -d /var/tmp/fleet-copy-XXXXXX); mount -t tmpfs none $m; cp -a $1/. $m/; \
                mount -o remount,ro $m; shift; \"$0\" --state-dir $m \"$@\"";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", copy])
        .arg(program("decnet"))
        .arg(fleet.state())
        .args(["events", "--probes", "--json", "-n", "100000"])
        .output()
        .unwrap();
    if root() {
        assert!(output.status.success() && !events.is_empty(), "{}", printed(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), events);
    }
}

#[test]
fn a_worker_alone_gives_up_its_rights_and_hears_of_its_options_in_the_background() {
    let fleet = Fleet::begin(47, &[]);
    let socket = fleet.state().join("other.sock");
    let path = socket.to_str().unwrap();
    fleet.run(&["bus", "--daemon", "--socket", path, "--heartbeat", "1"]);
    let deadline = Instant::now() + PATIENCE;
    while !socket.exists() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(50));
    }
    let data = fs::metadata(&socket).unwrap();
    assert_eq!((data.permissions().mode() & 0o777, data.uid() != 0), (0o660, root()));
    // The note about the process `house` is its keeper's: what a worker alone gave up is not shown in its place.
    let noted = fleet.state().join("run/process-house.json").exists();
    assert!(!noted, "a worker alone notes itself as the house");
    fleet.run(&["run", "--only", "correlator", "--daemon", "--user", "64123"]);
    let found = until(&fleet, "the house", |found| {
        found["processes"].as_array().is_some_and(|all| all.iter().any(|found| found["process"] == "house"))
    });
    assert!(!root() || process(&found, "house")["uid"] == 64_123, "{found:#}");
    let bus = found["workers"]["states"].as_array().unwrap().iter().find(|state| state["name"] == "bus");
    for pid in [&bus.unwrap()["note"]["pid"], &found["workers"]["process"]] {
        assert!(Command::new("kill").arg(pid.to_string()).status().unwrap().success());
    }
    until(&fleet, "both have ended", |found| {
        found["workers"]["process"].is_null()
            && found["workers"]["states"].as_array().unwrap().iter().all(|state| state["state"] == "stopped")
    });
}

#[test]
fn a_database_that_is_away_is_told_at_once() {
    let environment = [("DECNET_DB_TYPE", "mysql"), ("DECNET_DB_HOST", "127.0.0.1"), ("DECNET_DB_PORT", "9")];
    let fleet = Fleet::begin(45, &environment);
    let begun = Instant::now();
    let output = fleet.command(&["events"]);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let said = printed(&output);
    assert!(
        said.contains("mysql://decnet@127.0.0.1:9/decnet") && said.contains("Connection refused"),
        "{said}"
    );
}

#[test]
fn a_second_demo_harms_nothing() {
    let folder = tempfile::Builder::new().prefix("fleet-demo-").tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let state = folder.path().join("demo");
    let demo = || {
        let mut command = Command::new(program("decnet"));
        command.arg("--state-dir").arg(&state).args(["demo", "--runtime", "loopback", "-n", "2", "--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let first = demo().spawn().unwrap();
    let status = || {
        let output = Command::new(program("decnet"))
            .arg("--state-dir")
            .arg(&state)
            .args(["status", "--json"])
            .output()
            .unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()
    };
    let deadline = Instant::now() + PATIENCE;
    while status()["deckies"].as_array().is_none_or(|all| all.iter().any(|row| row["state"] != "running"))
        || status()["deckies"].as_array().is_none_or(Vec::is_empty)
    {
        assert!(Instant::now() < deadline, "{:#}", status());
        std::thread::sleep(Duration::from_millis(200));
    }
    let inode = fs::metadata(state.join("decnet.db")).unwrap().ino();
    let second = demo().output().unwrap();
    assert!(!second.status.success());
    let said = printed(&second);
    assert!(said.contains(&format!("`decnet demo` runs there as process {}", first.id())), "{said}");
    assert_eq!(fs::metadata(state.join("decnet.db")).unwrap().ino(), inode, "the database is another");
    assert_eq!(status()["workers"]["process"], first.id());
    // The terminal is closed.
    assert!(Command::new("kill").args(["-HUP", &first.id().to_string()]).status().unwrap().success());
    let ended = first.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", printed(&ended));
    assert!(!printed(&ended).contains("WARN"), "{}", printed(&ended));
    assert!(demo().args(["--attack", "--exit"]).status().unwrap().success(), "the leftovers are in the way");
}

#[test]
fn a_disk_that_is_full_is_told_and_heals() {
    if !root() {
        return;
    }
    // The whole in a mount namespace, because a small disk is one of its own.
    let script = include_str!("full_disk.sh");
    let output =
        Command::new("unshare").args(["-m", "bash", "-c", script]).arg(program("decnet")).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
}
