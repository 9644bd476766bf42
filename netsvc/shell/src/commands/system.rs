//! What the system is and how it is doing.

use super::{Run, options::options, own, rest};
use crate::{
    Flavour,
    interpret::{Shell, Status},
    live::{Dynamic, KernelItem, logins, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("uname", uname),
    ("arch", arch),
    ("hostname", hostname),
    ("nproc", nproc),
    ("free", free),
    ("uptime", uptime),
    ("w", w),
    ("who", who),
    ("users", who),
    ("last", last),
    ("lastlog", last),
    ("lastb", |_, _| Ok(0)),
    ("id", id),
    ("whoami", whoami),
    ("logname", whoami),
    ("groups", groups),
    ("date", date),
    ("df", df),
    ("mount", mount),
    ("umount", |_, _| Ok(0)),
    ("tty", tty),
    ("locale", locale),
    ("lsb_release", lsb_release),
    ("hostnamectl", hostnamectl),
    ("timedatectl", timedatectl),
    ("vmstat", vmstat),
    ("dmesg", dmesg),
    ("sysctl", sysctl),
    ("getconf", getconf),
    ("clear", clear),
    ("reset", clear),
    ("stty", |_, _| Ok(0)),
    ("mesg", |_, _| Ok(0)),
    ("tput", |_, _| Ok(0)),
    ("cal", |_, _| Ok(0)),
    ("hostid", hostid),
];

/// Bytes as `-h` prints them.
pub(super) fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit.is_empty() {
        format!("{bytes}")
    } else if value < 10.0 {
        format!("{:.1}{unit}", (value * 10.0).ceil() / 10.0)
    } else {
        format!("{}{unit}", value.ceil())
    }
}

/// Bytes per second as `dd` prints them.
pub(super) fn rate(bytes: f64) -> String {
    if bytes >= 1e9 {
        format!("{:.1} GB/s", bytes / 1e9)
    } else if bytes >= 1e6 {
        format!("{:.0} MB/s", bytes / 1e6)
    } else {
        format!("{:.0} kB/s", bytes / 1e3)
    }
}

fn uname(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [
        ("all", 'a'),
        ("kernel-name", 's'),
        ("nodename", 'n'),
        ("kernel-release", 'r'),
        ("kernel-version", 'v'),
        ("machine", 'm'),
        ("processor", 'p'),
        ("hardware-platform", 'i'),
        ("operating-system", 'o'),
    ];
    let Some(options) = options(shell, arguments, "asnrvmpio", &long)? else { return Ok(1) };
    if let Some(extra) = options.operands.first() {
        let text = crate::text::decode(
            format!("uname: extra operand ‘{extra}’\nTry 'uname --help' for more information.\n").as_bytes(),
        );
        shell.err(&text)?;
        return Ok(1);
    }
    let persona = &shell.live.persona;
    let os = &persona.os;
    let none = options.last_of("asnrvmpio").is_none();
    let all = options.has('a');
    let redhat = shell.live.flavour == Flavour::Redhat;
    let fields = [
        ('s', "Linux"),
        ('n', persona.hostname.as_str()),
        ('r', &os.kernel),
        ('v', &os.kernel_version),
        ('m', &os.machine),
        ('p', if redhat { &os.machine } else { "unknown" }),
        ('i', if redhat { &os.machine } else { "unknown" }),
        ('o', "GNU/Linux"),
    ];
    let chosen: Vec<&str> = fields
        .iter()
        .filter(|(letter, value)| {
            options.has(*letter) || all && *value != "unknown" || none && *letter == 's'
        })
        .map(|(_, value)| *value)
        .collect();
    let line = chosen.join(" ");
    shell.out(&format!("{line}\n"))?;
    Ok(0)
}

fn arch(shell: &mut Shell, _: &[String]) -> Status {
    let machine = shell.live.persona.os.machine.clone();
    shell.out(&format!("{machine}\n"))?;
    Ok(0)
}

fn hostname(shell: &mut Shell, arguments: &[String]) -> Status {
    let persona = &shell.live.persona;
    let text = match rest(arguments).first().map(String::as_str) {
        Some("-f" | "--fqdn" | "-A") => persona.fqdn(),
        Some("-I" | "-i" | "--all-ip-addresses") => format!("{} ", persona.ip),
        Some("-d") => persona.domain.clone(),
        Some(name) if !name.starts_with('-') => return Ok(0),
        _ => persona.hostname.clone(),
    };
    shell.out(&format!("{text}\n"))?;
    Ok(0)
}

