//! The process table: kernel threads, daemons that fit the system and its services, and the session's own.

use super::{
    Live,
    log::{Login, everybody},
};
use crate::flavour::Flavour;
use netsvc_persona::daemon::Daemon;

/// A file of `/proc/PID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    CommandLine,
    Name,
    Status,
    Stat,
    Maps,
    Environment,
    Group,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) user: String,
    pub(crate) tty: String,
    pub(crate) state: &'static str,
    /// µs since the epoch.
    pub(crate) started: i64,
    /// Processor time in hundredths of a second.
    pub(crate) ticks: u64,
    /// KiB.
    pub(crate) virtual_kib: u64,
    /// KiB.
    pub(crate) resident_kib: u64,
    /// Command line; in brackets for kernel threads.
    pub(crate) command: String,
}

impl Process {
    /// The short name of `/proc/PID/comm`.
    pub(crate) fn name(&self) -> String {
        if let Some(thread) = self.command.strip_prefix('[') {
            return thread.trim_end_matches(']').to_owned();
        }
        // systemd calls itself so whatever it was started as; the init of BusyBox, which is small, does not.
        if self.pid == 1 && self.virtual_kib > 100_000 {
            return "systemd".to_owned();
        }
        let program = self.command.split([' ', ':']).next().unwrap_or("");
        crate::fs::name(program).trim_start_matches('-').chars().take(15).collect()
    }

    pub(crate) fn kernel(&self) -> bool {
        self.command.starts_with('[')
    }
}

/// Threads of the kernel; their numbers follow.
const THREADS: [&str; 44] = [
    "kthreadd",
    "rcu_gp",
    "rcu_par_gp",
    "slub_flushwq",
    "netns",
    "kworker/0:0H-events_highpri",
    "mm_percpu_wq",
    "rcu_tasks_kthread",
    "rcu_tasks_rude_kthread",
    "rcu_tasks_trace_kthread",
    "ksoftirqd/0",
    "rcu_preempt",
    "migration/0",
    "cpuhp/0",
    "kdevtmpfs",
    "inet_frag_wq",
    "kauditd",
    "khungtaskd",
    "oom_reaper",
    "writeback",
    "kcompactd0",
    "ksmd",
    "khugepaged",
    "kintegrityd",
    "kblockd",
    "blkcg_punt_bio",
    "tpm_dev_wq",
    "edac-poller",
    "devfreq_wq",
    "kworker/0:1H-kblockd",
    "kswapd0",
    "kthrotld",
    "acpi_thermal_pm",
    "mld",
    "ipv6_addrconf",
    "kstrp",
    "zswap-shrink",
    "kworker/u5:0",
    "ata_sff",
    "scsi_eh_0",
    "scsi_tmf_0",
    "scsi_eh_1",
    "jbd2/sda1-8",
    "ext4-rsv-conver",
];

const DEBIAN: [(&str, &str, u64, u64); 12] = [
    ("root", "/lib/systemd/systemd-journald", 49_200, 15_400),
    ("root", "/lib/systemd/systemd-udevd", 26_400, 6_600),
    ("systemd-timesync", "/lib/systemd/systemd-timesyncd", 90_080, 6_500),
    ("root", "/usr/sbin/cron -f", 6_612, 2_700),
    (
        "messagebus",
        "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only",
        9_128,
        4_900,
    ),
    ("root", "/usr/sbin/rsyslogd -n -iNONE", 222_400, 5_300),
    ("root", "/lib/systemd/systemd-logind", 25_900, 7_900),
    ("root", "/sbin/agetty -o -p -- \\u --noclear - linux", 5_872, 1_000),
    ("root", "/usr/libexec/polkitd --no-debug", 234_000, 8_300),
    ("root", "/usr/sbin/ModemManager", 317_000, 12_100),
    ("root", "/usr/bin/python3 /usr/bin/networkd-dispatcher --run-startup-triggers", 33_000, 19_000),
    ("root", "/usr/sbin/irqbalance --foreground", 82_700, 3_900),
];

