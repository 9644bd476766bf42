//! Commands that connect, on a node that reaches a network which the test makes up.

use crate::{NOW, host_of, persona, shell_on};
use netsvc_persona::{Attached, Reach as Network};
use netsvc_shell::{
    Shell, ShellHost, Stream, Terminal,
    reach::{Asked, Found, Login, Near, NoWay, Reach, Received, Tried, Wire},
};
use parking_lot::Mutex;
use std::{collections::VecDeque, net::Ipv4Addr, sync::Arc, time::Duration};

const DATABASE: Ipv4Addr = Ipv4Addr::new(10, 1, 9, 7);

/// A connection whose other end says something, and closes or stays.
#[derive(Default)]
struct Said {
    pieces: VecDeque<Vec<u8>>,
    stays: bool,
    raw: bool,
    status: Option<i32>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Wire for Said {
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.sent.lock().extend_from_slice(bytes);
        // Whoever hears `exit` goes.
        self.stays &= !self.sent.lock().ends_with(b"exit\r");
        true
    }

    fn end(&mut self) {}

    fn receive(&mut self, _wait: Duration) -> Received {
        match self.pieces.pop_front() {
            Some(piece) => Received::Bytes(piece),
            None if self.stays => Received::Nothing,
            None => Received::Closed,
        }
    }

    fn is_raw(&self) -> bool {
        self.raw
    }

    fn status(&self) -> Option<i32> {
        self.status
    }
}

/// One host behind: `db01`, with a secure shell and a web server.
#[derive(Default)]
struct Behind {
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Reach for Behind {
    fn find(&self, target: &str) -> Option<Found> {
        let address = if target == "db01" { DATABASE } else { target.parse().ok()? };
        let [first, second, third, fourth] = address.octets();
        if [first, second, third] != [10, 1, 9] {
            return None;
        }
        Some(Found { address, hops: 0, ttl: (fourth == 7).then_some(128) })
    }

    fn near(&self) -> Vec<Near> {
        vec![Near { address: DATABASE, name: "db01".to_owned(), mac: "bc:24:11:00:00:07".to_owned() }]
    }

    fn connect(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        if self.find(target).is_none_or(|found| found.ttl.is_none()) {
            return Err(NoWay::Nobody);
        }
        let (said, stays): (&[&str], bool) = match port {
            22 => (&["SSH-2.0-", "x\r\n"], true),
            80 => (&["HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Le", "ngth: 5\r\n\r\nnope\n"], true),
            8080 => {
                (&["HTTP/1.1 302 Found\r\nLocation: http://db01:8081/in\r\nContent-Length: 0\r\n\r\n"], true)
            }
            8081 => (&["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n"], true),
            8082 => (&["HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"], true),
            _ => return Err(NoWay::Refused),
        };
        let pieces = said.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        Ok(Box::new(Said { pieces, stays, sent: Arc::clone(&self.sent), ..Said::default() }))
    }

    fn log_in(&self, target: &str, port: u16, _user: &[u8]) -> Result<Box<dyn Login>, Option<NoWay>> {
        self.connect(target, port)?;
        Ok(Box::new(Entering(Arc::clone(&self.sent))))
    }
}

struct Entering(Arc<Mutex<Vec<u8>>>);

impl Login for Entering {
    fn host_key(&self) -> (String, Vec<u8>) {
        ("ssh-ed25519".to_owned(), b"key".to_vec())
    }

    fn password(&mut self, password: &[u8]) -> Tried {
        if password == b"right" { Tried::In } else { Tried::Again }
    }

