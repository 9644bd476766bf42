//! The kill test on the native runtime: every process is killed at random moments under load, and the rows by writer
//! and number are the complete lines that were written. `DECNET_TEST_KILLS` says how many kills, 6 if not said.

use crate::{fleet::have, native::Lab};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Line numbers by writer.
type Numbers = BTreeMap<String, Vec<u64>>;

/// What the one who keeps the workers keeps, as `status` names it, and himself.
const KEPT: [&str; 6] = ["process", "gate", "house", "netd", "supervisor", "api"];
/// Workers in processes of their own.
const ALONE: [&str; 6] = ["bus", "collector", "ingester", "fleet", "correlator", "api"];

#[test]
fn kills_of_every_process_lose_and_double_nothing() {
    if !have("nmap", "nmap") || !have("redis-cli", "redis-tools") {
        return;
    }
    let Some(lab) = Lab::with_fleet(&["-n", "3", "--services", "redis"]) else { return };
    let kills = std::env::var("DECNET_TEST_KILLS").map_or(6, |text| text.parse().unwrap());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| keep_lines(lab.state(), &done));
        let _done = Done(&done);
        let load = load(&lab);
        kill_supervised(&lab, kills / 2);
        kill_workers(&lab, kills - kills / 2);
        drop(load);
        lab.run(&["run", "--daemon"]);
        lab.answers("10.66.0.10");
        settle(&lab);
    });
    let written = written(lab.state());
    let rows = rows(&lab.events());
    for (writer, numbers) in &written {
        let last = u64::try_from(numbers.len()).unwrap();
        assert!(numbers.iter().copied().eq(1..=last), "writer {writer} itself has a gap");
        let stored = rows.get(writer);
        let count = stored.map_or(0, Vec::len);
        assert!(stored == Some(numbers), "writer {writer}: {count} rows, {last} lines");
    }
    println!(
        "{kills} kills, {} writers, {} lines",
        written.len(),
        written.values().map(Vec::len).sum::<usize>()
    );
    assert!(2 < written.len(), "the killed processes came back with new writers: {written:?}");
    assert_eq!(lab.json(&["status", "--json"])["missing"], 0);
}

