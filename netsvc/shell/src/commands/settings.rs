//! Settings and descriptions of the system as its tools print them.

use super::{Run, options::options, rest};
use crate::{
    Flavour,
    interpret::{Shell, Status},
    live::{Dynamic, KernelItem, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("hostnamectl", hostnamectl),
    ("timedatectl", timedatectl),
    ("dmesg", dmesg),
    ("sysctl", sysctl),
    ("getconf", getconf),
    ("locale", locale),
    ("lsb_release", lsb_release),
];

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
