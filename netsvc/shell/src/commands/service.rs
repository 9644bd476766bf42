//! systemctl, service, journalctl, shutdown.

use super::{Run, own, rest};
use crate::{
    interpret::{Flow, Shell, Status},
    live::{Dynamic, strftime},
    text::decode,
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("systemctl", systemctl),
    ("service", service),
    ("journalctl", journalctl),
    ("reboot", shutdown),
    ("shutdown", shutdown),
    ("poweroff", shutdown),
    ("halt", shutdown),
    ("init", init),
    ("telinit", init),
    ("update-rc.d", |_, _| Ok(0)),
    ("chkconfig", |_, _| Ok(0)),
    ("rc-update", |_, _| Ok(0)),
    ("logger", |_, _| Ok(0)),
];

/// Units with what they are, as far as this system has them.
fn units(shell: &Shell) -> Vec<Unit> {
    let mut units = vec![
        ("cron".to_owned(), "Regular background program processing daemon"),
        ("dbus".into(), "D-Bus System Message Bus"),
        ("rsyslog".into(), "System Logging Service"),
        ("systemd-journald".into(), "Journal Service"),
        ("systemd-logind".into(), "User Login Management"),
        ("systemd-udevd".into(), "Rule-based Manager for Device Events and Files"),
    ];
    if shell.flavour() == crate::Flavour::Redhat {
        for unit in &mut units {
            unit.0 = unit.0.replace("cron", "crond");
        }
    }
    let named = shell.live.software().filter(|(_, daemon)| !daemon.unit.is_empty());
    units.extend(named.map(|(_, daemon)| (daemon.unit.to_owned(), daemon.about)));
    units.sort();
    units.dedup();
    units
}

fn systemctl(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour().busybox() {
        shell.complain("systemctl: not found")?;
        return Ok(127);
    }
    let words: Vec<&String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).collect();
    let verb = words.first().map_or("list-units", |word| word.as_str());
    let names: Vec<String> =
        words.iter().skip(1).map(|word| word.trim_end_matches(".service").to_owned()).collect();
    let units = units(shell);
    match verb {
        "list-units" | "list-unit-files" => list_units(shell, &units),
        "daemon-reload" | "daemon-reexec" | "reset-failed" => Ok(0),
        "is-active" | "is-enabled" => query(shell, verb, &names, &units),
        "status" => status(shell, &names, &units),
        "start" | "stop" | "restart" | "reload" | "enable" | "disable" | "mask" | "unmask" => {
            change(shell, verb, &names, &units)
        }
        "reboot" | "poweroff" | "halt" => shutdown(shell, arguments),
        other => {
            shell.err(&format!("Unknown command verb {other}.\n"))?;
            Ok(1)
        }
    }
}

type Unit = (String, &'static str);

/// The unit called `name`; the secure shell's has two names.
fn known<'a>(units: &'a [Unit], name: &str) -> Option<&'a Unit> {
    units.iter().find(|(unit, _)| unit == name || name == "sshd" && unit == "ssh")
}

fn list_units(shell: &mut Shell, units: &[Unit]) -> Status {
    let mut out = String::from("  UNIT                         LOAD   ACTIVE SUB     DESCRIPTION\n");
    for (unit, about) in units {
        out.push_str(&format!("  {:<28} loaded active running {about}\n", format!("{unit}.service")));
    }
    out.push_str(&format!("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n{} loaded units listed. Pass --all to see loaded but inactive units, too.\n", units.len()));
    shell.out(&out)?;
    Ok(0)
}

/// `is-active` and `is-enabled`.
fn query(shell: &mut Shell, verb: &str, names: &[String], units: &[Unit]) -> Status {
    let mut status = 0;
    for name in names {
        let found = known(units, name).is_some();
        let text = match (verb, found) {
            ("is-active", true) => "active",
            ("is-active", false) => "inactive",
            (_, true) => "enabled",
            _ => "disabled",
        };
        if !found {
            status = if verb == "is-active" { 3 } else { 1 };
        }
        shell.out(&format!("{text}\n"))?;
    }
    Ok(status)
}

