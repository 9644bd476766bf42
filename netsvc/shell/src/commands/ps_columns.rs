//! The columns that `ps` can show of a process: their keywords, headings and widths (ps(1), standard format
//! specifiers; as procps-ng prints them).

use crate::live::{Live, Process, strftime};

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    key: Key,
    pub(super) title: String,
    width: usize,
    right: bool,
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Pid,
    Parent,
    Group,
    Session,
    User,
    UserLong,
    Uid,
    GroupName,
    Gid,
    Name,
    Command,
    Tty,
    Stat,
    State,
    Time,
    ShortTime,
    Elapsed,
    ElapsedSeconds,
    Started,
    StartShort,
    StartTime,
    Cpu,
    CpuWhole,
    Memory,
    Resident,
    Virtual,
    Pages,
    Nice,
    Priority,
    Threads,
    Processor,
    Flags,
    Wait,
    Nothing,
}

/// Keywords, heading, width, whether it is right-aligned. A width of 0 is that of process numbers.
const KEYS: &[(&str, Key, &str, usize, bool)] = &[
    ("pid tgid", Key::Pid, "PID", 0, true),
    ("ppid", Key::Parent, "PPID", 0, true),
    ("pgid pgrp", Key::Group, "PGID", 0, true),
    ("sid sess session", Key::Session, "SID", 0, true),
    ("lwp tid spid", Key::Pid, "LWP", 0, true),
    ("user uname", Key::User, "USER", 8, false),
    ("euser", Key::User, "EUSER", 8, false),
    ("ruser", Key::User, "RUSER", 8, false),
    ("uid", Key::Uid, "UID", 5, true),
    ("euid", Key::Uid, "EUID", 5, true),
    ("ruid", Key::Uid, "RUID", 5, true),
    ("group egroup", Key::GroupName, "GROUP", 8, false),
    ("rgroup", Key::GroupName, "RGROUP", 8, false),
    ("gid egid", Key::Gid, "GID", 5, true),
    ("comm ucmd ucomm", Key::Name, "COMMAND", 15, false),
    ("args command", Key::Command, "COMMAND", 27, false),
    ("cmd", Key::Command, "CMD", 27, false),
    ("tty", Key::Tty, "TT", 8, false),
    ("tt tname", Key::Tty, "TTY", 8, false),
    ("stat", Key::Stat, "STAT", 4, false),
    ("s state", Key::State, "S", 1, false),
    ("time cputime", Key::Time, "TIME", 8, true),
    ("bsdtime", Key::ShortTime, "TIME", 6, true),
    ("etime", Key::Elapsed, "ELAPSED", 11, true),
    ("etimes", Key::ElapsedSeconds, "ELAPSED", 7, true),
    ("lstart", Key::Started, "STARTED", 24, true),
    ("start", Key::StartTime, "STARTED", 8, true),
    ("start_time bsdstart", Key::StartShort, "START", 5, true),
    ("stime", Key::StartShort, "STIME", 5, true),
    ("%cpu pcpu", Key::Cpu, "%CPU", 4, true),
    ("c", Key::CpuWhole, "C", 2, true),
    ("%mem pmem", Key::Memory, "%MEM", 4, true),
    ("rss rssize rsz", Key::Resident, "RSS", 5, true),
    ("vsz vsize", Key::Virtual, "VSZ", 6, true),
    ("sz size", Key::Pages, "SZ", 5, true),
    ("nice ni", Key::Nice, "NI", 3, true),
    ("pri", Key::Priority, "PRI", 3, true),
    ("nlwp thcount", Key::Threads, "NLWP", 4, true),
    ("psr", Key::Processor, "PSR", 3, true),
    ("f flag flags", Key::Flags, "F", 1, true),
    ("wchan", Key::Wait, "WCHAN", 6, false),
    ("addr", Key::Nothing, "ADDR", 4, false),
    ("label", Key::Nothing, "LABEL", 31, false),
    ("cgroup", Key::Nothing, "CGROUP", 27, false),
    ("cls policy", Key::Nothing, "CLS", 3, true),
    ("rtprio", Key::Nothing, "RTPRIO", 6, true),
];

/// What columns are made from.
pub(super) struct Source<'a> {
    pub(super) live: &'a Live,
    pub(super) uid: &'a dyn Fn(&str) -> u32,
}

impl Column {
    /// The column of a keyword; `title` replaces its heading.
    pub(super) fn of(keyword: &str, title: Option<&str>, pid_width: usize) -> Option<Column> {
        let (_, key, own, width, right) =
            KEYS.iter().find(|(names, ..)| names.split(' ').any(|name| name == keyword))?;
        let title = title.unwrap_or(own);
        let width = if *width == 0 { pid_width } else { *width };
        Some(Column { key: *key, title: title.into(), width: width.max(title.len()), right: *right })
    }

    /// The same column for user names that are shown whole.
    pub(super) fn whole_name(mut self) -> Column {
        if self.key == Key::User {
            self.key = Key::UserLong;
        }
        self
    }