    fn open(self: Box<Self>, command: Option<&[u8]>, terminal: Option<Asked>) -> Option<Box<dyn Wire>> {
        let said = command.map_or_else(|| b"# ".to_vec(), |command| [b"ran ", command, b"\n"].concat());
        let (raw, sent) = (terminal.is_some(), self.0);
        let pieces = VecDeque::from([said]);
        Some(Box::new(Said { pieces, stays: raw, raw, status: Some(3), sent }))
    }
}

fn node(system: &str) -> ShellHost {
    let mut persona = persona(system);
    persona.place.reach = vec![Network {
        network: Ipv4Addr::new(10, 1, 9, 0),
        prefix: 24,
        from: Ipv4Addr::new(10, 1, 9, 1),
        ports: Vec::new(),
        hops: 0,
    }];
    host_of(persona)
}

fn shell(system: &str, terminal: bool) -> (Shell, Arc<Mutex<Vec<u8>>>) {
    let behind = Behind::default();
    let sent = Arc::clone(&behind.sent);
    let mut shell = shell_on(&node(system), "root", terminal);
    shell.set_reach(Arc::new(behind));
    (shell, sent)
}

/// All output of a line, errors in their place.
fn said(system: &str, line: &str) -> String {
    let (mut shell, _) = shell(system, false);
    let outcome = shell.exec(line, Some(b""));
    outcome.chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).map(char::from).collect()
}

#[test]
fn a_session_from_a_further_network_ends_at_the_address_there() {
    let mut persona = persona("debian12");
    persona.place.addresses = vec![Attached { ip: Ipv4Addr::new(10, 1, 2, 9), prefix: 24 }];
    persona.ip = Ipv4Addr::new(172, 16, 1, 2).into();
    let mut shell = shell_on(&host_of(persona), "root", false);
    let out = shell.exec("echo $SSH_CONNECTION; ss -tn | grep -c 10.1.2.9:22", Some(b"")).bytes(Stream::Out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("10.1.2.77 ") && out.contains(" 10.1.2.9 22\n1\n"), "{out}");
}

#[test]
fn ports_of_reached_hosts_are_open_or_closed_as_they_are() {
    for (system, line, wanted) in [
        (
            "debian12",
            "nc -zv db01 21-22; echo $?",
            "nc: connect to db01 (10.1.9.7) port 21 (tcp) failed: Connection refused\n\
             Connection to db01 (10.1.9.7) 22 port [tcp/ssh] succeeded!\n0\n",
        ),
        ("debian12", "nc -znv 10.1.9.7 22", "Connection to 10.1.9.7 22 port [tcp/*] succeeded!\n"),
        (
            "debian12",
            "nc -zvw 1 10.1.9.8 22; echo $?",
            "nc: connect to 10.1.9.8 port 22 (tcp) timed out: Operation now in progress\n1\n",
        ),
        ("debian12", "nc -w 1 10.1.9.7 22 </dev/null", "SSH-2.0-x\r\n"),
        ("rocky9", "nc -z 10.1.9.7 23; echo $?", "Ncat: Connection refused.\n1\n"),
        (
            "router",
            "nc 10.1.9.7 23 </dev/null; echo $?",
            "nc: can't connect to remote host (10.1.9.7): Connection refused\n1\n",
        ),
        ("debian12", "exec 3<>/dev/tcp/10.1.9.7/22; head -n 1 <&3", "SSH-2.0-x\r\n"),
        ("debian12", "(: >/dev/tcp/10.1.9.7/22) 2>/dev/null && echo open", "open\n"),
        ("debian12", "(: >/dev/tcp/10.1.9.7/23) 2>/dev/null || echo closed", "closed\n"),
        // Elsewhere it is a host without a way out.
        ("debian12", "nc -z 203.0.113.9 22; echo $?", "1\n"),
    ] {
        assert_eq!(said(system, line), wanted, "{system}: {line}");
    }
}

#[test]
fn who_is_there_answers_pings() {
    let text = said("debian12", "ping -c 1 db01");
    assert!(text.contains("64 bytes from db01 (10.1.9.7): icmp_seq=1 ttl=128 time="), "{text}");
    let text = said("debian12", "ping -c 2 10.1.9.8; echo $?");
    assert!(text.contains("From 10.1.9.1 icmp_seq=2 Destination Host Unreachable\n"), "{text}");
    assert!(text.contains("2 packets transmitted, 0 received, +2 errors, 100% packet loss"), "{text}");
    assert!(text.ends_with("1\n"), "{text}");
    let text = said("router", "ping -c 1 10.1.9.7");
    assert!(text.contains("1 packets transmitted, 1 packets received, 0% packet loss\n"), "{text}");
}

