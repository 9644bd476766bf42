//! Canaries, taken and used with real clients.

use crate::{
    client_ssh::{OPTIONS, ssh},
    fleet::{Fleet, client, have, printed},
};
use serde_json::Value;
use std::{
    net::{TcpListener, UdpSocket},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A fleet whose canaries are reached on this host.
struct Lures {
    fleet: Fleet,
    http: u16,
    dns: u16,
}

impl Lures {
    fn deploy(octet: u8, login: &str, services: &str) -> Lures {
        let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dns = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = format!("http://127.0.0.1:{http}");
        let (http_port, dns_port) = (http.to_string(), dns.to_string());
        let settings = [
            ("DECNET_CANARY_HTTP_BASE", base.as_str()),
            ("DECNET_CANARY_HTTP_PORT", &http_port),
            ("DECNET_CANARY_DNS_PORT", &dns_port),
            ("DECNET_CANARY_DNS_ZONE", "z.example.net"),
            ("DECNET_CANARY_BIND", "127.0.0.1"),
        ];
        Lures { fleet: Fleet::deploy_services(octet, login, 2, &settings, services), http, dns }
    }

    fn create(&self, kind: &str, more: &[&str]) -> Value {
        let mut arguments = vec!["canary", "create", kind, "--json"];
        arguments.extend(more);
        serde_json::from_str(&self.fleet.run(&arguments)).unwrap()
    }

    /// Waits until somebody listens, which is soon after the first canary was made.
    fn listening(&self) {
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", self.http)).is_err() {
            assert!(Instant::now() < deadline, "nobody listens");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Uses a canary until that is seen: one that was just made is known at the worker's next look.
    fn known(&self, canary: &Value, used: impl Fn()) {
        let id = canary["id"].as_str().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            used();
            std::thread::sleep(Duration::from_millis(300));
            let hits: Value =
                serde_json::from_str(&self.fleet.run(&["canary", "hits", id, "--json"])).unwrap();
            if hits.as_array().is_some_and(|hits| !hits.is_empty()) {
                return;
            }
            assert!(Instant::now() < deadline, "{canary} is not known");
        }
    }

    /// Waits for a use over `channel` of a canary; `noise`: whether it is one that says little.
    fn hit(&self, canary: &Value, channel: &str, noise: bool) -> Value {
        let id = canary["id"].as_str().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let hits: Value =
                serde_json::from_str(&self.fleet.run(&["canary", "hits", id, "--json"])).unwrap();
            let fits = |hit: &&Value| hit["channel"] == channel && hit["noise"].is_null() != noise;
            if let Some(hit) = hits.as_array().unwrap().iter().find(fits) {
                return hit.clone();
            }
            assert!(Instant::now() < deadline, "{channel} of {canary}: {hits:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn content(&self, canary: &Value) -> String {
        self.fleet.run(&["canary", "download", canary["id"].as_str().unwrap(), "-o", "-"])
    }
}

#[test]
fn canaries_fire_with_curl_git_and_dig_and_noise_is_told_apart() {
    if !have("curl", "curl") || !have("git", "git") || !have("dig", "dnsutils") {
        return;
    }
    let lures = Lures::deploy(192, "deny", "ssh");
    let bug = lures.create("web-bug", &["--memo", "in a mail"]);
    lures.listening();
    let url = bug["lead"].as_str().unwrap();
    let seen = printed(&client("curl", &["-si", "-A", "Slackbot-LinkExpanding 1.0", url]));
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\nServer: nginx\r\n"), "{seen}");
    assert_eq!(lures.hit(&bug, "http", true)["noise"], "previewer");
    client("curl", &["-s", "-A", "Mozilla/5.0 (a thief)", url]);
    let hit = lures.hit(&bug, "http", false);
    assert_eq!((&hit["client"], &hit["src_ip"]), (&"Mozilla/5.0 (a thief)".into(), &"127.0.0.1".into()));
    let known = printed(&client("curl", &["-si", &format!("http://127.0.0.1:{}/robots.txt", lures.http)]));
    assert!(known.contains("404 Not Found") && known.contains("<center>nginx</center>"), "{known}");

    let name = lures.create("dns", &[]);
    let lead = name["lead"].as_str().unwrap();
    let port = lures.dns.to_string();
    let ask = |more: &[&str]| {
        let mut arguments = vec!["@127.0.0.1", "-p", &port, "+tries=1", "+time=5"];
        arguments.extend(more);
        printed(&client("dig", &arguments))
    };
    lures.known(&name, || drop(ask(&[lead, "A"])));
    for question in [[lead, "A"], [lead, "A"], [lead, "TXT"]] {
        assert!(ask(&question).contains("status: NOERROR"), "{question:?}");
    }
    assert!(ask(&["+tcp", "+short", &lead.to_uppercase(), "A"]).contains("127.0.0.1"));
    assert!(ask(&["z.example.net", "SOA", "+short"]).contains("ns1.z.example.net."));
    assert!(ask(&["www.example.org", "A"]).contains("status: REFUSED"));
    assert_eq!(lures.hit(&name, "dns", false)["target"].as_str().unwrap().to_lowercase(), lead);

    let repository = lures.create("git", &[]);
    let text = lures.content(&repository);
    let remote = text.lines().find_map(|line| line.trim().strip_prefix("url = ")).unwrap();
    lures.known(&repository, || drop(client("git", &["-c", "core.askPass=true", "ls-remote", remote])));
    let hit = lures.hit(&repository, "http", false);
    assert!(hit["client"].as_str().unwrap().starts_with("git/"), "{hit}");

    let tested: Value =
        serde_json::from_str(&lures.fleet.run(&["canary", "test", name["id"].as_str().unwrap(), "--json"]))
            .unwrap();
    assert_eq!(tested["noise"], "test");
    let incidents = lures.fleet.run(&["incidents", "--json"]);
    assert!(incidents.contains("set off a canary"), "{incidents}");
    lures.fleet.run(&["canary", "revoke", bug["id"].as_str().unwrap()]);
    assert!(!lures.fleet.command(&["canary", "revoke", bug["id"].as_str().unwrap()]).status.success());
}

#[test]
fn what_is_taken_from_one_decky_and_used_at_another_is_one_incident() {
    if !have("sshpass", "sshpass") || !have("curl", "curl") {
        return;
    }
    let lures = Lures::deploy(193, "accept-after=1", "ssh,smtp");
    let fleet = &lures.fleet;
    let deckies: Value = serde_json::from_str(&fleet.run(&["persona", "list", "--json"])).unwrap();
    let first = deckies.as_array().unwrap().iter().find(|one| one["ip"] == fleet.ip(0).as_str()).unwrap();
    let decky = first["node"].as_str().unwrap().to_owned();
    let note = lures.create("password", &["--memo", "of the backup"]);
    let id = note["id"].as_str().unwrap();
    fleet.run(&["canary", "plant", id, &decky, "/root/passwords.txt"]);
    let wrong = fleet.command(&["canary", "plant", id, &decky, "../etc/passwd"]);
    assert!(!wrong.status.success() && printed(&wrong).contains("absolute path"), "{}", printed(&wrong));
    let deadline = Instant::now() + PATIENCE;
    let text = loop {
        let text = ssh(fleet, "root", "cat /root/passwords.txt");
        if text.contains("pass: ") {
            break text;
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(300));
    };
    assert_eq!(text.replace('\r', ""), lures.content(&note));
    let listed = ssh(fleet, "root", "ls -l /root/passwords.txt");
    assert!(listed.contains("-rw------- 1 root root"), "{listed}");
    assert_eq!(lures.hit(&note, "read", false)["decky"], decky.as_str());
    let password =
        text.lines().find_map(|line| line.trim().strip_prefix("pass: ")).unwrap().trim().to_owned();
    let target = format!("svc-backup@{}", fleet.ip(1));
    let mut login = vec!["-p", &password, "ssh", "-p", "10022"];
    login.extend(OPTIONS);
    login.extend([target.as_str(), "true"]);
    client("sshpass", &login);
    assert_eq!(lures.hit(&note, "secret", false)["service"], "ssh");
    let credentials: Value = serde_json::from_str(&fleet.run(&["creds", "list", "--json"])).unwrap();
    let planted =
        credentials.as_array().unwrap().iter().find(|one| one["provenance"]["canary"] == id).unwrap();
    assert_eq!(planted["provenance"]["decky"], decky.as_str());
}

#[test]
fn a_key_and_a_mail_address_are_known_at_every_decky() {
    if !have("ssh", "openssh-client") || !have("curl", "curl") {
        return;
    }
    let lures = Lures::deploy(194, "deny", "ssh,smtp");
    let fleet = &lures.fleet;
    let key = lures.create("ssh-key", &[]);
    let path = fleet.state().join("id_stolen");
    std::fs::write(&path, lures.content(&key)).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = path.to_str().unwrap();
    let target = format!("deploy@{}", fleet.ip(1));
    let offer = ["-i", path, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o"];
    let mut offer = offer.to_vec();
    offer.extend(["BatchMode=yes", "-p", "10022", &target, "true"]);
    client("ssh", &offer);
    lures.hit(&key, "key", false);

    let mail = lures.create("email", &["--target", "corp.example"]);
    let address = mail["lead"].as_str().unwrap();
    let server = format!("smtp://{}:10025", fleet.ip(1));
    let message = fleet.state().join("mail");
    std::fs::write(&message, "Subject: hello\r\n\r\nbody\r\n").unwrap();
    let sent = [
        "-s",
        &server,
        "--mail-from",
        "x@example.org",
        "--mail-rcpt",
        address,
        "-T",
        message.to_str().unwrap(),
    ];
    client("curl", &sent);
    lures.hit(&mail, "mail", false);
}
