//! The real daemon: started in a folder of its own, asked over loopback, ended.

use super::{Answer, Probe, Probes};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Connections at a time.
const AT_ONCE: usize = 16;
/// After this long without a byte an answer is taken to be over.
const SILENCE: Duration = Duration::from_millis(700);
/// A daemon may listen before it has read what it serves.
const READING: Duration = Duration::from_secs(3);
/// How long the daemon may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running daemon.
struct Daemon {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The group is the daemon with its workers: it was made for it.
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
    }
}

/// What the daemon says to every probe; `None` where it is not installed, or another version.
pub(super) fn answers(data: &Probes) -> Option<BTreeMap<String, Vec<Answer>>> {
    let (run, text) = data.version.as_ref()?;
    let output = Command::new("sh").args(["-c", run]).output().ok()?;
    let told = [output.stdout, output.stderr].concat();
    if !String::from_utf8_lossy(&told).contains(text.as_str()) {
        eprintln!("{run} does not say {text}: compared with the recorded answers alone");
        return None;
    }
    let daemon = start(data);
    let next = AtomicUsize::new(0);
    let ask_all = || {
        let mut answers = Vec::new();
        while let Some(probe) = data.probes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let asked =
                if data.datagrams { ask_in_datagrams(daemon.port, probe) } else { ask(daemon.port, probe) };
            answers.push((probe.name.clone(), asked));
        }
        answers
    };
    Some(std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(ask_all)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    }))
}

fn start(data: &Probes) -> Daemon {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let child = Command::new("sh")
        .args(["-e", "-c", &data.commands.join("\n")])
        .env("DIR", folder.path())
        .env("PORT", port.to_string())
        .current_dir(Path::new("/"))
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut daemon = Daemon { child, port, _folder: folder };
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = daemon.child.try_wait().unwrap();
        assert!(ended.is_none() && begun.elapsed() < START, "the daemon does not listen: {ended:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(READING);
    daemon
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn ask(port: u16, probe: &Probe) -> Vec<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let mut answers = Vec::new();
    for step in &probe.steps {
        let _ = stream.write_all(step);
        let answer = listen(&mut stream);
        let closed = answer.1;
        answers.push(answer);
        if closed {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    answers
}

fn ask_in_datagrams(port: u16, probe: &Probe) -> Vec<Answer> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    socket.set_read_timeout(Some(SILENCE * 4)).unwrap();
    let mut answers = Vec::new();
    for step in &probe.steps {
        socket.send(step).unwrap();
        let mut datagram = vec![0; 65_536];
        let count = socket.recv(&mut datagram).unwrap_or_default();
        datagram.truncate(count);
        answers.push((datagram, false));
    }
    answers
}

fn listen(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return (bytes, true),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}
