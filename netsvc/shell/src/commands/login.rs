//! Who is here, who was, and for how long the system is up.

use super::{Run, options::options, own, rest};
use crate::{
    flavour::Flavour,
    interpret::{Shell, Status},
    live::{logins, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
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
];

fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        days => format!("{days} days, "),
    };
    if hours == 0 { format!("{days}{minutes} min") } else { format!("{days}{hours:>2}:{minutes:02}") }
}

/// The line of `uptime`, with which `w` and `top` begin too.
pub(super) fn uptime_line(shell: &Shell) -> String {
    let live = &shell.live;
    let (one, five, fifteen) = live.load();
    let load = format!("load average: {one:.2}, {five:.2}, {fifteen:.2}");
    let time = strftime("%H:%M:%S", live.now(), &live.persona.zone);
    let users = u32::from(live.facts.tty.is_some());
    let users = match live.flavour {
        // Routers are built without utmp; musl keeps none.
        Flavour::Busybox => String::new(),
        Flavour::Alpine => "  0 users,".into(),
        _ => {
            // procps says the plural from two on since 4.0, and for everything but one before.
            let plural = users > 1 || users == 0 && live.versions().procps_number() < (4, 0);
            format!("  {users} {},", if plural { "users" } else { "user" })
        }
    };
    format!(" {time} up {},{users}  {load}\n", span(live.uptime()))
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
                let text = if shell.flavour().busybox() {
                    format!("id: unknown user {wanted}\n")
                } else {
                    format!("id: ‘{wanted}’: no such user\n")
                };
                shell.err(&crate::text::decode(text.as_bytes()))?;
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

fn whoami(shell: &mut Shell, arguments: &[String]) -> Status {
    if let Some(extra) = rest(arguments).first().filter(|_| own(arguments) == "whoami") {
        let text = format!("extra operand '{extra}'");
        return super::wording::wrong_use(shell, "whoami", &text, 1);
    }
    let name = super::list::user_name(shell, shell.fs.credentials.uid);
    shell.out(&format!("{name}\n"))?;
    Ok(0)
}

fn groups(shell: &mut Shell, _: &[String]) -> Status {
    id(shell, &["id".into(), "-Gn".into()])
}
