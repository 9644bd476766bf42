//! Who is here, who was, and for how long the system is up.

use super::{Run, options::options, own, rest};
use crate::{
    flavour::Flavour,
    interpret::{Shell, Status},
    live::{Login, logins, present, strftime},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("uptime", uptime),
    ("w", w),
    ("who", who),
    ("users", who),
    ("last", last),
    ("lastlog", lastlog),
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
    let users = present(live).len();
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

/// How long nothing came from a terminal, as procps writes it.
fn idle(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}.00s"),
        60..3_600 => format!("{:2}:{:02} ", seconds / 60, seconds % 60),
        3_600..172_800 => format!("{:2}:{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}days", seconds / 86_400),
    }
}

fn w(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let (switches, names): (Vec<&String>, Vec<&String>) =
        rest(arguments).iter().partition(|word| word.starts_with('-'));
    let has = |letter: char| switches.iter().any(|word| !word.starts_with("--") && word.contains(letter));
    let mut out = String::new();
    if !has('h') {
        out = uptime_line(shell) + "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n";
    }
    let shown = |login: &Login| names.is_empty() || names.iter().any(|name| **name == login.user);
    for login in present(live).into_iter().filter(shown) {
        let own = Some(&login.tty) == live.facts.tty.as_ref();
        let since = (live.now() - login.start) / 1_000_000;
        let at = if since < 43_200 { "%H:%M" } else { "%a%H" };
        let at = strftime(at, login.start, &live.persona.zone);
        let last = login.lines.last();
        let goes_on = last.filter(|line| live.now() < line.until).map(|line| line.text.as_str());
        let typed = last.map_or(since, |line| (live.now() - line.at) / 1_000_000);
        let (quiet, what) = if own { (0, "w") } else { (typed, goes_on.unwrap_or("-bash")) };
        out.push_str(&format!(
            "{:<8} {:<8} {:<16} {at:<7} {:>6}  0.03s  0.00s {what}\n",
            login.user,
            login.tty,
            login.from,
            idle(quiet)
        ));
    }
    shell.out(&out)?;
    Ok(0)
}

fn who(shell: &mut Shell, arguments: &[String]) -> Status {
    let live = &shell.live;
    let words: Vec<&str> = rest(arguments).iter().map(String::as_str).collect();
    let there = present(live);
    let zone = &live.persona.zone;
    let line = |login: &Login| {
        let at = strftime("%F %H:%M", login.start, zone);
        format!("{:<8} {:<12} {at} ({})\n", login.user, login.tty, login.from)
    };
    let has = |letter: char, long: &str| {
        words.iter().any(|word| {
            *word == long || !word.starts_with("--") && word.starts_with('-') && word.contains(letter)
        })
    };
    let names: Vec<&str> = there.iter().map(|login| login.user.as_str()).collect();
    let out = if own(arguments) == "users" {
        let mut sorted = names;
        sorted.sort_unstable();
        if sorted.is_empty() { String::new() } else { format!("{}\n", sorted.join(" ")) }
    } else if has('q', "--count") {
        format!("{}\n# users={}\n", names.join(" "), names.len())
    } else if has('b', "--boot") {
        let boot = live.persona.clock(live.persona.booted_at);
        format!("         system boot  {}\n", strftime("%F %H:%M", boot, zone))
    } else {
        let mine = |login: &&Login| Some(&login.tty) == live.facts.tty.as_ref();
        let head =
            if has('H', "--heading") { "NAME     LINE         TIME             COMMENT\n" } else { "" };
        let lines: String = if has('m', "-m") || words.len() == 2 {
            there.iter().filter(mine).map(line).collect()
        } else {
            there.iter().map(line).collect()
        };
        format!("{head}{lines}")
    };
    shell.out(&out)?;
    Ok(0)
}

/// The latest login of each account.
fn lastlog(shell: &mut Shell, _: &[String]) -> Status {
    let passwd = crate::text::decode(&shell.fs.read_file("/etc/passwd").unwrap_or_default());
    let live = &shell.live;
    let all = logins(live);
    let mut out = "Username         Port     From                                       Latest\n".to_owned();
    for name in passwd.lines().filter_map(|line| line.split(':').next()) {
        out.push_str(&match all.iter().find(|login| login.user == name) {
            Some(login) => {
                let at = strftime("%a %b %e %H:%M:%S %z %Y", login.start, &live.persona.zone);
                format!("{name:<16} {:<8} {:<42} {at}\n", login.tty, login.from)
            }
            None => format!("{name:<16} {:<51} **Never logged in**\n", ""),
        });
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
    let names: Vec<&String> = rest(arguments)
        .iter()
        .filter(|word| !word.starts_with('-') && word.parse::<u32>().is_err())
        .collect();
    let unsaid = live.persona.routine.is_unknown();
    let begin = if unsaid { live.persona.installed_at } else { live.past().begin };
    let mut lines: Vec<(i64, String)> = Vec::new();
    let shown = |login: &&Login| {
        let tty = login.tty.trim_start_matches("pts/");
        names.is_empty()
            || names.iter().any(|name| **name == login.user || **name == login.tty || *name == tty)
    };
    for login in logins(live).iter().filter(shown) {
        let start = strftime("%a %b %e %H:%M", login.start, zone);
        let end = match login.end {
            None => "  still logged in".to_owned(),
            Some(end) => {
                let minutes = (end - login.start) / 60_000_000;
                format!(" - {}  ({:02}:{:02})", strftime("%H:%M", end, zone), minutes / 60, minutes % 60)
            }
        };
        let line = format!("{:<8} {:<12} {:<16} {start}{end}\n", login.user, login.tty, login.from);
        lines.push((login.start, line));
    }
    let boot = live.persona.clock(live.persona.booted_at);
    let booted = names.is_empty() || names.iter().any(|name| *name == "reboot");
    if booted && (unsaid || begin <= boot) {
        let line = format!(
            "reboot   system boot  {:<16} {}   still running\n",
            crate::text::head(&live.persona.os.kernel, 16),
            strftime("%a %b %e %H:%M", boot, zone),
        );
        lines.push((boot, line));
    }
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut out: String = lines.into_iter().take(most).map(|(_, line)| line).collect();
    out.push_str(&format!("\nwtmp begins {}\n", strftime("%a %b %e %H:%M:%S %Y", begin, zone)));
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
        let text = format!("extra operand {}", super::wording::quoted(extra));
        return super::wording::wrong_use(shell, "whoami", &text, 1);
    }
    let name = super::list::user_name(shell, shell.fs.credentials.uid);
    shell.out(&format!("{name}\n"))?;
    Ok(0)
}

fn groups(shell: &mut Shell, _: &[String]) -> Status {
    id(shell, &["id".into(), "-Gn".into()])
}
