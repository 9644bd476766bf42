//! The probes of `probes.txt`, sent to ours and to redis-server 7.0.15. What the real one answered stands in
//! `answers.txt` and `answers-password.txt` (`RECORD=1` writes them again); where it is installed, it is asked.

use netsvc_kit::{
    Action, Host, Input, Machine, Out,
    testing::{host, link, persona, stage},
};
use std::{
    fmt::Write as _,
    io::{Read, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// What makes a key space empty for a group. On a busy machine either server is slow now and then: what it was slow at
/// in groups before is no answer of this one.
const EMPTY: &[u8] = b"FLUSHALL\r\nSCRIPT FLUSH\r\nSLOWLOG RESET\r\n";
/// Probes whose answers differ for a reason.
const EXPLAINED: &str = include_str!("explained.txt");

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/redis")
}

/// The bytes of a probe: a line as typed, or `raw:` with escapes.
fn bytes(probe: &str) -> Vec<u8> {
    let Some(raw) = probe.strip_prefix("raw:") else { return format!("{probe}\r\n").into_bytes() };
    let mut out = Vec::new();
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b'x') => {
                let digits: String =
                    [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect();
                out.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn shown(answer: &[u8]) -> String {
    let mut text = String::new();
    for &byte in answer {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => write!(text, "\\x{byte:02x}").unwrap(),
        }
    }
    text
}

/// Something to send probes to; each group has a connection of its own and an empty key space.
trait Target {
    fn begin(&mut self);
    fn ask(&mut self, probe: &[u8]) -> Vec<u8>;
}

struct Ours {
    host: Arc<Host>,
    machine: Option<Box<dyn Machine>>,
    closed: bool,
    password: Option<&'static str>,
}

impl Ours {
    fn open(&self) -> Box<dyn Machine> {
        let open = super::machine();
        open(&self.host, &link(6379))
    }
}

fn step(machine: &mut dyn Machine, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Out::default();
    machine.step(Input::Bytes(bytes), &mut out);
    let (mut sent, mut closed) = (Vec::new(), false);
    for action in out.take() {
        match action {
            Action::Send(bytes) => sent.extend(bytes),
            Action::Close => closed = true,
            _ => {}
        }
    }
    (sent, closed)
}

impl Target for Ours {
    fn begin(&mut self) {
        let mut keeper = self.open();
        if let Some(password) = self.password {
            step(keeper.as_mut(), format!("AUTH {password}\r\n").as_bytes());
        }
        step(keeper.as_mut(), EMPTY);
        self.machine = Some(self.open());
        self.closed = false;
    }

    fn ask(&mut self, probe: &[u8]) -> Vec<u8> {
        if self.closed {
            return b"<closed>".to_vec();
        }
        let machine = self.machine.as_mut().unwrap();
        let (mut sent, closed) = step(machine.as_mut(), probe);
        if closed {
            self.closed = true;
            sent.extend(b"<closed>");
        }
        sent
    }
}

struct Real {
    child: Child,
    port: u16,
    stream: Option<TcpStream>,
    password: Option<&'static str>,
    _folder: tempfile::TempDir,
}

impl Real {
    fn start(password: Option<&'static str>) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let folder = tempfile::tempdir().ok()?;
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--enable-protected-configs",
            "yes",
            "--dir",
        ]);
        command.arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(password) = password {
            command.args(["--requirepass", password]);
        }
        let child = command.spawn().ok()?;
        let mut real = Real { child, port, stream: None, password, _folder: folder };
        for _ in 0..100 {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", real.port)) {
                real.stream = Some(stream);
                let info = if let Some(password) = password {
                    real.ask(format!("AUTH {password}\r\n").as_bytes());
                    real.ask(b"INFO server\r\n")
                } else {
                    real.ask(b"INFO server\r\n")
                };
                return String::from_utf8_lossy(&info).contains("redis_version:7.0.15").then_some(real);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Target for Real {
    fn begin(&mut self) {
        self.stream = TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(password) = self.password {
            self.ask(format!("AUTH {password}\r\n").as_bytes());
        }
        self.ask(EMPTY);
        self.stream = TcpStream::connect(("127.0.0.1", self.port)).ok();
    }

    fn ask(&mut self, probe: &[u8]) -> Vec<u8> {
        let stream = self.stream.as_mut().unwrap();
        stream.set_nodelay(true).unwrap();
        if stream.write_all(probe).is_err() {
            return b"<closed>".to_vec();
        }
        let (mut answer, mut buffer) = (Vec::new(), [0; 65_536]);
        // The first bytes may take a while on a busy machine; what follows them does not.
        stream.set_read_timeout(Some(Duration::from_millis(60))).unwrap();
        loop {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) if answer.is_empty() => {
                    let ended = matches!(stream.peek(&mut buffer), Ok(0));
                    return if ended { b"<closed>".to_vec() } else { Vec::new() };
                }
                Ok(0) => {
                    answer.extend(b"<closed>");
                    return answer;
                }
                Ok(count) => answer.extend(buffer.get(..count).unwrap_or_default()),
                Err(_) => return answer,
            }
            stream.set_read_timeout(Some(Duration::from_millis(8))).unwrap();
        }
    }
}

/// Numbers and names that belong to one run, blanked.
fn masked(answer: &str) -> String {
    let rules = [
        (r"id=\d+ addr=\S+ laddr=\S+ fd=\d+", "id=N"),
        (r"\$\d+\\r\\nid=N", "$N\\r\\nid=N"),
        (r"age=\d+ idle=\d+", "age=N"),
        (r"qbuf=\d+ qbuf-free=\d+ argv-mem=\d+ multi-mem=\d+ rbs=\d+ rbp=\d+", "qbuf=N"),
        (r"tot-mem=\d+", "tot-mem=N"),
        (r"\$2\\r\\nid\\r\\n:\d+", "$2\\r\\nid\\r\\n:N"),
    ];
    rules.iter().fold(answer.to_owned(), |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

fn transcript(target: &mut dyn Target, probes: &str) -> String {
    let mut text = String::new();
    let mut fresh = true;
    for probe in probes.lines() {
        if probe.trim().is_empty() {
            fresh = true;
            text.push('\n');
            continue;
        }
        if std::mem::take(&mut fresh) {
            target.begin();
        }
        writeln!(text, "> {probe}\n  {}", masked(&shown(&target.ask(&bytes(probe))))).unwrap();
    }
    text
}

/// Pairs of probe and answer.
fn pairs(transcript: &str) -> Vec<(&str, &str)> {
    let mut lines = transcript.lines().filter(|line| !line.is_empty());
    let mut pairs = Vec::new();
    while let (Some(probe), Some(answer)) = (lines.next(), lines.next()) {
        pairs.push((probe.trim_start_matches("> "), answer.trim()));
    }
    pairs
}

fn check(name: &str, password: Option<&'static str>) {
    let read = |name: String| std::fs::read_to_string(folder().join(name)).unwrap_or_default();
    let probes = read(format!("probes{name}.txt"));
    let answers = format!("answers{name}.txt");
    let real = Real::start(password).map(|mut real| transcript(&mut real, &probes));
    if std::env::var_os("RECORD").is_some() {
        std::fs::write(folder().join(&answers), real.as_ref().unwrap()).unwrap();
    }
    let recorded = read(answers);
    let explained: Vec<&str> = EXPLAINED.lines().filter(|line| !line.starts_with('#')).collect();
    let differ = |left: &str, right: &str| -> String {
        let mut differences = String::new();
        assert_eq!(pairs(left).len(), pairs(right).len());
        for ((probe, left), (_, right)) in pairs(left).into_iter().zip(pairs(right)) {
            if left != right && !explained.contains(&probe) {
                writeln!(differences, "{probe}\n  {left}\n  {right}").unwrap();
            }
        }
        differences
    };
    let folder = tempfile::tempdir().unwrap();
    let settings: Vec<_> = password.map(|password| ("password", password)).into_iter().collect();
    let host = host(&stage(folder.path()), persona("cache-01"), "redis", &settings);
    let ours = transcript(&mut Ours { host, machine: None, closed: false, password }, &probes);
    let differences = differ(&recorded, &ours);
    let count = differences.lines().count() / 3;
    assert!(count == 0, "{count} answers differ (probe, redis-server, ours):\n{differences}");
    // Where the server is not installed, its recorded answers alone are compared.
    if let Some(real) = real {
        assert_eq!(differ(&recorded, &real), "", "the recorded answers are out of date");
    }
}

#[test]
fn the_answers_are_those_of_the_real_server() {
    check("", None);
}

#[test]
fn the_answers_behind_a_password_are_those_of_the_real_server() {
    check("-password", Some("s3cret"));
}

/// The entries of COMMAND, each as one text, in the order of their names.
fn entries(answer: &[u8]) -> Vec<String> {
    let text = shown(answer);
    let mut entries: Vec<String> = text.split("*10\\r\\n$").map(str::to_owned).collect();
    entries.sort();
    entries
}

#[test]
fn the_command_table_is_that_of_the_real_server() {
    // The table is the recording itself, so there is nothing to compare without the server.
    let Some(mut real) = Real::start(None) else { return };
    let folder = tempfile::tempdir().unwrap();
    let host = host(&stage(folder.path()), persona("cache-01"), "redis", &[]);
    let mut ours = Ours { host, machine: None, closed: false, password: None };
    ours.begin();
    for third in [false, true] {
        if third {
            real.ask(b"HELLO 3\r\n");
            ours.ask(b"HELLO 3\r\n");
        }
        let (left, right) = (real.ask(b"COMMAND\r\n"), ours.ask(b"COMMAND\r\n"));
        assert!(left.starts_with(b"*240\r\n") && right.starts_with(b"*240\r\n"));
        // Commands of a container stand in the order of a hash table, so those are compared by their letters.
        let letters = |answer: &[u8]| {
            let mut bytes = answer.to_vec();
            bytes.sort_unstable();
            bytes
        };
        assert_eq!(letters(&left).len(), letters(&right).len());
        assert!(letters(&left) == letters(&right), "RESP{}", if third { 3 } else { 2 });
        let common = entries(&left).into_iter().filter(|entry| entries(&right).contains(entry)).count();
        assert!(common > 180, "{common} entries are equal");
    }
}
