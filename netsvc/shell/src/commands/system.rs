//! What the system is and how it is doing.

use super::{Run, options::options, rest};
use crate::{
    Flavour,
    interpret::{Shell, Status},
    live::{Dynamic, KernelItem, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("uname", uname),
    ("arch", arch),
    ("hostname", hostname),
    ("nproc", nproc),
    ("date", date),
    ("mount", mount),
    ("umount", umount),
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
        ('o', if shell.live.flavour == Flavour::Alpine { "Linux" } else { "GNU/Linux" }),
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
        Some("-I" | "-i" | "--all-ip-addresses") => {
            let more = persona.place.addresses.iter().map(|own| format!("{} ", own.ip));
            format!("{} {}", persona.ip, more.collect::<String>())
        }
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

fn nproc(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments).iter();
    while let Some(word) = words.next() {
        let text = match word.as_str() {
            "--all" => continue,
            "--ignore" => {
                words.next();
                continue;
            }
            word if word.starts_with("--ignore=") => continue,
            word if word.starts_with("--") && word.len() > 2 => format!("unrecognized option '{word}'"),
            word if word.starts_with('-') && word.len() > 1 => {
                format!("invalid option -- '{}'", word.chars().nth(1).unwrap_or('-'))
            }
            word => format!("extra operand '{word}'"),
        };
        return super::wording::wrong_use(shell, "nproc", &text, 1);
    }
    let cpus = shell.live.persona.hardware.cpus;
    shell.out(&format!("{cpus}\n"))?;
    Ok(0)
}

/// Whether `date` counts the hours to 24 by itself: BusyBox's does, and `en_US` of older C libraries had it so.
fn has_24_hours(shell: &Shell) -> bool {
    let older = ["centos6", "centos7", "debian9", "ubuntu1804"];
    shell.flavour().busybox() || older.contains(&shell.live.persona.os.id.as_str())
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
    let digits = |word: &&String| word.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let settable = |word: &&String| digits(word) && matches!(word.len(), 8 | 10 | 11 | 12 | 13 | 15);
    if let Some(wrong) = options.operands.iter().find(|word| !word.starts_with('+') && !settable(word)) {
        let text = if shell.flavour().busybox() {
            format!("date: invalid date '{wrong}'\n")
        } else {
            format!("date: invalid date {}\n", super::wording::quoted(wrong))
        };
        shell.err(&text)?;
        return Ok(1);
    }
    if let Some(text) = options.value('d') {
        at = match text.strip_prefix('@').map(str::parse::<i64>) {
            Some(Ok(seconds)) => seconds.saturating_mul(1_000_000),
            _ => match super::moment::moment(text, at, &shell.live.persona.zone, false) {
                Some(moment) => moment,
                None => {
                    let (open, close) = if shell.flavour().busybox() { ("'", "'") } else { ("‘", "’") };
                    let text = format!("date: invalid date {open}{text}{close}\n");
                    shell.err(&crate::text::decode(text.as_bytes()))?;
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
        None if has_24_hours(shell) => "%a %b %e %H:%M:%S %Z %Y",
        None => "%a %b %e %I:%M:%S %p %Z %Y",
    };
    let text = strftime(format, at, &zone);
    shell.out(&format!("{text}\n"))?;
    Ok(0)
}

fn umount(shell: &mut Shell, arguments: &[String]) -> Status {
    let busybox = shell.flavour().busybox();
    let Some(path) = rest(arguments).iter().find(|word| !word.starts_with('-')).cloned() else {
        if rest(arguments).iter().any(|word| word == "-a") {
            return Ok(0);
        }
        if busybox {
            return super::help::usage(shell, "umount").map(|()| 1);
        }
        shell.err("umount: bad usage\nTry 'umount --help' for more information.\n")?;
        return Ok(1);
    };
    let mounts = shell.live.render(Dynamic::Kernel(KernelItem::Mounts), "");
    let known = mounts.lines().any(|line| line.split(' ').take(2).any(|field| field == path));
    if known {
        return Ok(0);
    }
    let text = match (shell.fs.lstat(&path), busybox) {
        (Err(error), true) => format!("umount: can't unmount {path}: {error}\n"),
        (Ok(_), true) => format!("umount: can't unmount {path}: Invalid argument\n"),
        (Err(_), false) => format!("umount: {path}: no mount point specified.\n"),
        (Ok(_), false) => format!("umount: {path}: not mounted.\n"),
    };
    shell.err(&text)?;
    Ok(if busybox { 1 } else { 32 })
}

fn mount(shell: &mut Shell, arguments: &[String]) -> Status {
    let operands: Vec<&String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).collect();
    if let ([only], true) = (operands.as_slice(), rest(arguments).len() == 1) {
        let text = if shell.flavour().busybox() {
            format!("mount: can't find {only} in /etc/fstab\n")
        } else {
            format!("mount: {only}: can't find in /etc/fstab.\n")
        };
        shell.err(&text)?;
        return Ok(1);
    }
    if !operands.is_empty() {
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