const REDHAT: [(&str, &str, u64, u64); 12] = [
    ("root", "/usr/lib/systemd/systemd-journald", 27_000, 12_100),
    ("root", "/usr/lib/systemd/systemd-udevd", 35_000, 11_300),
    ("root", "/sbin/auditd", 18_500, 3_100),
    ("dbus", "/usr/bin/dbus-broker-launch --scope system --audit", 10_500, 4_500),
    (
        "dbus",
        "dbus-broker --log 4 --controller 9 --machine-id --max-bytes 536870912 --max-fds 4096 --max-matches 131072 --audit",
        5_200,
        3_000,
    ),
    ("root", "/usr/sbin/irqbalance --foreground", 81_000, 3_700),
    ("root", "/usr/lib/systemd/systemd-logind", 21_200, 12_000),
    ("chrony", "/usr/sbin/chronyd -F 2", 84_900, 3_700),
    ("root", "/usr/sbin/NetworkManager --no-daemon", 258_000, 21_300),
    ("root", "/usr/sbin/rsyslogd -n", 161_900, 8_300),
    ("root", "/usr/sbin/crond -n", 10_900, 3_700),
    ("root", "/sbin/agetty -o -p -- \\u --noclear - linux", 3_046, 1_000),
];

/// µs.
const SECOND: i64 = 1_000_000;

