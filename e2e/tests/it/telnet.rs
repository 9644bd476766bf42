//! A Telnet client that does as loaders do: it refuses all options, and waits for prompts.

use crate::fleet::Fleet;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A connection.
pub(crate) struct Telnet {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Telnet {
    /// Connects to the first decky.
    pub(crate) fn connect(fleet: &Fleet) -> Self {
        let stream = TcpStream::connect((fleet.ip(0), 10023)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        Telnet { stream, seen: Vec::new() }
    }

    /// Connects and logs in.
    pub(crate) fn login(fleet: &Fleet, user: &str, password: &str) -> Self {
        let mut telnet = Telnet::connect(fleet);
        telnet.wait("login: ");
        telnet.send(user);
        telnet.wait("Password: ");
        telnet.send(password);
        telnet.wait("# ");
        telnet
    }

    /// Sends a line.
    pub(crate) fn send(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// Reads until `text` has come; returns all up to and including it.
    pub(crate) fn wait(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.windows(text.len()).position(|window| window == text.as_bytes()) {
                let rest = self.seen.split_off(at + text.len());
                let seen = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&seen).into_owned();
            }
            let mut piece = [0; 4096];
            let count = self.stream.read(&mut piece).unwrap_or(0);
            assert!(count > 0, "{text:?} did not come after {:?}", String::from_utf8_lossy(&self.seen));
            self.refuse(&piece[..count]);
            self.seen.extend_from_slice(&piece[..count]);
        }
    }

    /// Answers WONT to each DO and DONT to each WILL in `bytes`.
    fn refuse(&mut self, bytes: &[u8]) {
        for window in bytes.windows(3) {
            let answer = match *window {
                [0xff, 0xfd, option] => [0xff, 0xfc, option],
                [0xff, 0xfb, option] => [0xff, 0xfe, option],
                _ => continue,
            };
            self.stream.write_all(&answer).unwrap();
        }
    }

    /// Runs a command and returns what it printed, with the marker that ends it as loaders use it.
    pub(crate) fn run(&mut self, command: &str) -> String {
        self.send(&format!("{command}; /bin/busybox ECCHI"));
        self.wait("ECCHI: applet not found")
    }
}