    /// Whether it is a column of numbers, which are compared as such.
    fn numeric(&self) -> bool {
        self.right && self.key != Key::Started
    }

    /// Which of two processes comes first by this column.
    pub(super) fn compare(&self, source: &Source<'_>, left: &Process, right: &Process) -> std::cmp::Ordering {
        match self.key {
            Key::Time | Key::ShortTime | Key::Cpu => left.ticks.cmp(&right.ticks),
            Key::Elapsed | Key::ElapsedSeconds => right.started.cmp(&left.started),
            Key::Started | Key::StartShort | Key::StartTime => left.started.cmp(&right.started),
            Key::Memory => left.resident_kib.cmp(&right.resident_kib),
            _ => {
                let (left, right) = (self.value(source, left), self.value(source, right));
                if self.numeric() {
                    left.parse::<i64>().unwrap_or(0).cmp(&right.parse().unwrap_or(0))
                } else {
                    left.cmp(&right)
                }
            }
        }
    }

    /// A text in its place; `last` columns are not filled up.
    pub(super) fn cell(&self, text: &str, last: bool) -> String {
        let width = self.width;
        match (self.right, last) {
            (true, _) => format!("{text:>width$}"),
            (false, true) => text.to_owned(),
            (false, false) => format!("{text:<width$}"),
        }
    }

    /// What the column shows of a process.
    pub(super) fn value(&self, source: &Source<'_>, process: &Process) -> String {
        let live = source.live;
        let age = u64::try_from((live.now() - process.started) / 1_000_000).unwrap_or(0);
        let seconds = process.ticks / 100;
        match self.key {
            Key::Pid | Key::Group | Key::Session => process.pid.to_string(),
            Key::Parent => process.parent.to_string(),
            Key::User | Key::GroupName => fit(&process.user),
            Key::UserLong => process.user.clone(),
            Key::Uid | Key::Gid => (source.uid)(&process.user).to_string(),
            Key::Name => process.name(),
            Key::Command => process.command.clone(),
            Key::Tty => process.tty.clone(),
            Key::Stat => process.state.to_owned(),
            Key::State => process.state.chars().take(1).collect(),
            Key::Time => clock(seconds),
            Key::ShortTime => format!("{:>3}:{:02}", seconds / 60, seconds % 60),
            Key::Elapsed => elapsed(age),
            Key::ElapsedSeconds => age.to_string(),
            Key::Started => strftime("%a %b %e %H:%M:%S %Y", process.started, &live.persona.zone),
            Key::StartShort => day_or(live, process, "%H:%M", "%b%d"),
            Key::StartTime => day_or(live, process, "%H:%M:%S", "  %b %d"),
            Key::Cpu => format!("{:.1}", usage(process, age)),
            Key::CpuWhole => format!("{:.0}", usage(process, age).floor()),
            Key::Memory => {
                let tenths = process.resident_kib * 1_000 / live.memory().total.max(1);
                format!("{}.{}", tenths / 10, tenths % 10)
            }
            Key::Resident => process.resident_kib.to_string(),
            Key::Virtual => process.virtual_kib.to_string(),
            Key::Pages => (process.virtual_kib / 4).to_string(),
            Key::Nice => if process.state.contains('<') { "-20" } else { "0" }.into(),
            Key::Priority => if process.state.contains('<') { "39" } else { "19" }.into(),
            Key::Threads => "1".into(),
            Key::Processor => (process.pid % live.persona.hardware.cpus.max(1)).to_string(),
            Key::Flags => if process.kernel() { "1" } else { "4" }.into(),
            Key::Wait | Key::Nothing => "-".into(),
        }
    }
}

/// Percent of one processor that a process has used since it was started.
fn usage(process: &Process, age: u64) -> f64 {
    process.ticks as f64 / age.max(1) as f64
}

fn clock(seconds: u64) -> String {
    let days = seconds / 86_400;
    let head = if days > 0 { format!("{days}-") } else { String::new() };
    format!("{head}{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

/// `[[dd-]hh:]mm:ss`.
fn elapsed(age: u64) -> String {
    let (days, hours) = (age / 86_400, age / 3_600 % 24);
    let rest = format!("{:02}:{:02}", age / 60 % 60, age % 60);
    match (days, hours) {
        (0, 0) => rest,
        (0, hours) => format!("{hours:02}:{rest}"),
        (days, hours) => format!("{days}-{hours:02}:{rest}"),
    }
}

/// A user name in eight columns, as procps cuts it.
pub(super) fn fit(user: &str) -> String {
    if user.len() > 8 { format!("{}+", crate::text::head(user, 7)) } else { user.to_owned() }
}

/// When a process was started: the time today, the day before that.
fn day_or(live: &Live, process: &Process, today: &str, before: &str) -> String {
    let recent = live.now() - process.started < 86_400_000_000;
    strftime(if recent { today } else { before }, process.started, &live.persona.zone)
}