fn hostid(shell: &mut Shell, _: &[String]) -> Status {
    let value = shell.live.fixed(&["hostid"]) & 0xffff_ffff;
    shell.out(&format!("{value:08x}\n"))?;
    Ok(0)
}

fn nproc(shell: &mut Shell, _: &[String]) -> Status {
    let cpus = shell.live.persona.hardware.cpus;
    shell.out(&format!("{cpus}\n"))?;
    Ok(0)
}

fn free(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "bkmghtws:c:l",
        &[("human", 'h'), ("mega", 'm'), ("giga", 'g'), ("kilo", 'k'), ("bytes", 'b'), ("total", 't')],
    )?
    else {
        return Ok(1);
    };
    let memory = shell.live.memory();
    let used = memory.total.saturating_sub(memory.available);
    let cache = memory.buffers + memory.cached;
    let show = |kib: u64| match options.last_of("bkmgh") {
        Some('b') => (kib * 1024).to_string(),
        Some('m') => (kib / 1024).to_string(),
        Some('g') => (kib / 1_048_576).to_string(),
        Some('h') => {
            let text = human(kib * 1024);
            if text == "0" { "0B".into() } else { format!("{text}i") }
        }
        _ => kib.to_string(),
    };
    let rows = [
        ("Mem:", vec![memory.total, used, memory.free, memory.shared, cache, memory.available]),
        ("Swap:", vec![memory.swap_total, memory.swap_total - memory.swap_free, memory.swap_free]),
        ("Total:", vec![memory.total + memory.swap_total, used, memory.free + memory.swap_free]),
    ];
    let names = ["total", "used", "free", "shared", "buff/cache", "available"];
    let (first, width) = if shell.flavour().busybox() { (5, 12) } else { (8, 12) };
    let header: String = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            if index == 0 {
                format!("{name:>0$}", first + width - if first == 8 { 0 } else { 0 })
            } else {
                format!("{name:>width$}")
            }
        })
        .collect();
    shell.out(&format!("{header}\n"))?;
    for (name, values) in rows.iter().take(if options.has('t') { 3 } else { 2 }) {
        let cells: String = values.iter().map(|value| format!("{:>width$}", show(*value))).collect();
        shell.out(&format!("{name:<first$}{cells}\n"))?;
    }
    Ok(0)
}

fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        days => format!("{days} days, "),
    };
    if hours == 0 { format!("{days}{minutes} min") } else { format!("{days}{hours:>2}:{minutes:02}") }
}

fn uptime_line(shell: &Shell) -> String {
    let live = &shell.live;
    let (one, five, fifteen) = live.load();
    let users = u32::from(live.facts.tty.is_some());
    let noun = if users == 1 { "user" } else { "users" };
    let load = format!("load average: {one:.2}, {five:.2}, {fifteen:.2}");
    let time = strftime("%H:%M:%S", live.now(), &live.persona.zone);
    if live.flavour.busybox() {
        format!(" {time} up {},  {load}\n", span(live.uptime()))
    } else {
        format!(" {time} up {},  {users} {noun},  {load}\n", span(live.uptime()))
    }
}

fn uptime(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let text = match rest(arguments).first().map(String::as_str) {
        Some("-p" | "--pretty") => {
            let seconds = live.uptime();
            let parts = [
                (seconds / 604_800, "week"),
                (seconds / 86_400 % 7, "day"),
                (seconds / 3_600 % 24, "hour"),
                (seconds / 60 % 60, "minute"),
            ];
            let words: Vec<String> = parts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
                .collect();
            format!("up {}\n", words.join(", "))
        }
        Some("-s" | "--since") => {
            strftime("%F %T\n", live.persona.clock(live.persona.booted_at), &live.persona.zone)
        }
        _ => uptime_line(shell),
    };
    shell.out(&text)?;
    Ok(0)
}

