//! Deckies that change while they run.

use crate::fleet::{Fleet, client, have, printed};
use serde_json::{Value, json};
use std::{net::TcpStream, time::Duration};

fn answers(ip: &str, port: u16) -> bool {
    TcpStream::connect_timeout(&format!("{ip}:{port}").parse().unwrap(), Duration::from_secs(2)).is_ok()
}

fn list(fleet: &Fleet, arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&fleet.run(arguments)).unwrap()
}

#[test]
fn a_decky_is_changed_and_the_others_are_not_touched() {
    let fleet = Fleet::deploy_services(218, "accept-listed", 2, &[], "redis,http");
    let (one, two) = (fleet.ip(0), fleet.ip(1));
    // Somebody is on the other one all the while.
    let staying = TcpStream::connect(format!("{two}:16379")).unwrap();
    assert!(!answers(&one, 10021));
    let done = list(&fleet, &["decky", "service", "add", "decky-01", "ftp", "--json"]);
    assert_eq!((&done[0]["kind"], &done[0]["after"]), (&json!("service_added"), &json!("redis http ftp")));
    assert!(answers(&one, 10021) && answers(&one, 16379) && !answers(&two, 10021));
    let set =
        list(&fleet, &["decky", "service", "set", "decky-01", "redis", "password=s3cr3t-of-ours", "--json"]);
    assert_eq!(set[0]["after"], "password=***");
    if have("redis-cli", "redis-tools") {
        let cli = |ip: &str| printed(&client("redis-cli", &["-h", ip, "-p", "16379", "GET", "a"]));
        assert!(cli(&one).contains("NOAUTH") && !cli(&two).contains("NOAUTH"));
    }
    list(&fleet, &["decky", "service", "remove", "decky-01", "http", "--json"]);
    assert!(!answers(&one, 10080) && answers(&two, 10080));
    staying.set_nonblocking(true).unwrap();
    let gone = staying.peek(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(gone, Err(std::io::ErrorKind::WouldBlock), "the other decky was touched");
    for (arguments, part) in [
        (["decky", "service", "add", "decky-01", "ftp"], "has ftp already"),
        (["decky", "service", "add", "decky-01", "ftq"], "did you mean \"ftp\"?"),
        (["decky", "service", "remove", "decky-09", "ftp"], "no decky is called decky-09"),
        (["decky", "service", "remove", "decky-01", "http"], "it has: redis, ftp"),
    ] {
        let output = fleet.command(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let told = printed(&output);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_fleet_changes_as_machines_do_and_stays_the_same_machines() {
    let fleet = Fleet::deploy_services(219, "accept-listed", 3, &[], "ssh,http");
    let hosts = || {
        let personas = list(&fleet, &["persona", "list", "--json"]);
        personas.iter().map(|one| (one["hostname"].clone(), one["mac"].clone())).collect::<Vec<_>>()
    };
    let before = hosts();
    for _ in 0..3 {
        assert_eq!(list(&fleet, &["mutate", "--all", "--json"]).len(), 3);
    }
    assert_eq!(hosts(), before);
    let rows = list(&fleet, &["mutations", "--json"]);
    assert_eq!(rows.len(), 9);
    assert!(rows.iter().all(|row| row["cause"] == "asked" && row["before"] != row["after"]), "{rows:?}");
    // What is said to be served is served, as the release that it was updated to.
    let deckies: Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    assert!(
        deckies["deckies"].as_array().unwrap().iter().all(|decky| decky["state"] == "running"),
        "{deckies}"
    );
    if let Some(row) = rows.iter().find(|row| row["kind"] == "updated" && row["service"] == "ssh") {
        let index: u8 = row["decky"].as_str().unwrap()[6..].parse().unwrap();
        let mut banner = [0; 64];
        let mut peer = TcpStream::connect(format!("{}:10022", fleet.ip(index - 1))).unwrap();
        let read = std::io::Read::read(&mut peer, &mut banner).unwrap();
        let banner = String::from_utf8_lossy(&banner[..read]).into_owned();
        let newest = rows.iter().find(|other| {
            (&other["decky"], &other["kind"], &other["service"])
                == (&row["decky"], &row["kind"], &row["service"])
        });
        let version = newest.unwrap()["after"].as_str().unwrap().split(' ').next().unwrap().to_owned();
        assert!(banner.contains(&version), "{banner} is not {version}");
    }
}

#[test]
fn what_was_killed_is_mended_and_said() {
    let fleet = Fleet::deploy_services(220, "deny", 2, &[], "redis");
    let whole: Value = serde_json::from_str(&fleet.run(&["reconcile", "--once", "--json"])).unwrap();
    assert_eq!(whole, json!({ "deckies": 2, "mended": [], "workers_started": false }));
    let status: Value = serde_json::from_str(&fleet.run(&["status", "--json"])).unwrap();
    let keeper = status["workers"]["process"].as_i64().unwrap().to_string();
    assert!(client("kill", &["-9", &keeper]).status.success());
    let mended: Value = serde_json::from_str(&fleet.run(&["redeploy", "--json"])).unwrap();
    assert_eq!(mended, json!({ "deckies": 2, "mended": ["decky-01", "decky-02"], "workers_started": true }));
    assert!(answers(&fleet.ip(0), 16379) && answers(&fleet.ip(1), 16379));
}
