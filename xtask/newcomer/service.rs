//! A service that is thrown away: it answers each line with its length.

use netsvc_kit::{
    Beyond, Def, Full, Host, Input, Link, Machine, Out, Port, Serve,
    declared::{Daemon, Flood, Products, Step, Talks},
};
use netsvc_persona::service::Look;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// The service.
pub static SERVICE: Def = Def {
    slug: "newcomer",
    about: "lengths of lines",
    ports: &[Port::tcp(7007)],
    settings: &[],
    products: &[Products::on(&["debian12"], &[(1, ("lengthd", "1.0", ""))])],
    daemons: &[Daemon {
        binary: "/usr/sbin/lengthd",
        command: "/usr/sbin/lengthd -f",
        unit: "lengthd",
        about: "Lengths of lines",
        package: ("lengthd", "lengths of lines"),
        ..Daemon::ROOT
    }],
    talks: Talks {
        stream: &[Step::Say(b"{nonce}\n"), Step::line("a length", &[b"16"])],
        visit: &[b"/etc/passwd\n"],
        dialogues: &[b"one\ntwo\n"],
        floods: &[Flood { name: "a line", head: b"", unit: b"A" }],
        client: "nc {ip} {port}",
        ..Talks::NONE
    },
    records: &[Kind::Command],
    limits: &["It counts, and does nothing else."],
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(64, Beyond::Wait),
    serve: Serve::Machine(|_: &Arc<Host>, _: &Link| Box::new(Lengths::default())),
};

/// Longest line.
const LONGEST: usize = 256;

#[derive(Default)]
struct Lengths {
    line: Vec<u8>,
}

/// Whether the service has this fault, which some check must find.
fn has(fault: &str) -> bool {
    std::env::var("NEWCOMER_FAULT").is_ok_and(|asked| asked == fault)
}

impl Machine for Lengths {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(bytes) = input else {
            return if matches!(input, Input::Eof) {
                out.close()
            };
        };
        assert!(!has("panic") || bytes.is_ascii(), "asked to");
        if has("pieces") {
            out.send(format!("{} bytes\n", bytes.len()));
        }
        let longest = if has("grows") { usize::MAX } else { LONGEST };
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() < longest {
                    self.line.push(*byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            out.send(format!("{}\n", line.len()));
            out.record(Kind::Command, vec![(field::COMMAND, line)]);
        }
    }
}