fn w(shell: &mut Shell, _: &[String]) -> Status {
    let mut out =
        uptime_line(shell) + "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n";
    let live = &shell.live;
    if let Some(tty) = &live.facts.tty {
        let login = strftime("%H:%M", live.login_at, &live.persona.zone);
        out.push_str(&format!(
            "{:<8} {tty:<8} {:<16} {login}    0.00s  0.03s  0.00s w\n",
            live.user,
            live.facts.peer_ip.to_string()
        ));
    }
    shell.out(&out)?;
    Ok(0)
}

fn who(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let mut out = String::new();
    if let Some(tty) = &live.facts.tty {
        let login = strftime("%F %H:%M", live.login_at, &live.persona.zone);
        out = if own(arguments) == "users" {
            format!("{}\n", live.user)
        } else {
            format!("{:<8} {tty:<12} {login} ({})\n", live.user, live.facts.peer_ip)
        };
    }
    shell.out(&out)?;
    Ok(0)
}

fn last(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let zone = &live.persona.zone;
    let most = rest(arguments)
        .iter()
        .find_map(|word| word.trim_start_matches("-n").trim_start_matches('-').parse().ok())
        .unwrap_or(usize::MAX);
    let mut out = String::new();
    for login in logins(live).iter().take(most) {
        let start = strftime("%a %b %e %H:%M", login.start, zone);
        let end = match login.end {
            None => "  still logged in".to_owned(),
            Some(end) => {
                let minutes = (end - login.start) / 60_000_000;
                format!(" - {}  ({:02}:{:02})", strftime("%H:%M", end, zone), minutes / 60, minutes % 60)
            }
        };
        out.push_str(&format!("{:<8} {:<12} {:<16} {start}{end}\n", login.user, login.tty, login.from));
    }
    let boot = live.persona.clock(live.persona.booted_at);
    out.push_str(&format!(
        "reboot   system boot  {:<16} {}   still running\n\nwtmp begins {}\n",
        crate::text::head(&live.persona.os.kernel, 16),
        strftime("%a %b %e %H:%M", boot, zone),
        strftime("%a %b %e %H:%M:%S %Y", live.persona.installed_at, zone)
    ));
    shell.out(&out)?;
    Ok(0)
}

fn id(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "uGgnrzZ",
        &[("user", 'u'), ("group", 'g'), ("groups", 'G'), ("name", 'n')],
    )?
    else {
        return Ok(1);
    };
    let mut uid = shell.fs.credentials.uid;
    let mut name = super::list::user_name(shell, uid);
    if let Some(wanted) = options.operands.first() {
        let passwd = crate::text::decode(&shell.fs.read_file("/etc/passwd").unwrap_or_default());
        match passwd
            .lines()
            .find(|line| line.split(':').next() == Some(wanted))
            .and_then(|line| line.split(':').nth(2)?.parse().ok())
        {
            Some(found) => (uid, name) = (found, wanted.clone()),
            None => {
                shell.err(&crate::text::decode(format!("id: ‘{wanted}’: no such user\n").as_bytes()))?;
                return Ok(1);
            }
        }
    }
    let mut groups = vec![uid];
    if uid >= 1000 && shell.flavour().deb() {
        groups.extend([27, 100]);
    }
    let named: Vec<String> = groups.iter().map(|gid| super::list::group_name(shell, *gid)).collect();
    let text = match (options.has('u'), options.has('g'), options.has('G'), options.has('n')) {
        (true, _, _, true) => name,
        (true, _, _, false) => uid.to_string(),
        (_, true, _, true) => named.first().cloned().unwrap_or_default(),
        (_, true, _, false) => uid.to_string(),
        (_, _, true, true) => named.join(" "),
        (_, _, true, false) => groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
        _ => {
            let list: Vec<String> =
                groups.iter().zip(&named).map(|(gid, name)| format!("{gid}({name})")).collect();
            format!(
                "uid={uid}({name}) gid={uid}({}) groups={}",
                named.first().map_or("", String::as_str),
                list.join(",")
            )
        }
    };
    shell.out(&format!("{text}\n"))?;
    Ok(0)
}

fn whoami(shell: &mut Shell, _: &[String]) -> Status {
    let name = super::list::user_name(shell, shell.fs.credentials.uid);
    shell.out(&format!("{name}\n"))?;
    Ok(0)
}

