//! ps, top, kill and their relatives.

use super::{Run, options::options, own, rest};
use crate::{
    interpret::{Shell, Status},
    live::{Live, Process, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("ps", ps),
    ("top", top),
    ("htop", top),
    ("killall", killall),
    ("pkill", killall),
    ("pgrep", pgrep),
    ("pidof", pgrep),
    ("pstree", pstree),
    ("lsof", lsof),
    ("renice", |_, _| Ok(0)),
    ("fuser", |_, _| Ok(1)),
    ("pmap", |_, _| Ok(0)),
];

fn all(shell: &mut Shell, arguments: &[String]) -> Vec<Process> {
    let mut list = shell.live.processes();
    let now = shell.live.now();
    let tty = shell.live.facts.tty.clone().unwrap_or_else(|| "?".into());
    let pid = shell.new_pid();
    let user = super::list::user_name(shell, shell.fs.credentials.uid);
    list.push(Process {
        pid,
        parent: shell.live.shell_pid,
        user,
        tty,
        state: "R+",
        started: now,
        seconds: 0,
        virtual_kib: 10_600,
        resident_kib: 4_400,
        command: arguments.join(" "),
    });
    list
}

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn ps(shell: &mut Shell, arguments: &[String]) -> Status {
    let flags: String = rest(arguments)
        .iter()
        .filter(|word| !word.chars().all(|digit| digit.is_ascii_digit()))
        .map(|word| word.trim_start_matches('-'))
        .collect();
    let list = all(shell, arguments);
    let live = &shell.live;
    let text = if live.flavour.busybox() {
        ps_busybox(&list)
    } else if flags.contains('u') && flags.contains('a') || flags.contains("aux") {
        ps_users(live, &list)
    } else if flags.contains('f') && (flags.contains('e') || flags.contains('A')) {
        ps_full(live, &list)
    } else if flags.starts_with('a') && flags.contains('x') {
        ps_states(&list)
    } else {
        ps_names(live, &list, flags.contains('e') || flags.contains('A'))
    };
    shell.out(&text)?;
    Ok(0)
}

fn ps_busybox(list: &[Process]) -> String {
    let mut out = String::from("  PID USER       VSZ STAT COMMAND\n");
    for process in list {
        out.push_str(&format!(
            "{:>5} {:<8} {:>5} {:<4} {}\n",
            process.pid, process.user, process.virtual_kib, process.state, process.command
        ));
    }
    out
}

/// `ps aux`.
fn ps_users(live: &Live, list: &[Process]) -> String {
    let total = live.memory().total;
    let mut out =
        String::from("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
    for process in list {
        let memory = process.resident_kib as f64 * 100.0 / total as f64;
        out.push_str(&format!(
            "{:<8} {:>7}  0.0 {memory:>4.1} {:>6} {:>5} {:<8} {:<4} {:>5} {:>3}:{:02} {}\n",
            fit(&process.user),
            process.pid,
            process.virtual_kib,
            process.resident_kib,
            process.tty,
            process.state,
            since(live, process),
            process.seconds / 60,
            process.seconds % 60,
            process.command
        ));
    }
    out
}

/// `ps -ef`.
fn ps_full(live: &Live, list: &[Process]) -> String {
    let mut out = String::from("UID          PID    PPID  C STIME TTY          TIME CMD\n");
    for process in list {
        out.push_str(&format!(
            "{:<8} {:>7} {:>7}  0 {} {:<8} {} {}\n",
            fit(&process.user),
            process.pid,
            process.parent,
            since(live, process),
            process.tty,
            clock(process.seconds),
            process.command
        ));
    }
    out
}

/// `ps ax`.
fn ps_states(list: &[Process]) -> String {
    let mut out = String::from("    PID TTY      STAT   TIME COMMAND\n");
    for process in list {
        out.push_str(&format!(
            "{:>7} {:<8} {:<4} {:>3}:{:02} {}\n",
            process.pid,
            process.tty,
            process.state,
            process.seconds / 60,
            process.seconds % 60,
            process.command
        ));
    }
    out
}

/// `ps`, and with `every` also `ps -e`: those of the session's terminal, or all.
fn ps_names(live: &Live, list: &[Process], every: bool) -> String {
    let tty = live.facts.tty.as_deref().unwrap_or("?");
    let mut out = String::from("    PID TTY          TIME CMD\n");
    for process in list.iter().filter(|process| every || process.tty == tty && process.pid >= live.shell_pid)
    {
        out.push_str(&format!(
            "{:>7} {:<8} {} {}\n",
            process.pid,
            process.tty,
            clock(process.seconds),
            process.name()
        ));
    }
    out
}

/// When a process was started: the time today, the day before that.
fn since(live: &Live, process: &Process) -> String {
    let today = live.now() - process.started < 86_400_000_000;
    strftime(if today { "%H:%M" } else { "%b%d" }, process.started, &live.persona.zone)
}

/// A user name in eight columns, as procps cuts it.
fn fit(user: &str) -> String {
    if user.len() > 8 { format!("{}+", crate::text::head(user, 7)) } else { user.to_owned() }
}

fn top(shell: &mut Shell, arguments: &[String]) -> Status {
    let list = all(shell, arguments);
    let live = shell.live.clone();
    let memory = live.memory();
    let uptime = live.uptime();
    let (one, five, fifteen) = live.load();
    let mib = |kib: u64| kib as f64 / 1024.0;
    let mut out = format!(
        "top - {} up {} days, {:>2}:{:02},  {} user,  load average: {one:.2}, {five:.2}, {fifteen:.2}\nTasks: {:>3} total,   1 running, {:>3} sleeping,   0 stopped,   0 zombie\n%Cpu(s):  0.3 us,  0.3 sy,  0.0 ni, 99.3 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st\nMiB Mem : {:>8.1} total, {:>8.1} free, {:>8.1} used, {:>8.1} buff/cache\nMiB Swap: {:>8.1} total, {:>8.1} free, {:>8.1} used. {:>8.1} avail Mem\n\n    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
        strftime("%H:%M:%S", live.now(), &live.persona.zone),
        uptime / 86_400,
        uptime / 3_600 % 24,
        uptime / 60 % 60,
        u8::from(live.facts.tty.is_some()),
        list.len(),
        list.len() - 1,
        mib(memory.total),
        mib(memory.free),
        mib(memory.total - memory.available),
        mib(memory.buffers + memory.cached),
        mib(memory.swap_total),
        mib(memory.swap_free),
        mib(memory.swap_total - memory.swap_free),
        mib(memory.available)
    );
    let batch = rest(arguments).iter().any(|word| word.starts_with('-') && word.contains('b'));
    for process in list.iter().rev().take(if batch { usize::MAX } else { 17 }) {
        let share = process.resident_kib as f64 * 100.0 / memory.total as f64;
        out.push_str(&format!(
            "{:>7} {:<8}  20   0 {:>7} {:>6} {:>6} {}   0.0 {share:>5.1} {:>6}:{:02}.{:02} {}\n",
            process.pid,
            fit(&process.user),
            process.virtual_kib,
            process.resident_kib,
            process.resident_kib * 7 / 10,
            process.state.chars().next().unwrap_or('S'),
            process.seconds / 60,
            process.seconds % 60,
            process.pid % 100,
            process.name()
        ));
    }
    shell.out(&out)?;
    Ok(0)
}

/// Takes a process away.
pub(super) fn end(shell: &mut Shell, pid: u32) {
    let mut killed = shell.live.killed.lock();
    if killed.len() < 512 {
        killed.push(pid);
    }
}

fn killall(shell: &mut Shell, arguments: &[String]) -> Status {
    let full = own(arguments) == "pkill";
    let mut status = 0;
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let found: Vec<u32> = shell
            .live
            .processes()
            .iter()
            .filter(|process| {
                !process.kernel()
                    && process.pid != 1
                    && process.pid != shell.live.shell_pid
                    && (process.name() == *word || full && process.command.contains(word.as_str()))
            })
            .map(|process| process.pid)
            .collect();
        if found.is_empty() {
            status = 1;
            if !full {
                shell.err(&format!("{word}: no process found\n"))?;
            }
        }
        for pid in found {
            end(shell, pid);
        }
    }
    Ok(status)
}

fn pgrep(shell: &mut Shell, arguments: &[String]) -> Status {
    let exact = own(arguments) == "pidof";
    let long = rest(arguments).iter().any(|word| word == "-l" || word == "-a");
    let full = rest(arguments).iter().any(|word| word.starts_with('-') && word.contains('f'));
    let mut found: Vec<String> = Vec::new();
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        for process in shell.live.processes() {
            let name = process.name();
            let fits = if exact {
                name == *word
            } else if full {
                process.command.contains(word.as_str())
            } else {
                name.contains(word.as_str())
            };
            if fits {
                found.push(if long { format!("{} {name}", process.pid) } else { process.pid.to_string() });
            }
        }
    }
    if found.is_empty() {
        return Ok(1);
    }
    if exact {
        found.reverse();
    }
    shell.out(&format!("{}\n", found.join(if exact { " " } else { "\n" })))?;
    Ok(0)
}

fn pstree(shell: &mut Shell, _: &[String]) -> Status {
    let names: Vec<String> =
        shell.live.processes().iter().filter(|process| process.parent == 1).map(Process::name).collect();
    let last = names.len().saturating_sub(1);
    let text: String = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            format!(
                "{}{name}\n",
                if index == 0 {
                    "systemd-+-"
                } else if index == last {
                    "        `-"
                } else {
                    "        |-"
                }
            )
        })
        .collect();
    shell.out(&text)?;
    Ok(0)
}

fn lsof(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(_) = options(shell, arguments, "i::nPp:tu:c:d:a+", &[])? else { return Ok(1) };
    let live = shell.live.clone();
    let mut out = String::from("COMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n");
    for listener in crate::live::listeners(&live) {
        out.push_str(&format!(
            "{:<9} {:>5} root    3u  IPv4  {:>5}      0t0  TCP *:{} (LISTEN)\n",
            listener.program,
            listener.pid,
            14_000 + listener.port,
            listener.port
        ));
    }
    shell.out(&out)?;
    Ok(0)
}