/// Touches all deckies, over and over, for the gate and for the services.
fn load(lab: &Lab) -> Killed {
    let script = "i=0; while [ $i -lt 20000 ]; do for n in 0 1 2; do \
        timeout 1 redis-cli -h 10.66.0.1$n echo load-$i; done; \
        [ $((i % 20)) = 0 ] && timeout 5 nmap -n -Pn -sS --max-retries 0 -p 1-50 10.66.0.11; i=$((i + 1)); done";
    let mut command = lab.program(&["lab", "exec", "--", "sh", "-c", script]);
    Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Keeps a second name for every segment until told to end, since what is stored is deleted.
fn keep_lines(state: &Path, done: &AtomicBool) {
    let kept = state.join("kept");
    fs::create_dir_all(&kept).unwrap();
    while !done.load(Ordering::Relaxed) {
        for process in ["gate", "serve", "sniffer"] {
            let Ok(segments) = fs::read_dir(state.join("spool").join(process).join("lines")) else {
                continue;
            };
            for segment in segments.flatten() {
                // It may be there already, or gone meanwhile.
                let _ = fs::hard_link(segment.path(), kept.join(segment.file_name()));
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A sequence that differs from run to run.
fn random() -> impl FnMut(u64) -> u64 {
    let mut seed = u64::from(std::process::id()) << 20 | 0x2545;
    move |below| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 16) % below
    }
}

/// Kills a process and waits until it is gone.
fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
    let deadline = Instant::now() + Duration::from_secs(10);
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(Instant::now() < deadline, "{pid} does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A child that does not outlive the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends the keeper when the test ends, in whatever way.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn kill_supervised(lab: &Lab, kills: usize) {
    let mut random = random();
    for round in 0..kills {
        // A random moment, not a synchronisation.
        std::thread::sleep(Duration::from_millis(300 + random(1500)));
        match KEPT[round % KEPT.len()] {
            "supervisor" => {
                kill(&supervisor(lab));
                lab.run(&["run", "--daemon"]);
            }
            name @ ("house" | "api") => kill(&part(lab, name)),
            name => kill(&lab.pid(name)),
        }
        lab.answers("10.66.0.10");
    }
}

/// A process of the house. It may just be started again.
fn part(lab: &Lab, name: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let status = lab.json(&["status", "--json"]);
        let processes = status["processes"].as_array().unwrap();
        if let Some(found) = processes.iter().find(|found| found["process"] == name) {
            return found["pid"].to_string();
        }
        assert!(Instant::now() < deadline, "{status:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn supervisor(lab: &Lab) -> String {
    lab.json(&["status", "--json"])["workers"]["process"].as_u64().unwrap().to_string()
}

/// Ends the supervisor, starts each worker as a process of its own, and kills collectors and ingesters.
fn kill_workers(lab: &Lab, kills: usize) {
    kill(&supervisor(lab));
    let start = |name: &str| {
        let log = fs::File::create(lab.state().join(format!("run/{name}.log"))).unwrap();
        Killed(lab.program(&[name]).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    };
    let mut running: BTreeMap<&str, Killed> = ALONE.iter().map(|name| (*name, start(name))).collect();
    let mut random = random();
    for round in 0..kills {
        std::thread::sleep(Duration::from_millis(300 + random(1500)));
        let name = ALONE[1 + round % 2];
        drop(running.remove(name));
        running.insert(name, start(name));
    }
    for (name, child) in &mut running {
        assert!(child.0.try_wait().unwrap().is_none(), "{name} ended by itself");
    }
}

/// Waits until what the last touch left is stored, and nothing more comes.
fn settle(lab: &Lab) {
    let last = "the-last-touch";
    // Passwords are never summed up, whatever came before them.
    lab.attacker(&["redis-cli", "-h", "10.66.0.10", "auth", last]);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let count = |numbers: &Numbers| numbers.values().map(Vec::len).sum::<usize>();
        let events = lab.events();
        let stored = events.iter().any(|event| {
            event["fields"]["secret_printable"].as_str().is_some_and(|text| text.contains(last))
        });
        let (lines, rows) = (written(lab.state()), rows(&events));
        if stored && count(&lines) == count(&rows) {
            return;
        }
        let status = || lab.json(&["status", "--json"]);
        let has_line = |event: &&Value| {
            let numbers = event["writer"].as_str().and_then(|writer| lines.get(writer));
            numbers.is_some_and(|numbers| {
                event["number"].as_u64().is_some_and(|number| numbers.contains(&number))
            })
        };
        assert!(
            Instant::now() < deadline,
            "{} lines, {} rows, {stored}, without a line: {:#?}: {:#}",
            count(&lines),
            count(&rows),
            events.iter().filter(|event| !has_line(event)).take(3).collect::<Vec<_>>(),
            status()
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Complete lines in the segments that were kept.
fn written(state: &Path) -> Numbers {
    let mut found = Numbers::new();
    let segments: Vec<PathBuf> =
        fs::read_dir(state.join("kept")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for segment in segments {
        let content = fs::read(&segment).unwrap();
        for line in content.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            let line = String::from_utf8_lossy(line);
            let value = |name: &str| line.split_once(name).unwrap().1.split('"').next().unwrap().to_owned();
            found.entry(value(" w=\"")).or_default().push(value(" n=\"").parse().unwrap());
        }
    }
    found.values_mut().for_each(|numbers| numbers.sort_unstable());
    found
}

/// Numbers of the stored events.
fn rows(events: &[Value]) -> Numbers {
    let mut found = Numbers::new();
    for event in events {
        let number = event["number"].as_u64().unwrap();
        found.entry(event["writer"].as_str().unwrap().to_owned()).or_default().push(number);
    }
    found.values_mut().for_each(|numbers| numbers.sort_unstable());
    found
}