fn groups(shell: &mut Shell, _: &[String]) -> Status {
    id(shell, &["id".into(), "-Gn".into()])
}

fn date(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "d:uRI::s:r:f:",
        &[
            ("date", 'd'),
            ("utc", 'u'),
            ("universal", 'u'),
            ("iso-8601", 'I'),
            ("rfc-email", 'R'),
            ("set", 's'),
            ("reference", 'r'),
        ],
    )?
    else {
        return Ok(1);
    };
    let mut at = shell.live.now();
    if let Some(text) = options.value('d') {
        at = match text.strip_prefix('@').map(str::parse::<i64>) {
            Some(Ok(seconds)) => seconds.saturating_mul(1_000_000),
            _ => match relative(text) {
                Some(seconds) => at.saturating_add(seconds * 1_000_000),
                None => {
                    shell.err(&crate::text::decode(format!("date: invalid date ‘{text}’\n").as_bytes()))?;
                    return Ok(1);
                }
            },
        };
    }
    let mut zone = shell.live.persona.zone.clone();
    if options.has('u') {
        (zone.offset_minutes, zone.abbreviation) = (0, "UTC".into());
    }
    let format = match options.operands.iter().find_map(|word| word.strip_prefix('+')) {
        Some(format) => format,
        None if options.has('R') => "%a, %d %b %Y %H:%M:%S %z",
        None if options.has('I') => "%F",
        None if shell.flavour().busybox() => "%a %b %e %H:%M:%S %Z %Y",
        None => "%a %b %e %I:%M:%S %p %Z %Y",
    };
    let text = strftime(format, at, &zone);
    shell.out(&format!("{text}\n"))?;
    Ok(0)
}

fn relative(text: &str) -> Option<i64> {
    let mut total = 0;
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let day = 86_400;
        match word {
            "now" | "today" => {}
            "yesterday" => total -= day,
            "tomorrow" => total += day,
            number => {
                let count: i64 = number.parse().ok()?;
                let unit = words.next()?.trim_end_matches('s');
                total += count
                    * match unit {
                        "second" | "sec" => 1,
                        "minute" | "min" => 60,
                        "hour" => 3_600,
                        "day" => day,
                        "week" => 7 * day,
                        "month" => 30 * day,
                        "year" => 365 * day,
                        _ => return None,
                    };
                if text.ends_with("ago") {
                    total = -total;
                    words.next();
                }
            }
        }
    }
    Some(total)
}

fn df(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "ahHiklmTPt:x:",
        &[("human-readable", 'h'), ("print-type", 'T'), ("inodes", 'i'), ("total", '_')],
    )?
    else {
        return Ok(1);
    };
    let live = &shell.live;
    let (size, used) = live.disk();
    let memory = live.persona.hardware.memory_kib;
    let kind = if live.flavour == Flavour::Redhat { "xfs" } else { "ext4" };
    let mut rows: Vec<(String, &str, u64, u64, &str)> = if live.flavour == Flavour::Busybox {
        vec![
            ("/dev/root".into(), "squashfs", size, size, "/"),
            ("tmpfs".into(), "tmpfs", memory / 2, 48, "/tmp"),
            ("tmpfs".into(), "tmpfs", memory / 2, 0, "/dev"),
        ]
    } else {
        vec![
            ("udev".into(), "devtmpfs", memory / 2 - 30_000, 0, "/dev"),
            ("tmpfs".into(), "tmpfs", memory / 10, 612, "/run"),
            (live.root_device(), kind, size, used, "/"),
            ("tmpfs".into(), "tmpfs", memory / 2, 0, "/dev/shm"),
            ("tmpfs".into(), "tmpfs", 5_120, 0, "/run/lock"),
            ("tmpfs".into(), "tmpfs", memory / 10, 0, "/run/user/0"),
        ]
    };
    if let Some(path) = options.operands.first() {
        let wanted = rows
            .iter()
            .map(|row| row.4)
            .filter(|mount| *mount == "/" || path.starts_with(mount))
            .max_by_key(|mount| mount.len())
            .unwrap_or("/");
        rows.retain(|row| row.4 == wanted);
    }
    let show = |kib: u64| {
        if options.has('h') {
            if kib == 0 { "0".into() } else { human(kib * 1024) }
        } else if options.has('m') {
            (kib / 1024).to_string()
        } else {
            kib.to_string()
        }
    };
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0).max(14);
    let kinds = |text: &str| if options.has('T') { format!(" {text:<8}") } else { String::new() };
    let (size_name, available) = if options.has('h') {
        ("Size", "Avail")
    } else if options.has('m') {
        ("1M-blocks", "Available")
    } else {
        ("1K-blocks", "Available")
    };
    let column = if options.has('h') { 5 } else { 9 };
    let mut out = format!(
        "{:<width$}{} {size_name:>column$} {:>column$} {available:>column$} Use% Mounted on\n",
        "Filesystem",
        kinds("Type"),
        "Used"
    );
    for (device, kind, size, used, mount) in rows {
        let left = (size - used).saturating_sub(if kind == "ext4" { size / 20 } else { 0 });
        let percent = (used * 100).div_ceil((used + left).max(1));
        out.push_str(&format!(
            "{device:<width$}{} {:>column$} {:>column$} {:>column$} {percent:>3}% {mount}\n",
            kinds(kind),
            show(size),
            show(used),
            show(left)
        ));
    }
    shell.out(&out)?;
    Ok(0)
}

