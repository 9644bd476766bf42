//! A topology in a lab: whoever is outside sees its DMZ and nothing else; each further LAN is reached through a machine
//! that was taken, and what is recorded there names who it was.

use crate::{
    client_ssh::OPTIONS,
    fleet::{have, printed},
    native::Lab,
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

const TOOLS: [(&str, &str); 3] = [("nmap", "nmap"), ("sshpass", "sshpass"), ("ssh", "openssh-client")];
/// Where deckies in front get their addresses, and some around them.
const SCANNED: &str = "10.66.0.0/27";
/// Whoever guesses long enough is let in at the machine in front.
const GUESSED: &str = "letmein";

/// A login, and the logins on the way there, the first one last.
#[derive(Clone)]
struct Login {
    user: String,
    ip: String,
    password: String,
    through: Option<Box<Login>>,
}

impl Login {
    /// The client's words for running `command` there.
    fn words(&self, command: &str) -> Vec<String> {
        let mut words: Vec<String> = ["sshpass", "-p", &self.password, "ssh"].map(str::to_owned).to_vec();
        words.extend(OPTIONS.iter().map(|option| (*option).to_owned()));
        if let Some(through) = &self.through {
            let proxy = through.words("").into_iter().map(|word| quoted(&word)).collect::<Vec<_>>();
            // Before the target, and with nothing to run.
            let (target, rest) = proxy.split_last().unwrap();
            words.extend(["-o".to_owned(), format!("ProxyCommand={} -W %h:%p {target}", rest.join(" "))]);
        }
        words.push(format!("{}@{}", self.user, self.ip));
        words.extend((!command.is_empty()).then(|| command.to_owned()));
        words
    }

    fn run(&self, lab: &Lab, command: &str) -> (bool, String) {
        let words = self.words(command);
        let mut all = vec!["lab", "exec", "--"];
        all.extend(words.iter().map(String::as_str));
        let output = lab.command(&all);
        (output.status.success(), printed(&output))
    }

    /// The login that a script on the machine has.
    fn next(&self, lab: &Lab) -> Login {
        let (done, text) = self.run(lab, "cd /; cat home/*/bin/pull-*.sh root/bin/pull-*.sh");
        let between = |begin: &str, end: &str| {
            let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{done} {text}"));
            rest.split_once(end).unwrap().0.to_owned()
        };
        let password = between("SSHPASS='", "'\n").replace("'\\''", "'");
        let user = between("rsync -a ", "@");
        let ip = between(&format!("rsync -a {user}@"), ":/");
        Login { user, ip, password, through: Some(Box::new(self.clone())) }
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''").replace('%', "%%"))
}

/// Waits until something is so.
fn until(what: &str, so: impl Fn() -> bool) {
    crate::until(what, Duration::from_secs(30), || so().then_some(()));
}

/// Waits until something of the events is so.
fn stored(lab: &Lab, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    lab.wait_for(what, Duration::from_secs(20), fits)
}

/// Hosts of the segment that answer.
fn up(lab: &Lab, network: &str) -> BTreeSet<String> {
    let text = lab.attacker(&["nmap", "-n", "-sn", "--max-retries", "1", network]);
    text.lines().filter_map(|line| line.strip_prefix("Nmap scan report for ")).map(str::to_owned).collect()
}

#[test]
fn a_walk_with_stolen_credentials_reaches_the_innermost_lan_and_a_scan_only_the_dmz() {
    if !TOOLS.iter().all(|(tool, package)| have(tool, package)) {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let before = up(&lab, SCANNED);
    let wish =
        ["--name", "corp", "--depth", "2", "--branching", "1", "--deckies-per-lan", "1-1", "--seed", "e2e"];
    lab.run(&[&["topology", "generate"][..], &wish].concat());
    lab.run(&["topology", "validate", "corp"]);
    let deployed = lab.json(&["topology", "deploy", "corp", "--lab", "--json"]);
    assert_eq!(deployed["deckies"], 3, "{deployed}");
    let front = deployed["fronts"]["corp.decky-001"].as_str().unwrap().to_owned();
    let shown = lab.json(&["topology", "show", "corp", "--json"]);
    assert_eq!(shown["state"], "active", "{shown}");

    // Only the machine in front came to the segment, and no address behind it answers, whoever is asked for the way.
    until("only the front to be there", || {
        let now = up(&lab, SCANNED);
        assert!(now.difference(&before).all(|ip| *ip == front), "{now:?}");
        now.contains(&front)
    });
    lab.attacker(&["ip", "route", "add", "172.16.0.0/16", "via", &front]);
    let scan = ["nmap", "-n", "-Pn", "-sS", "--max-retries", "1", "-p", "22", "172.16.0.2-4", "172.16.1.2-4"];
    let scan = lab.attacker(&scan);
    assert!(!scan.contains("22/tcp open"), "{scan}");

    // The way in: a guess that is taken, then what lies on each machine.
    let outside = Login { user: "root".into(), ip: front.clone(), password: GUESSED.into(), through: None };
    let in_at = (0..4).find(|_| outside.run(&lab, "id").0);
    assert!(in_at.is_some(), "nobody gets in at {front}");
    let middle = outside.next(&lab);
    let (done, text) = middle.run(&lab, "hostname");
    assert!(done, "{text}");
    let inner = middle.next(&lab);
    let (done, text) = inner.run(&lab, "uname -a");
    assert!(done && text.contains("Linux"), "{text}");
    // What is further in is not reached from further out.
    let short = Login { through: Some(Box::new(outside.clone())), ..inner.clone() };
    assert!(!short.run(&lab, "id").0);

    walked_from_inside(&lab, &outside, &middle);
    traced(&lab);
    // A fleet that is deployed beside it takes none of its addresses, and leaves it alone.
    lab.run(&["deploy", "--lab", "-n", "1", "--services", "http", "--yes"]);
    assert!(middle.run(&lab, "hostname").0);
    lab.run(&["teardown", "--id", "decky-01"]);
    let gone = lab.json(&["topology", "teardown", "corp", "--json"]);
    assert_eq!(gone["deckies"], 3);
    until("nothing to be left", || {
        let runtime = lab.json(&["status", "--json"])["runtime"].clone();
        runtime["nodes"] == 0 && runtime["listeners"] == 0 && up(&lab, SCANNED) == before
    });
    assert_eq!(lab.json(&["topology", "show", "corp", "--json"])["state"], "torn_down");
    lab.run(&["topology", "delete", "corp"]);
}

/// What the shell in front connects to is what forwards through it reach.
fn walked_from_inside(lab: &Lab, outside: &Login, middle: &Login) {
    let (_, name) = middle.run(lab, "hostname");
    let name = name.lines().next_back().unwrap_or_default().trim();
    let Login { user, ip, password, .. } = middle;
    let password = format!("'{}'", password.replace('\'', "'\\''"));
    let hop = format!("sshpass -p {password} ssh -o StrictHostKeyChecking=no {user}@{ip} hostname");
    for (command, wanted) in [
        (format!("timeout 3 nc -w 2 {ip} 22 </dev/null"), "SSH-2.0-"),
        (format!("ping -c 1 {ip}"), " 0% packet loss"),
        (format!("curl -sS -m 5 http://{ip}:22/ 2>&1"), "curl: (1)"),
        (hop, name),
        // A name, and an address that nobody has.
        (format!("nc -z -w 2 {name} 22 && echo there"), "there"),
        ("nc -z -w 2 203.0.113.9 22 || echo nobody".to_owned(), "nobody"),
    ] {
        let (_, text) = outside.run(lab, &command);
        assert!(text.contains(wanted), "{command}: {text}");
    }
    // An older habit than `-W`: a connection that a command in front carries.
    let proxy = outside.words(&format!("nc {ip} 22"));
    let proxy = proxy.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let plain = Login { through: None, ..middle.clone() };
    let mut words = plain.words("hostname");
    words.splice(4..4, ["-o".to_owned(), format!("ProxyCommand={proxy}")]);
    let all: Vec<&str> = ["lab", "exec", "--"].into_iter().chain(words.iter().map(String::as_str)).collect();
    let text = printed(&lab.command(&all));
    assert!(text.contains(name), "{text}");
    // As for a forward: the connection there names who came first, and the machine between.
    let login = stored(lab, "a login from the shell in front", |event| {
        event["decky"] == "corp.decky-002"
            && event["kind"] == "command"
            && event["fields"]["command"] == "hostname"
    });
    assert_eq!(login["fields"]["via_ip"].as_str().map(|ip| ip.starts_with("172.16.")), Some(true), "{login}");
}

/// What was stored names the attacker on every machine, and the machine that he came through.
fn traced(lab: &Lab) {
    let is = |event: &Value, decky: &str, kind: &str| event["decky"] == decky && event["kind"] == kind;
    let outside = stored(lab, "login in front", |event| is(event, "corp.decky-001", "session_start"));
    let attacker = outside["src_ip"].as_str().unwrap().to_owned();
    for (decky, via) in [("corp.decky-002", "corp.decky-001"), ("corp.decky-003", "corp.decky-002")] {
        let login = stored(lab, decky, |event| is(event, decky, "session_start"));
        assert_eq!(login["src_ip"], attacker.as_str(), "{login}");
        let connect = stored(lab, decky, |event| is(event, decky, "connect"));
        assert_eq!(connect["fields"]["via"], via, "{connect}");
    }
    until("one attacker on three deckies", || {
        let stored = lab.json(&["attackers", "--json"]);
        let known = stored.as_array().unwrap().iter().find(|one| one["src_ip"] == attacker.as_str());
        known.is_some_and(|one| one["interactive_deckies"] == 3)
    });
    let log = lab.state().join("log/decnet.log").display().to_string();
    let correlated = lab.json(&["correlate", &log, "--json"]);
    let path = ["corp.decky-001", "corp.decky-002", "corp.decky-003"].map(Value::from);
    assert_eq!(correlated["traversals"][0]["deckies"], Value::from(path.to_vec()), "{correlated}");
}