#[test]
fn names_and_neighbours_agree_with_who_is_there() {
    for (line, wanted) in [
        (
            "getent hosts db01 10.1.9.7 none; echo $?",
            "10.1.9.7        db01.corp.example db01\n10.1.9.7        db01.corp.example db01\n2\n",
        ),
        ("grep db01 /etc/hosts", "10.1.9.7\tdb01.corp.example\tdb01\n"),
        ("arp -a | grep db01", ""),
        ("nc -z db01 22; arp -a | grep db01", "db01 (10.1.9.7) at bc:24:11:00:00:07 [ether] on ens18\n"),
        (
            "ping -c 1 db01 >/dev/null; ip neigh | grep -F 10.1.9.7",
            "10.1.9.7 dev ens18 lladdr bc:24:11:00:00:07 REACHABLE \n",
        ),
    ] {
        assert_eq!(said("debian12", line), wanted, "{line}");
    }
}

#[test]
fn pages_are_those_of_the_host() {
    let head = "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 5\r\n\r\n";
    for (line, wanted) in [
        ("curl -s http://db01/x", "nope\n".to_owned()),
        ("curl -sI db01", head.to_owned()),
        ("curl -si db01", format!("{head}nope\n")),
        ("curl -s -o /dev/null -w '%{http_code}\\n' http://10.1.9.7/", "404\n".to_owned()),
        (
            "curl -sSf http://db01/; echo $?",
            "curl: (22) The requested URL returned error: 404\n22\n".to_owned(),
        ),
        (
            "curl -sS http://10.1.9.7:81/; echo $?",
            "curl: (7) Failed to connect to 10.1.9.7 port 81 after 0 ms: Couldn't connect to server\n7\n"
                .to_owned(),
        ),
        (
            "curl -s -o /dev/null -w '%{http_code} %{none} %{remote_ip}:%{remote_port}\\n' db01",
            "404 %{none} 10.1.9.7:80\n".to_owned(),
        ),
        ("wget -qO- http://db01/; echo $?", "8\n".to_owned()),
        ("wget -qO- http://db01:8080/; curl -sL db01:8080", "hi\nhi\n".to_owned()),
        ("wget -q http://db01:8080/; cat index.html", "hi\n".to_owned()),
        ("wget -qO- http://db01:8082/; echo $?", "8\n".to_owned()),
    ] {
        assert_eq!(said("debian12", line), wanted, "{line}");
    }
    let (mut shell, sent) = shell("debian12", false);
    shell.exec("curl -s -u a:b -H 'X-One: 1' -d p=q http://db01/in", Some(b""));
    let asked = String::from_utf8_lossy(&sent.lock()).into_owned();
    assert_eq!(
        asked,
        "POST /in HTTP/1.1\r\nHost: db01\r\nAuthorization: Basic YTpi\r\nUser-Agent: curl/7.88.1\r\n\
         Accept: */*\r\nX-One: 1\r\nContent-Length: 3\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\np=q"
    );
}

#[test]
fn a_login_without_a_terminal_needs_a_password_that_is_given() {
    let added = "Warning: Permanently added 'db01' (ED25519) to the list of known hosts.\n";
    let lax = "ssh -o StrictHostKeyChecking=no root@db01";
    for (line, wanted) in [
        ("ssh root@db01 id; echo $?".to_owned(), "Host key verification failed.\n255\n".to_owned()),
        (format!("sshpass -p right {lax} id; echo $?"), format!("{added}ran id\n3\n")),
        (format!("SSHPASS=right sshpass -e {lax} id -u"), format!("{added}ran id -u\n")),
        (
            format!("sshpass -p wrong {lax} id; echo $?"),
            format!("{added}root@db01: Permission denied (publickey,password).\n5\n"),
        ),
        (
            "ssh -p 23 root@db01; echo $?".to_owned(),
            "ssh: connect to host db01 port 23: Connection refused\n255\n".to_owned(),
        ),
    ] {
        assert_eq!(said("debian12", &line), wanted, "{line}");
    }
}

