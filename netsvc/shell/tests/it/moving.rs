//! What moves on a node: it does, it never goes back, and all that shows it agrees.

use crate::{clocked, shell_on};
use netsvc_shell::ShellHost;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A node whose clock the test moves.
struct Node {
    host: ShellHost,
    clock: Arc<AtomicI64>,
}

impl Node {
    fn new(id: &str) -> Node {
        let (host, clock) = clocked(id);
        Node { host, clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Output of a line in a session of its own.
    fn run(&self, line: &str) -> String {
        let outcome = shell_on(&self.host, "root", false).exec(line, Some(b""));
        outcome.chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).map(char::from).collect()
    }
}

/// The numbers of a text; minutes and seconds are one.
fn numbers(text: &str) -> Vec<f64> {
    text.replace(':', ".")
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[test]
fn counters_only_grow_and_do_so_in_every_session() {
    for id in ["debian12", "rocky9", "router"] {
        for line in [
            "head -1 /proc/stat",
            "grep ctxt /proc/stat",
            "grep processes /proc/stat",
            "cat /proc/uptime",
            "tail -1 /proc/net/dev",
            "grep lo: /proc/net/dev",
            "cat /proc/diskstats",
            "ip -s link",
            "ifconfig",
            "grep LOC: /proc/interrupts",
            "ps -o time= -p 1; cat /proc/1/stat",
        ] {
            let node = Node::new(id);
            let mut before = numbers(&node.run(line));
            let first = before.clone();
            for _ in 0..12 {
                node.pass(95);
                let now = numbers(&node.run(line));
                assert_eq!(now.len(), before.len(), "{id} {line}");
                let back = before.iter().zip(&now).find(|(before, now)| now < before);
                assert!(back.is_none(), "{id} {line}: {back:?}");
                before = now;
            }
            assert!(line.starts_with("ps") || before != first, "{id} {line}: {first:?}");
        }
    }
}

#[test]
fn what_comes_and_goes_is_not_the_same_twice() {
    for id in ["debian12", "router"] {
        for line in ["free", "cat /proc/meminfo", "cat /proc/loadavg", "top -bn1", "uptime"] {
            let node = Node::new(id);
            let first = node.run(line);
            node.pass(300);
            assert_ne!(node.run(line), first, "{id} {line}");
        }
    }
}

#[test]
fn programs_agree_with_the_files_that_they_read() {
    let node = Node::new("debian12");
    for (one, other) in [
        (
            "ifconfig ens18 | grep -o 'RX.*bytes [0-9]*' | grep -o '[0-9]*$'",
            "awk '/ens18/ {print $2}' /proc/net/dev",
        ),
        ("ip -s link show ens18 | awk 'NR==4 {print $1}'", "awk '/ens18/ {print $2}' /proc/net/dev"),
        (
            "ifconfig lo | grep -o 'TX packets [0-9]*' | grep -o '[0-9]*$'",
            "awk '/lo:/ {print $3}' /proc/net/dev",
        ),
        ("free -k | awk '/Mem/ {print $4}'", "awk '/MemFree/ {print $2}' /proc/meminfo"),
        ("vmstat | awk 'NR==3 {print $4}'", "awk '/MemFree/ {print $2}' /proc/meminfo"),
        ("uptime | grep -o 'average: [0-9.]*' | cut -d' ' -f2", "cut -d' ' -f1 /proc/loadavg"),
        ("date -d @$(awk '/btime/ {print $2}' /proc/stat) '+%F %T'", "uptime -s"),
        ("ps -o etimes= -p 1 | tr -d ' '", "cut -d. -f1 /proc/uptime"),
    ] {
        let (one_says, other_says) = (node.run(one), node.run(other));
        assert!(!one_says.trim().is_empty(), "{one}");
        assert_eq!(one_says, other_says, "{one}\n{other}");
    }
}

#[test]
fn processes_use_less_than_the_processors_were_busy() {
    for id in ["debian12", "rocky9"] {
        let node = Node::new(id);
        let busy: f64 = numbers(&node.run("head -1 /proc/stat")).iter().take(3).sum();
        let stats = node.run("cat /proc/[0-9]*/stat | awk '{s += $14 + $15} END {print s}'");
        let used: f64 = stats.trim().parse().unwrap_or(0.0);
        assert!(used > 0.0 && used < busy, "{id}: {used} of {busy}");
    }
}