fn mount(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).iter().any(|word| !word.starts_with('-')) {
        if shell.fs.credentials.uid != 0 {
            shell.err("mount: must be superuser to use mount.\n")?;
            return Ok(1);
        }
        return Ok(0);
    }
    let text = shell.live.render(Dynamic::Kernel(KernelItem::Mounts), "");
    let lines: String = text
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            match fields.as_slice() {
                [device, point, kind, flags, ..] => format!("{device} on {point} type {kind} ({flags})\n"),
                _ => String::new(),
            }
        })
        .collect();
    shell.out(&lines)?;
    Ok(0)
}

fn tty(shell: &mut Shell, _: &[String]) -> Status {
    match shell.live.facts.tty.clone() {
        Some(tty) => {
            shell.out(&format!("/dev/{tty}\n"))?;
            Ok(0)
        }
        None => {
            shell.out("not a tty\n")?;
            Ok(1)
        }
    }
}

fn locale(shell: &mut Shell, _: &[String]) -> Status {
    let names = [
        "LC_CTYPE",
        "LC_NUMERIC",
        "LC_TIME",
        "LC_COLLATE",
        "LC_MONETARY",
        "LC_MESSAGES",
        "LC_PAPER",
        "LC_NAME",
        "LC_ADDRESS",
        "LC_TELEPHONE",
        "LC_MEASUREMENT",
        "LC_IDENTIFICATION",
    ];
    let lines: String = names.iter().map(|name| format!("{name}=\"en_US.UTF-8\"\n")).collect();
    shell.out(&format!("LANG=en_US.UTF-8\nLANGUAGE=\n{lines}LC_ALL=\n"))?;
    Ok(0)
}

fn lsb_release(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "aidrcsv",
        &[
            ("all", 'a'),
            ("description", 'd'),
            ("release", 'r'),
            ("codename", 'c'),
            ("id", 'i'),
            ("short", 's'),
        ],
    )?
    else {
        return Ok(1);
    };
    let os = &shell.live.persona.os;
    let id = match shell.live.flavour {
        Flavour::Ubuntu => "Ubuntu",
        Flavour::Debian => "Debian",
        _ => "Rocky",
    };
    let rows = [
        ('i', "Distributor ID", id),
        ('d', "Description", os.pretty_name.as_str()),
        ('r', "Release", &os.version),
        ('c', "Codename", &os.codename),
    ];
    let text: String = rows
        .iter()
        .filter(|(letter, _, _)| options.has('a') || options.has(*letter))
        .map(
            |(_, name, value)| {
                if options.has('s') { format!("{value}\n") } else { format!("{name}:\t{value}\n") }
            },
        )
        .collect();
    if !options.has('s') {
        shell.err("No LSB modules are available.\n")?;
    }
    shell.out(&text)?;
    Ok(0)
}