#[test]
fn what_has_the_session_for_itself_is_carried_by_whoever_runs_it() {
    let (mut shell, _) = shell("debian12", false);
    shell.set_carries();
    let outcome = shell.exec("nc -v db01 22; echo \"is $?\"", None);
    assert!(outcome.waits.is_some());
    let shown = |outcome: &netsvc_shell::Outcome| {
        outcome.chunks.iter().flat_map(|chunk| chunk.bytes.clone()).map(char::from).collect::<String>()
    };
    assert_eq!(shown(&outcome), "Connection to db01 (10.1.9.7) 22 port [tcp/ssh] succeeded!\n");
    let mut wire = shell.take_carried().unwrap_or_else(|| panic!("nothing is carried"));
    assert_eq!(wire.receive(Duration::ZERO), Received::Bytes(b"SSH-2.0-".to_vec()));
    let outcome = shell.end_relay(4);
    assert_eq!((shown(&outcome).as_str(), outcome.waits), ("is 4\n", None));
    // A pipe, and a loop that reads, have what they need in the shell.
    let outcome = shell.exec("nc db01 22 </dev/null | head -c 4", None);
    assert_eq!((shown(&outcome).as_str(), outcome.waits), ("SSH-", None));
}

#[test]
fn a_terminal_is_handed_over_and_comes_back() {
    let (shell, sent) = shell("debian12", true);
    let mut terminal = Terminal::new(shell);
    terminal.start(NOW);
    let mut now = NOW;
    let mut type_in = |keys: &str| {
        // Enough for every pause of what is typed.
        now += 5_000_000;
        let mut shown = terminal.input(keys.as_bytes(), now).bytes;
        for _ in 0..3 {
            now += 5_000_000;
            shown.extend(terminal.poll(now).bytes);
        }
        shown.into_iter().map(char::from).collect::<String>()
    };
    let shown = type_in("ssh root@db01; echo \"is $?\"\r");
    assert!(
        shown.contains("The authenticity of host 'db01 (10.1.9.7)' can't be established.\r\n"),
        "{shown}"
    );
    assert!(shown.ends_with("(yes/no/[fingerprint])? "), "{shown}");
    let shown = type_in("yes\r");
    assert!(shown.contains("Permanently added") && shown.ends_with("root@db01's password: "), "{shown}");
    let shown = type_in("wrong\r");
    assert!(shown.ends_with("\r\nPermission denied, please try again.\r\nroot@db01's password: "), "{shown}");
    let shown = type_in("right\r");
    assert!(shown.ends_with("# ") && !shown.contains("right"), "{shown}");
    assert_eq!(type_in("id\r"), "", "the other end shows what is typed");
    assert_eq!(*sent.lock(), b"id\r");
    let shown = type_in("exit\r");
    assert!(shown.contains("Connection to db01 closed.\r\nis 3\r\n"), "{shown}");
    // Two logins of one line: each is asked for and done once.
    let shown = type_in("for i in a b; do ssh root@db01; echo \"$i $?\"; done\r");
    assert!(shown.ends_with("root@db01's password: "), "{shown}");
    assert!(type_in("right\r").ends_with("# "));
    let shown = type_in("exit\r");
    assert!(shown.contains("a 3\r\n") && shown.ends_with("root@db01's password: "), "{shown}");
    assert!(type_in("right\r").ends_with("# "));
    let shown = type_in("exit\r");
    assert!(shown.contains("b 3\r\n") && !shown.contains("a 3"), "{shown}");
    let shown = type_in("nc db01 22\r");
    assert!(shown.contains("SSH-2.0-x\r\r\n"), "{shown}");
    assert_eq!(type_in("ab\x7fc\r"), "ab\x08 \x08c\r\n");
    assert!(sent.lock().ends_with(b"ac\n"));
    let shown = type_in("\x03");
    assert!(shown.starts_with("^C\r\n"), "{shown}");
    let shown = type_in("echo \"is $?\"\r");
    assert!(shown.contains("is 130\r\n"), "{shown}");
}

#[test]
fn a_loop_over_hosts_enters_each_of_them_once() {
    let (shell, _) = shell("debian12", true);
    let mut terminal = Terminal::new(shell);
    terminal.start(NOW);
    let line = "for h in db01 10.1.9.7; do echo to $h; sshpass -p right ssh -o StrictHostKeyChecking=no \
                root@$h id; done; echo \"is $?\"\r";
    let mut shown = terminal.input(line.as_bytes(), NOW + 5_000_000).bytes;
    for turn in 2..9 {
        shown.extend(terminal.poll(NOW + turn * 5_000_000).bytes);
    }
    let shown: String = shown.into_iter().map(char::from).collect();
    for (wanted, times) in [("ran id\r\n", 2), ("to db01\r\n", 1), ("to 10.1.9.7\r\n", 1), ("is 3\r\n", 1)] {
        assert_eq!(shown.matches(wanted).count(), times, "{wanted:?} in {shown}");
    }
}