/// Adds a process: its number, its parent's, user, terminal, state, start, its share of the processor time that the
/// host has used since it was booted, sizes and command.
type Add<'a> = &'a mut dyn FnMut(u32, u32, &str, &str, &'static str, i64, f64, (u64, u64), &str);

/// The daemons of a small system, all of one program.
fn add_applets(add: Add<'_>, boot: i64) {
    for (index, command) in (0_u32..).zip([
        "/sbin/syslogd -n",
        "/sbin/klogd -n",
        "crond -f",
        "/usr/sbin/ntpd -n",
        "udhcpc -b",
        "/sbin/getty -L ttyS0 115200 vt100",
        "/bin/watchdog -t 5 /dev/watchdog",
    ]) {
        add(210 + index * 13, 1, "root", "?", "S", boot + 9 * SECOND, 0.003, (1_584, 480), command);
    }
}

impl Live {
    /// All processes by number.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let mut out = Vec::new();
        let boot = self.persona.clock(self.persona.booted_at);
        let busy = self.busy(self.now());
        let mut add = |pid: u32,
                       parent: u32,
                       user: &str,
                       tty: &str,
                       state: &'static str,
                       started: i64,
                       share: f64,
                       size: (u64, u64),
                       command: &str| {
            out.push(Process {
                pid,
                parent,
                user: user.into(),
                tty: tty.into(),
                state,
                started,
                ticks: crate::live::activity::whole(busy * share * 100.0),
                virtual_kib: size.0,
                resident_kib: size.1,
                command: command.into(),
            });
        };
        if self.facts.arrival == super::Arrival::Container && self.persona.products.is_empty() {
            // A container has numbers of its own, and what it was started with is the first of them.
            add(1, 0, "root", "?", "Ss", boot, 0.0, (2_480, 1_180), "sleep infinity");
        } else {
            self.add_host(&mut add, boot);
        }
        self.add_session(&mut add);
        out.extend(self.started.lock().iter().cloned());
        let killed = self.killed.lock();
        out.retain(|process| !killed.contains(&process.pid));
        out.sort_by_key(|process| process.pid);
        out
    }

    /// What runs on a machine whoever looks: its first process, the kernel's threads and the daemons.
    fn add_host(&self, add: Add<'_>, boot: i64) {
        let init = match self.flavour {
            Flavour::Busybox => "init",
            Flavour::Alpine => "/sbin/init",
            Flavour::Redhat => "/usr/lib/systemd/systemd --switched-root --system --deserialize 31",
            _ => "/sbin/init",
        };
        let small = self.flavour.busybox();
        let size = if small { (1_584, 500) } else { (168_000 + self.fixed(&["init"]) % 900, 12_800) };
        add(1, 0, "root", "?", "Ss", boot, 0.006, size, init);
        for (index, name) in (0_u32..).zip(THREADS) {
            let pid = 2 + index + index / 6 * u32::from(!small);
            let parent = if index == 0 { 0 } else { 2 };
            let state = if name.contains("kworker") || name.ends_with("wq") { "I<" } else { "S" };
            let share = if name == "rcu_preempt" { 0.012 } else { self.share_of(name, 0.000_6) };
            add(pid, parent, "root", "?", state, boot, share, (0, 0), &format!("[{name}]"));
        }
        self.add_daemons(add, boot);
    }

    fn add_daemons(&self, add: Add<'_>, boot: i64) {
        if self.flavour.busybox() {
            add_applets(add, boot);
        } else {
            self.add_system(add, boot);
            self.add_workers(add);
        }
        self.add_services(add, boot);
    }

    /// The daemons of the distribution.
    fn add_system(&self, add: Add<'_>, boot: i64) {
        let table = if self.flavour == Flavour::Redhat { &REDHAT } else { &DEBIAN };
        for (index, (user, command, total, resident)) in (0_u32..).zip(table) {
            if self.software().any(|(_, daemon)| daemon.command == *command) {
                // It is a service of the node, and shown as one.
                continue;
            }
            if self.flavour == Flavour::Debian && (command.contains("networkd") || command.contains("Modem"))
            {
                continue;
            }
            let pid = 230 + index * 41 + u32::try_from(self.fixed(&[command]) % 37).unwrap_or(0);
            let tty = if command.contains("agetty") { "tty1" } else { "?" };
            let state = if command.contains("agetty") { "Ss+" } else { "Ss" };
            add(
                pid,
                1,
                user,
                tty,
                state,
                boot + 4 * SECOND + i64::from(index) * 400_000,
                self.share_of(command, 0.009),
                (*total, *resident),
                command,
            );
        }
    }

    /// Kernel threads that came since.
    fn add_workers(&self, add: Add<'_>) {
        for pid in [12_u32, 31, 57, 83] {
            add(
                self.shell_pid.saturating_sub(pid * 7 + 9),
                2,
                "root",
                "?",
                "I",
                self.login_at - i64::from(pid) * 40 * SECOND,
                0.0,
                (0, 0),
                &format!("[kworker/{}:{}-events]", pid % 2, pid % 5),
            );
        }
    }

    /// The daemons of the node's services.
    fn add_services(&self, add: Add<'_>, boot: i64) {
        for (service, daemon) in self.software() {
            // What waits for logins does nothing else.
            let share = if daemon.login.is_empty() { self.share_of(&service.slug, 0.09) } else { 0.000_03 };
            let (pid, started) = (self.service_pid(&service.slug), boot + 11 * SECOND);
            add(pid, 1, daemon.user, "?", "Ss", started, share, daemon.size, daemon.command);
        }
    }

    /// What the login runs, and the process of the daemon that it is a child of.
    fn add_session(&self, add: Add<'_>) {
        let pid = self.shell_pid;
        let shell = if self.flavour.busybox() { "sh" } else { "bash" };
        let size = if self.flavour.busybox() { (1_592, 620) } else { (8_200, 5_100) };
        let tty = self.facts.tty.as_deref().unwrap_or("?");
        let mut parent = 1;
        if let Some((service, daemon)) = self.entrance() {
            parent = self.service_pid(&service.slug);
            if let Some(command) = self.login_command(daemon) {
                let size = (daemon.size.0 + 2_400, daemon.size.1 + 1_800);
                add(pid - 13, parent, "root", "?", "Ss", self.login_at - 600_000, 0.0, size, &command);
                parent = pid - 13;
            }
        }
        // What else the source has running: shells at other terminals.
        let own = self.facts.tty.clone();
        for other in self.presence.of(&self.source) {
            if other.end.is_none() && Some(&other.tty) != own.as_ref() {
                add(
                    other.pid,
                    1,
                    &other.user,
                    &other.tty,
                    "Ss+",
                    other.start,
                    0.0,
                    size,
                    &format!("-{shell}"),
                );
            }
        }
        self.add_colleagues(add);
        let command = if self.facts.tty.is_some() { format!("-{shell}") } else { format!("{shell} -c") };
        add(pid, parent, &self.user, tty, "Ss", self.login_at, 0.0, size, &command);
    }

    /// What runs for those who work here: the daemon's two processes, a shell, and what was typed and goes on.
    fn add_colleagues(&self, add: Add<'_>) {
        if self.persona.routine.is_unknown() {
            return;
        }
        let (daemon, now) = (self.service_pid("ssh"), self.now());
        let (user, shell) = ((17_900, 11_100), (8_200, 5_100));
        let there = |login: &&Login| login.pid.is_none() && login.end.is_none();
        for login in everybody(self).iter().filter(there) {
            let (first, name, tty) = (self.pid_at(login.start), login.user.as_str(), login.tty.as_str());
            let (start, second) = (login.start, login.start + 300_000);
            add(
                first,
                daemon,
                "root",
                "?",
                "Ss",
                start - 600_000,
                0.0,
                user,
                &format!("sshd: {name} [priv]"),
            );
            add(first + 7, first, name, "?", "S", second, 0.0, user, &format!("sshd: {name}@{tty}"));
            let line = login.lines.last().filter(|line| now < line.until);
            let state = if line.is_some() { "Ss" } else { "Ss+" };
            add(first + 8, first + 7, name, tty, state, second, 0.0, shell, "-bash");
            if let Some(line) = line {
                // A shell's child has a number of its own, later than the shell's.
                let pid = self.pid_at(line.at).max(first + 9);
                add(pid, first + 8, name, tty, "S+", line.at, 0.0, (9_600, 6_700), &line.text);
            }
        }
    }

    /// The process between `daemon` and what the login runs.
    pub(crate) fn login_command(&self, daemon: &Daemon) -> Option<String> {
        let tty = self.facts.tty.as_deref().unwrap_or("notty");
        let command = daemon.login.replace("{user}", &self.user).replace("{tty}", tty);
        (!command.is_empty()).then(|| command.replace("{peer}", &self.facts.peer_ip.to_string()))
    }

    /// The share that a process has in the host's processor time: between a fifth of `most` and all of it.
    fn share_of(&self, name: &str, most: f64) -> f64 {
        let part = self.fixed(&["share", name]) % 1_000;
        most * (0.2 + 0.8 * part as f64 / 1_000.0)
    }

    /// Number of a service's daemon.
    pub(crate) fn service_pid(&self, slug: &str) -> u32 {
        let daemon = self.daemons().find(|(service, _)| service.slug == slug).map(|(_, daemon)| daemon);
        let first = self.software().find(|(_, software)| Some(*software) == daemon);
        let slug = first.map_or(slug, |(service, _)| service.slug.as_str());
        720 + u32::try_from(self.fixed(&["daemon", slug]) % 300).unwrap_or(0)
    }

    pub(super) fn process_file(&self, pid: u32, item: Item) -> String {
        let pid = if pid == 0 { self.shell_pid } else { pid };
        let Some(process) = self.processes().into_iter().find(|process| process.pid == pid) else {
            return String::new();
        };
        let name = process.name();
        match item {
            Item::CommandLine if process.kernel() => String::new(),
            Item::CommandLine => process.command.replace(' ', "\0") + "\0",
            Item::Name => name + "\n",
            Item::Status => format!(
                "Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{}\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t256\nGroups:\t0 \nVmPeak:\t{:>8} kB\nVmSize:\t{:>8} kB\nVmRSS:\t{:>8} kB\nThreads:\t1\nSigQ:\t0/15412\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n",
                process.parent,
                process.virtual_kib + 60,
                process.virtual_kib,
                process.resident_kib
            ),
            Item::Stat => format!(
                "{pid} ({name}) S {parent} {pid} {pid} 0 -1 4194560 2100 0 6 0 {time} {time} 0 0 20 0 1 0 {start} {size} {pages} 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
                parent = process.parent,
                time = process.ticks / 2,
                start = (process.started - self.persona.clock(self.persona.booted_at)) / 10_000,
                size = process.virtual_kib * 1024,
                pages = process.resident_kib / 4
            ),
            Item::Maps if process.kernel() => String::new(),
            Item::Maps => {
                let program = process.command.split(' ').next().unwrap_or("").trim_start_matches('-');
                let program =
                    if program.starts_with('/') { program.to_owned() } else { format!("/usr/bin/{program}") };
                let base =
                    0x55a0_0000_0000_u64 + (self.fixed(&["maps", &pid.to_string()]) & 0xfff_ffff) * 0x1000;
                format!(
                    "{base:012x}-{:012x} r--p 00000000 08:01 1048{pid}                    {program}\n{:012x}-{:012x} r-xp 0002f000 08:01 1048{pid}                    {program}\n{:012x}-{:012x} rw-p 00000000 00:00 0                          [heap]\n7ffc{pid:08x}-7ffd{pid:08x} rw-p 00000000 00:00 0                          [stack]\n",
                    base + 0x2f000,
                    base + 0x2f000,
                    base + 0x10_8000,
                    base + 0x13_0000,
                    base + 0x1a_0000
                )
            }
            Item::Environment => format!(
                "LANG=C.UTF-8\0PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\0USER={}\0",
                process.user
            ),
            Item::Group if self.flavour.busybox() => "1:name=systemd:/\n".into(),
            Item::Group if pid == self.shell_pid => "0::/user.slice/user-0.slice/session-1.scope\n".into(),
            Item::Group => "0::/init.scope\n".into(),
        }
    }
}
