//! Whole rounds: the demo, the fire drill, kills, and a teardown that leaves nothing.

use crate::fleet::{Fleet, printed, program};
use serde_json::Value;
use std::{
    io::Write,
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

#[test]
fn a_demo_under_attack_misses_no_touch() {
    let output = Command::new("timeout")
        .arg("100")
        .arg(program("decnet"))
        .args(["demo", "--attack", "--exit", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(summary["missing"], 0, "{summary}");
    assert!(summary["touches"].as_u64().unwrap() > 10, "{summary}");
}

#[test]
fn every_declared_port_answers_and_is_stored() {
    let fleet = Fleet::deploy(91, "accept-listed");
    let drill: Value = serde_json::from_str(&fleet.run(&["firedrill", "--json"])).unwrap();
    assert_eq!(drill["silent"].as_array().unwrap().len(), 0, "{drill}");
    assert_eq!(drill["ports"], 20, "{drill}");
}

/// Processes of the operator's program or the service process for this fleet.
fn processes(state: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let Ok(command) = std::fs::read(entry.path().join("cmdline")) else { continue };
        if String::from_utf8_lossy(&command).contains(state) {
            found.push(pid);
        }
    }
    found
}

#[test]
fn killed_processes_come_back_and_nothing_written_is_lost_or_doubled() {
    let fleet = Fleet::deploy(92, "deny");
    for round in 0..3 {
        let pid = fleet.service_process();
        touch(&fleet, round);
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((fleet.ip(1), 16379)).map_or(true, |mut stream| !pong(&mut stream)) {
            assert!(Instant::now() < deadline, "the service process did not come back");
            std::thread::sleep(Duration::from_millis(100));
        }
        touch(&fleet, round + 100);
    }
    let supervisor: Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    let pid = supervisor["workers"]["process"].as_u64().unwrap().to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(500));
    fleet.run(&["run", "--daemon"]);
    for round in [0, 1, 2, 100, 101, 102] {
        let found = fleet.wait_for("command", |events| {
            let wanted = format!("ECHO touch-{round}-");
            let count = events
                .iter()
                .filter(|event| {
                    event["fields"]["command"].as_str().is_some_and(|text| text.starts_with(&wanted))
                })
                .count();
            (count >= 20).then_some(count)
        });
        assert_eq!(found, 20, "round {round} is doubled");
    }
    let standing: Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    assert_eq!(standing["missing"], 0, "{standing}");
}

fn pong(stream: &mut TcpStream) -> bool {
    use std::io::Read;
    let mut answer = [0; 7];
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG\r\n"
}

/// Twenty commands, each answered, so each is written before the next.
fn touch(fleet: &Fleet, round: u32) {
    use std::io::Read;
    let mut stream = TcpStream::connect((fleet.ip(0), 16379)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for number in 0..20 {
        stream.write_all(format!("ECHO touch-{round}-{number}\r\n").as_bytes()).unwrap();
        let mut buffer = [0; 256];
        assert!(stream.read(&mut buffer).unwrap() > 0);
    }
}

#[test]
fn a_teardown_leaves_no_process_and_keeps_what_was_recorded() {
    let fleet = Fleet::deploy(93, "deny");
    touch(&fleet, 7);
    fleet.wait_for_text("command", "command", "ECHO touch-7-19");
    fleet.run(&["teardown", "--all"]);
    let standing: Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    assert_eq!(standing["deckies"].as_array().unwrap().len(), 0);
    assert!(standing["events"].as_u64().unwrap() > 20);
    assert!(TcpStream::connect((fleet.ip(0), 16379)).is_err());
    assert_eq!(processes("fleet-e2e-93"), Vec::<i32>::new());
}

#[test]
fn a_flood_to_one_decky_leaves_the_other_alone() {
    let fleet = Fleet::deploy(94, "deny");
    let idle: Vec<_> = (0..600).filter_map(|_| TcpStream::connect((fleet.ip(0), 10022)).ok()).collect();
    assert!(idle.len() > 500);
    for port in [10021, 10022, 10023, 10025, 10080, 13306, 16379] {
        let mut stream = TcpStream::connect((fleet.ip(0), port)).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        // It is closed on us at some point, which is as it should be.
        let _ = (0..200).try_for_each(|_| stream.write_all(&[b'A'; 65_536]));
    }
    let mut stream = TcpStream::connect((fleet.ip(1), 16379)).unwrap();
    assert!(pong(&mut stream));
    assert!(fleet.events("fault").is_empty(), "something failed inside");
}