/// `start`, `enable` and their like: they succeed with units that there are.
fn change(shell: &mut Shell, verb: &str, names: &[String], units: &[Unit]) -> Status {
    for name in names {
        let own_file = shell.fs.exists(&format!("/etc/systemd/system/{name}.service"));
        if known(units, name).is_some() || own_file {
            if verb == "enable" && own_file {
                shell.err(&decode(format!("Created symlink /etc/systemd/system/multi-user.target.wants/{name}.service → /etc/systemd/system/{name}.service.\n").as_bytes()))?;
            }
            continue;
        }
        let of_file = matches!(verb, "enable" | "disable" | "mask" | "unmask");
        let text = if of_file {
            format!("Failed to {verb} unit: Unit file {name}.service does not exist.\n")
        } else {
            let reason = if verb == "stop" { "loaded" } else { "found" };
            format!("Failed to {verb} {name}.service: Unit {name}.service not {reason}.\n")
        };
        shell.err(&text)?;
        return Ok(if of_file { 1 } else { 5 });
    }
    Ok(0)
}

fn status(shell: &mut Shell, names: &[String], units: &[Unit]) -> Status {
    for name in names {
        let Some((unit, about)) = known(units, name) else {
            shell.err(&format!("Unit {name}.service could not be found.\n"))?;
            return Ok(4);
        };
        let live = shell.live.clone();
        let since = strftime(
            "%a %F %T %Z",
            live.persona.clock(live.persona.booted_at) + 9_000_000,
            &live.persona.zone,
        );
        let days = live.uptime() / 86_400;
        let found = live.daemons().find(|(_, daemon)| daemon.unit == unit);
        let (program, slug) = found.map_or((unit.as_str(), unit.as_str()), |(service, daemon)| {
            (daemon.program(), service.slug.as_str())
        });
        let text = format!(
            "● {unit}.service - {about}\n     Loaded: loaded (/lib/systemd/system/{unit}.service; enabled; preset: enabled)\n     Active: active (running) since {since}; {days} days ago\n   Main PID: {pid} ({program})\n      Tasks: 1 (limit: 4620)\n     Memory: 5.6M\n        CPU: 1.204s\n     CGroup: /system.slice/{unit}.service\n",
            pid = live.service_pid(slug)
        );
        shell.out(&decode(text.as_bytes()))?;
    }
    Ok(0)
}

fn service(shell: &mut Shell, arguments: &[String]) -> Status {
    match rest(arguments) {
        [option, ..] if option == "--status-all" => {
            let text: String = units(shell)
                .iter()
                .filter(|(unit, _)| !unit.starts_with("systemd"))
                .map(|(unit, _)| format!(" [ + ]  {unit}\n"))
                .collect();
            shell.out(&text)?;
            Ok(0)
        }
        [name, verb, ..] => {
            let words = ["systemctl".to_owned(), verb.clone(), name.clone()];
            let found = units(shell).iter().any(|(unit, _)| unit == name);
            if !found && shell.flavour().deb() {
                shell.err(&format!("{name}: unrecognized service\n"))?;
                return Ok(1);
            }
            systemctl(shell, &words)
        }
        _ => {
            shell.err(
                "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n",
            )?;
            Ok(1)
        }
    }
}

fn journalctl(shell: &mut Shell, arguments: &[String]) -> Status {
    let text = shell.live.render(Dynamic::SystemLog, "");
    let mut words = rest(arguments).iter().map(String::as_str);
    let mut count = None;
    while let Some(word) = words.next() {
        let value = word.strip_prefix("--lines=").or_else(|| word.strip_prefix("-n"));
        match value {
            // Ten are shown where no number follows.
            Some("") => count = Some(words.next().and_then(|number| number.parse().ok()).unwrap_or(10)),
            Some(number) => count = number.parse().ok().or(count),
            None => {}
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count.unwrap_or(lines.len()));
    let mut out = lines.get(from..).unwrap_or_default().join("\n");
    if !out.is_empty() {
        out.push('\n');
    }
    shell.out(&out)?;
    Ok(0)
}

fn shutdown(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.fs.credentials.uid != 0 {
        shell.err(&format!("{}: must be superuser.\n", own(arguments)))?;
        return Ok(1);
    }
    let later = rest(arguments).iter().any(|word| word.starts_with('+') || word == "-c");
    if later {
        return Ok(0);
    }
    shell.wait(std::time::Duration::from_millis(400))?;
    Err(Flow::Exit(255))
}

fn init(shell: &mut Shell, arguments: &[String]) -> Status {
    match rest(arguments).first().map(String::as_str) {
        Some("0" | "6") => shutdown(shell, arguments),
        _ => Ok(0),
    }
}
