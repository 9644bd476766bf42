//! Clocks and series of numbers: each decky has its own, and they agree with what it says of itself.

use crate::{client_ssh::OPTIONS, faces::FAMILIES, fleet::have, native::Lab};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How far an uptime may be from the persona's, in µs: what it takes to look, and a clock that is up to a
/// hundredth of a percent off (real ones are).
fn near(uptime: i64) -> i64 {
    60_000_000 + uptime / 10_000
}

/// How far two moments are apart on a clock that begins anew after `period`.
fn apart(one: i64, other: i64, period: i64) -> i64 {
    let apart = (one - other).rem_euclid(period);
    apart.min(period - apart)
}

/// What the audit saw of one decky for each family, and when each was switched on by its persona.
fn looked(lab: &Lab) -> (BTreeMap<String, Value>, BTreeMap<String, i64>) {
    let audit = lab.json(&["audit", "--all", "--scan", "always", "--threshold", "0", "--json"]);
    let seen: BTreeMap<String, Value> = serde_json::from_value(audit["seen"].clone()).unwrap();
    let personas = lab.json(&["persona", "list", "--json"]);
    let booted = personas.as_array().unwrap().iter().map(|persona| {
        (persona["node"].as_str().unwrap().to_owned(), persona["booted_at"].as_i64().unwrap())
    });
    let common: Vec<&Value> =
        audit["clashes"].as_array().unwrap().iter().filter(|clash| clash["tell"] != "FL-02").collect();
    assert!(common.is_empty(), "{common:#?}");
    (seen, booted.collect())
}

fn numbers(seen: &Value, name: &str) -> Vec<i64> {
    seen[name].as_array().unwrap().iter().filter_map(Value::as_i64).collect()
}

/// Numbers that have no step in common, or a step that never changes, which real machines share too.
fn steps(numbers: &[i64], size: i64) -> Option<Vec<i64>> {
    let steps: Vec<i64> = numbers.windows(2).map(|pair| (pair[1] - pair[0]).rem_euclid(size)).collect();
    steps.windows(2).any(|pair| pair[0] != pair[1]).then_some(steps)
}

/// Seconds since the boot, as the shell of `ip` tells them.
fn shell_uptime(lab: &Lab, ip: &str) -> (f64, String) {
    let target = format!("root@{ip}");
    let mut words = vec!["sshpass", "-p", "toor", "ssh"];
    words.extend(OPTIONS);
    words.extend([target.as_str(), "cat /proc/uptime; uptime"]);
    let said = lab.attacker(&words);
    let seconds = said.split_whitespace().next().unwrap().parse().unwrap();
    (seconds, said.lines().nth(1).unwrap().to_owned())
}

/// One decky for each family, and one with a shell.
fn fleet() -> String {
    let mut text = "[general]\nseed = clocks\n".to_owned();
    for (number, (distro, ..)) in FAMILIES.iter().enumerate().filter(|(_, (distro, ..))| *distro != "debian")
    {
        let ip = 20 + number;
        text.push_str(&format!("[{distro}]\nip = 10.66.0.{ip}\ndistro = {distro}\nservices = http\n"));
    }
    text + "[shell]\nip = 10.66.0.10\ndistro = debian\nservices = ssh\nlogin = accept-after=1\n"
}

/// Since when the timestamps of deckies count, and after which time they begin anew.
fn clocks(seen: &BTreeMap<String, Value>) -> BTreeMap<&str, (i64, i64)> {
    let with = seen.iter().filter(|(_, seen)| !seen["clock"].is_null());
    with.map(|(name, seen)| {
        let of = |what: &str| seen["clock"][what].as_i64().unwrap();
        (name.as_str(), (of("since"), of("period")))
    })
    .collect()
}

/// No two deckies give the same numbers, nor sequence numbers with the same steps.
fn numbered_apart(seen: &BTreeMap<String, Value>) {
    for (name, size) in [("ids", 1 << 16), ("isns", 1 << 32)] {
        let all: Vec<Vec<i64>> = seen.values().map(|seen| numbers(seen, name)).collect();
        let moves = |numbers: &&Vec<i64>| numbers.iter().any(|one| *one != numbers[0]);
        let moving: Vec<&Vec<i64>> = all.iter().filter(moves).collect();
        assert!(moving.len() >= 12, "{name}: {all:?}");
        assert_eq!(moving.iter().collect::<BTreeSet<_>>().len(), moving.len(), "{name} alike: {moving:?}");
        // Counters of packets go up by one in every machine; sequence numbers do not.
        let steps: Vec<Vec<i64>> = moving.iter().filter_map(|numbers| steps(numbers, size)).collect();
        let differ = steps.iter().collect::<BTreeSet<_>>().len() == steps.len();
        assert!(name == "ids" || differ, "{name} in step: {steps:?}");
    }
}

#[test]
fn clocks_and_numbers_of_a_fleet_are_each_deckys_own_and_agree_with_its_uptime() {
    if !have("nmap", "nmap") || !have("p0f", "p0f") || !have("sshpass", "sshpass") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    lab.run(&["deploy", "--lab", "--config", &lab.file("clocks.ini", &fleet())]);
    let (seen, booted) = looked(&lab);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_micros()).unwrap();

    let clocks = clocks(&seen);
    assert!(clocks.len() >= 12, "too few have a clock: {clocks:?}");
    for (name, (since, period)) in &clocks {
        let own = booted[*name];
        let off = apart(*since, own, *period);
        let (seconds, up) = (off / 1_000_000, (now - own) / 1_000_000);
        assert!(off < near(now - own), "{name}: {seconds} s off, up since {up} s");
    }
    let mut moments: Vec<i64> = booted.values().copied().collect();
    moments.sort_unstable();
    assert!(
        moments.windows(2).all(|pair| pair[1] - pair[0] > 2_000_000),
        "switched on together: {moments:?}"
    );
    numbered_apart(&seen);

    let (uptime, said) = shell_uptime(&lab, "10.66.0.10");
    let (since, period) = clocks["shell"];
    let shell = now - (uptime * 1e6) as i64;
    assert!(apart(since, shell, period) < near(now - shell), "{said}: {since} {shell}");
    assert!(said.contains(&format!("up {} days", (uptime / 86_400.0) as i64)), "{said}");
}
