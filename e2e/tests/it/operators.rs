//! What operators are told and shown: mail, and the dashboard in front of the interface.

use crate::fleet::{Fleet, have, printed, program};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "s3cr3t of the mail server";

/// A child that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
}

/// An authority and a certificate of it for 127.0.0.1.
fn certificates(folder: &Path) {
    openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ours");
    openssl(folder, "req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=mail.test");
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        folder,
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out certificate.pem",
    );
}

/// A mail server; its ports (TLS, STARTTLS), and its letters as they come.
fn mail_server(folder: &Path) -> (Ends, Vec<u64>, mpsc::Receiver<Value>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail_sink.py");
    let mut child = Command::new("python3")
        .args([script, "certificate.pem", "key.pem", "alerts@example.com", PASSWORD])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ports: Vec<u64> = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let (sender, letters) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap());
        }
    });
    (Ends(child), ports, letters)
}

/// Runs the operator's program with something to read.
fn told(fleet: &Fleet, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program("decnet"))
        .arg("--state-dir")
        .arg(fleet.state())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text_of(letter: &Value) -> (String, String) {
    let letter = letter["letter"].as_str().unwrap();
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    let mut child = Command::new("base64")
        .args(["-d", "-i"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    (head.to_owned(), String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

#[test]
fn incidents_are_mailed_over_tls_with_a_password_that_nobody_sees() {
    if !have("python3", "python3") || !have("openssl", "openssl") || !have("redis-cli", "redis-tools") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let (_server, ports, letters) = mail_server(folder.path());
    let target = |scheme: &str, port: u64| {
        format!(
            "{scheme}://alerts%40example.com@127.0.0.1:{port}/soc@example.com,ciso@example.com?from=ids@example.com"
        )
    };
    let configured = target("smtps", ports[0]);
    let fleet = Fleet::deploy_with(
        45,
        "deny",
        1,
        &[
            ("DECNET_ALERT_TARGET", &configured),
            ("DECNET_ALERT_SECRET", PASSWORD),
            ("DECNET_ALERT_SEVERITY", "low"),
        ],
    );
    let refused = fleet.command(&["alerts", "test", "configured"]);
    assert!(!refused.status.success(), "nobody has said that this authority is ours");
    std::fs::copy(folder.path().join("ca.pem"), fleet.state().join("alert-ca.pem")).unwrap();
    let taken = fleet.run(&["alerts", "test", "configured"]);
    assert!(taken.contains("SMTP 250: 2.0.0 taken as 42"), "{taken}");
    let letter = letters.recv_timeout(PATIENCE).unwrap();
    assert_eq!(letter["to"], serde_json::json!(["TO:<soc@example.com>", "TO:<ciso@example.com>"]));
    let (head, text) = text_of(&letter);
    assert!(
        head.contains("From: DECNET <ids@example.com>") && head.contains("Auto-Submitted: auto-generated"),
        "{head}"
    );
    assert!(text.contains("test of the alert rule configured"), "{text}");

    let set = ["alerts", "set", "upgraded", "--severity", "critical", "--secret-stdin", "--target"];
    let upgraded = target("smtp+starttls", ports[1]);
    let set: Vec<&str> = set.into_iter().chain([upgraded.as_str()]).collect();
    let shown = told(&fleet, &set, PASSWORD);
    assert!(shown.status.success() && !printed(&shown).contains("alerts%40"), "{}", printed(&shown));
    assert!(fleet.run(&["alerts", "test", "upgraded"]).contains("SMTP 250"));
    letters.recv_timeout(PATIENCE).unwrap();
    assert!(told(&fleet, &set, "wrong").status.success());
    let wrong = fleet.command(&["alerts", "test", "upgraded"]);
    let said = printed(&wrong);
    assert!(
        !wrong.status.success() && said.contains("535") && said.contains("who are you\\x1b[31m"),
        "{said}"
    );

    let (head, text) = mailed_after_an_attack(&fleet, &letters);
    assert!(!head.to_lowercase().contains("\nbcc:") && head.contains("References: <incident."), "{head}");
    assert!(text.starts_with("127.") && text.contains("Severity: "), "{text}");
    let messages = std::fs::read_to_string(fleet.state().join("run/decnet.log")).unwrap();
    assert!(!messages.contains(PASSWORD));
    assert!(!fleet.run(&["alerts", "rules", "--json"]).contains("alerts%40"));
    assert!(!fleet.run(&["alerts", "deliveries", "--json"]).contains(PASSWORD));
}

/// Attacks with what would be a header, and reads the letter about it.
fn mailed_after_an_attack(fleet: &Fleet, letters: &mpsc::Receiver<Value>) -> (String, String) {
    let hostile = "FLUSHALL\r\nBcc: everybody@example.com\r\n\u{202e}<b>";
    let mut socket = TcpStream::connect((fleet.ip(0), 16379)).unwrap();
    socket.write_all(format!("*2\r\n$3\r\nGET\r\n${}\r\n{hostile}\r\n", hostile.len()).as_bytes()).unwrap();
    socket.read_exact(&mut [0; 1]).unwrap();
    drop(socket);
    loop {
        let (head, text) = text_of(&letters.recv_timeout(PATIENCE).unwrap());
        if text.contains("redis") {
            return (head, text);
        }
    }
}

/// Reads until `wanted` has come.
fn until(socket: &mut TcpStream, wanted: &str) -> String {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !text.contains(wanted) {
        let count = socket.read(&mut piece).unwrap();
        assert_ne!(count, 0, "it ended: {text}");
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    text
}

fn connected(port: u16) -> TcpStream {
    for _ in 0..200 {
        if let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) {
            return socket;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody listens on {port}");
}

fn ask(port: u16, path: &str, more: &str) -> String {
    let mut socket = connected(port);
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_dashboard_stands_alone_in_front_of_an_interface_and_events_pass_at_once() {
    let fleet = Fleet::deploy_with(46, "deny", 1, &[]);
    let token: Value = serde_json::from_str(&fleet.run(&["token", "create", "e2e", "--json"])).unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", token["token"].as_str().unwrap());
    let elsewhere = tempfile::tempdir_in("/var/tmp").unwrap();
    // The worker runs as another user and must be able to reach its folder.
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(elsewhere.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let port = crate::free_ports(1)[0];
    let _web = Ends(
        Command::new(program("decnet"))
            .arg("--state-dir")
            .arg(elsewhere.path())
            .args(["web", "--web-port", &port.to_string(), "--api-port", &fleet.port().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let page = ask(port, "/attackers", "");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("<!doctype html>"), "{page}");
    assert!(!elsewhere.path().join("decnet.db").exists(), "no installation is made there");
    assert!(ask(port, "/api/v1/stats", "").starts_with("HTTP/1.1 401 "));
    assert!(ask(port, "/api/v1/stats", &bearer).starts_with("HTTP/1.1 200 "));
    let mut stream = connected(port);
    let head = format!("GET /api/v1/stream?service=redis HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    until(&mut stream, "text/event-stream");
    let mut touch = TcpStream::connect((fleet.ip(0), 16379)).unwrap();
    touch.write_all(b"PING\r\n").unwrap();
    until(&mut stream, "event: event");
}

#[test]
fn run_has_the_interface_and_the_dashboard() {
    let web = crate::free_ports(1)[0];
    let fleet = Fleet::deploy_with(47, "deny", 1, &[("DECNET_WEB_PORT", &web.to_string())]);
    for port in [web, fleet.port()] {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !ask(port, "/api/v1/health", "").contains("\"status\":\"ok\"") {
            assert!(Instant::now() < deadline, "{}", ask(port, "/api/v1/health", ""));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let link: Value = serde_json::from_str(&fleet.run(&["user", "link", "--json"])).unwrap();
    assert!(
        link["link"].as_str().unwrap().starts_with(&format!("http://127.0.0.1:{web}/login#link=")),
        "{link}"
    );
    let status =
        || -> Value { serde_json::from_slice(&fleet.command(&["status", "--json"]).stdout).unwrap() };
    let good = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(200));
        status()["ok"] == true
    });
    assert!(good, "{:#}", status());
}

/// What curl prints of a page, and whether it believed who showed it.
fn curl(arguments: &[&str]) -> Output {
    Command::new("curl").args(["-s", "-i", "--max-time", "20"]).args(arguments).output().unwrap()
}

#[test]
fn over_tls_the_interface_and_the_dashboard_show_a_certificate_that_was_made() {
    if !have("curl", "curl") {
        return;
    }
    let web = crate::free_ports(1)[0];
    let settings = [("DECNET_WEB_PORT", &*web.to_string()), ("DECNET_WEB_TLS", "yes")];
    let fleet = Fleet::deploy_with(48, "deny", 1, &settings);
    let file = fleet.state().join("tls/certificate.pem");
    let file = file.to_str().unwrap();
    for port in [web, fleet.port()] {
        let page = format!("https://127.0.0.1:{port}/api/v1/health");
        let answer =
            curl(&["--retry", "20", "--retry-all-errors", "--retry-delay", "1", "--cacert", file, &page]);
        let answer = printed(&answer);
        // What was tried before stands there too.
        assert!(answer.contains("HTTP/1.1 200 OK") && answer.contains("\"status\":\"ok\""), "{answer}");
        assert!(!curl(&[&page]).status.success(), "the web's authorities do not know it");
        let plain = printed(&curl(&[&format!("http://127.0.0.1:{port}/events")]));
        assert!(
            plain.starts_with("HTTP/1.1 307 ") && plain.contains(&format!("https://127.0.0.1:{port}/events")),
            "{plain}"
        );
        let plain = printed(&curl(&[&page.replace("https", "http")]));
        assert!(plain.starts_with("HTTP/1.1 400 "), "{plain}");
    }
    let link: Value = serde_json::from_str(&fleet.run(&["user", "link", "--json"])).unwrap();
    assert!(
        link["link"].as_str().unwrap().starts_with(&format!("https://127.0.0.1:{web}/login#link=")),
        "{link}"
    );
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(fleet.state().join("tls/key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_certificate_that_is_of_no_use_is_told_at_once() {
    let fleet = Fleet::begin(49, &[("DECNET_WEB_TLS", "yes"), ("DECNET_WEB_CERTIFICATE", "/no/such.pem")]);
    for verb in ["run", "api", "web"] {
        let output = fleet.command(&[verb]);
        assert!(!output.status.success(), "{verb}");
        let told = printed(&output);
        assert!(told.contains("web.certificate: /no/such.pem: there is no such file; "), "{verb}: {told}");
    }
    assert!(!printed(&fleet.command(&["doctor"])).contains("web.tls = yes switches it on"));
}