fn hostnamectl(shell: &mut Shell, _: &[String]) -> Status {
    let live = &shell.live;
    let (os, hardware) = (&live.persona.os, &live.persona.hardware);
    let boot = live.fixed(&["boot", &live.persona.booted_at.to_string()]);
    let text = format!(
        " Static hostname: {}\n       Icon name: computer-server\n         Chassis: server\n      Machine ID: {}\n         Boot ID: {:016x}{:016x}\nOperating System: {}\n          Kernel: Linux {}\n    Architecture: {}\n Hardware Vendor: {}\n  Hardware Model: {}\n",
        live.persona.hostname,
        hardware.machine_id,
        boot,
        live.fixed(&["boot low"]),
        os.pretty_name,
        os.kernel,
        os.machine.replace("x86_64", "x86-64"),
        hardware.vendor,
        hardware.product
    );
    shell.out(&text)?;
    Ok(0)
}

fn timedatectl(shell: &mut Shell, _: &[String]) -> Status {
    let live = &shell.live;
    let (now, zone) = (live.now(), &live.persona.zone);
    let utc = netsvc_persona::Zone { name: "UTC".into(), abbreviation: "UTC".into(), offset_minutes: 0 };
    let text = format!(
        "               Local time: {}\n           Universal time: {}\n                 RTC time: {}\n                Time zone: {} ({}, {})\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n",
        strftime("%a %F %T %Z", now, zone),
        strftime("%a %F %T UTC", now, &utc),
        strftime("%a %F %T", now, &utc),
        zone.name,
        zone.abbreviation,
        strftime("%z", now, zone)
    );
    shell.out(&text)?;
    Ok(0)
}

fn vmstat(shell: &mut Shell, _: &[String]) -> Status {
    let memory = shell.live.memory();
    shell.out(&format!("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n 1  0 {:>6} {:>6} {:>6} {:>6}    0    0     4     9   41   66  1  0 99  0  0\n", memory.swap_total - memory.swap_free, memory.free, memory.buffers, memory.cached))?;
    Ok(0)
}

fn dmesg(shell: &mut Shell, _: &[String]) -> Status {
    let version = shell.live.render(Dynamic::Kernel(KernelItem::Version), "");
    let line = shell.live.render(Dynamic::Kernel(KernelItem::CommandLine), "");
    let hardware = &shell.live.persona.hardware;
    let text = format!(
        "[    0.000000] {version}[    0.000000] Command line: {line}[    0.000000] BIOS-provided physical RAM map:\n[    0.000000] DMI: {} {}\n[    0.041207] smpboot: CPU0: {}\n[    0.412318] Memory: {}K/{}K available\n[    1.902113] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.\n[    3.117204] {}: link up\n",
        hardware.vendor,
        hardware.product,
        hardware.cpu,
        hardware.memory_kib - 61_000,
        hardware.memory_kib,
        hardware.interface
    );
    shell.out(&text)?;
    Ok(0)
}

fn sysctl(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    let quiet = rest(arguments).iter().any(|word| word == "-n");
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let (key, value) =
            word.split_once('=').map_or((word.as_str(), None), |(key, value)| (key, Some(value)));
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        match (shell.fs.read_file(&path), value) {
            (_, Some(value)) => shell.out(&format!("{key} = {value}\n"))?,
            (Ok(content), None) => {
                let text = crate::text::decode(&content);
                shell.out(&if quiet { text } else { format!("{key} = {text}") })?;
            }
            (Err(error), None) => {
                shell.err(&format!("sysctl: cannot stat {path}: {error}\n"))?;
                status = 255;
            }
        }
    }
    Ok(status)
}

fn getconf(shell: &mut Shell, arguments: &[String]) -> Status {
    let wide = shell.live.persona.os.machine.contains("64");
    let cpus = shell.live.persona.hardware.cpus;
    let text = match rest(arguments).first().map(String::as_str) {
        Some("LONG_BIT") => if wide { "64" } else { "32" }.to_owned(),
        Some("PAGE_SIZE" | "PAGESIZE") => "4096".into(),
        Some("_NPROCESSORS_ONLN" | "_NPROCESSORS_CONF") => cpus.to_string(),
        Some("ARG_MAX") => "2097152".into(),
        _ => "undefined".into(),
    };
    shell.out(&format!("{text}\n"))?;
    Ok(0)
}

fn clear(shell: &mut Shell, _: &[String]) -> Status {
    shell.out("\x1b[H\x1b[2J\x1b[3J")?;
    Ok(0)
}