#[test]
fn what_is_interrupted_before_it_has_the_terminal_never_gets_it() {
    let (shell, sent) = shell("debian12", true);
    let mut terminal = Terminal::new(shell);
    terminal.start(NOW);
    terminal.input(b"sleep 9; nc db01 22\r", NOW + 1_000_000);
    terminal.input(b"\x03", NOW + 2_000_000);
    let shown = terminal.input(b"echo back\r", NOW + 3_000_000).bytes;
    let shown: String = shown.into_iter().map(char::from).collect();
    // Once as it is typed, and once as it is said.
    assert!(shown.matches("back\r\n").count() == 2 && !shown.contains("SSH-2.0"), "{shown}");
    assert!(sent.lock().is_empty());
}

#[test]
fn what_is_named_again_and_again_takes_no_more_room() {
    let long = "x".repeat(60_000);
    let ports = vec!["1-65535"; 3_000].join(" ");
    let parts = vec!["-d @/tmp/big"; 2_000].join(" ");
    let asked = "%{url_effective}".repeat(2_000);
    for line in [
        format!("nc -z db01 {ports}"),
        format!("yes | head -c 4000000 > /tmp/big; curl -s {parts} http://db01/ -o /dev/null"),
        format!("curl -s -o /dev/null -w '{asked}' http://db01/{long}"),
    ] {
        let (mut shell, sent) = shell("debian12", false);
        let written =
            shell.exec(&line, Some(b"")).chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>();
        assert!(written < 2 << 20 && sent.lock().len() < 2 << 20, "{written}");
    }
}

#[test]
fn time_that_has_passed_before_the_terminal_was_handed_over_does_not_pass_again() {
    let (shell, _) = shell("debian12", true);
    let mut terminal = Terminal::new(shell);
    terminal.start(NOW);
    let line = b"for h in 10.1.9.8 db01; do nc -w 3 $h 22; done; echo en''d\r";
    let text = |output: netsvc_shell::TerminalOutput| -> String {
        output.bytes.into_iter().map(char::from).collect()
    };
    let shown = text(terminal.input(line, NOW + 1_000_000));
    assert!(!shown.contains("SSH-2.0"), "nobody answers at the first host for three seconds: {shown}");
    let shown = text(terminal.poll(NOW + 10_000_000));
    assert!(shown.contains("SSH-2.0-x"), "{shown}");
    let shown = text(terminal.input(b"\x03", NOW + 20_000_000));
    assert!(shown.contains("^C\r\n") && shown.contains("end\r\n"), "{shown}");
}

#[test]
fn telnet_is_left_by_its_escape_character() {
    let (shell, sent) = shell("debian12", true);
    let mut terminal = Terminal::new(shell);
    terminal.start(NOW);
    let mut now = NOW;
    let mut type_in = |keys: &str| {
        now += 5_000_000;
        let mut shown = terminal.input(keys.as_bytes(), now).bytes;
        now += 5_000_000;
        shown.extend(terminal.poll(now).bytes);
        shown.into_iter().map(char::from).collect::<String>()
    };
    let shown = type_in("telnet db01 22\r");
    assert!(shown.contains("Escape character is '^]'.\r\n") && shown.contains("SSH-2.0-x"), "{shown}");
    assert_eq!(type_in("\x1d"), "\r\ntelnet> ");
    assert_eq!(type_in("what\r"), "what\r\n?Invalid command\r\ntelnet> ");
    let shown = type_in("quit\r");
    assert!(shown.starts_with("quit\r\nConnection closed.\r\n") && !shown.contains("foreign"), "{shown}");
    assert!(type_in("echo \"is $?\"\r").contains("is 0\r\n"));
    assert!(sent.lock().is_empty());
}
