//! Nodes on which people work: what each view tells of it agrees with all others, on ten days of fifty nodes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a view that is another one ends the test here"
)]

use crate::{persona, services, shell_on};
use netsvc_persona::{
    Persona, Secret, User,
    routine::{DAY, Duty, Family, Hours, MINUTE, Routine, Way},
    subkey,
};
use netsvc_shell::{ShellHost, Stream, fs::OverlayStore};
use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// 2026-03-02, a Monday.
const MONDAY: i64 = 20_514;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn key(labels: &[&str]) -> Secret {
    Secret(hex_of(&subkey::bytes(b"test", labels)))
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The node at `place`: two people work on it, root among them.
fn lived(place: u8) -> Persona {
    let node = place.to_string();
    let way = |name: &str, account: &str, home: &str| Way {
        key: key(&["way", &node, name]),
        account: account.into(),
        home: home.into(),
        from: IpAddr::from([10, 1, 2, 100 + place % 50]),
        onward: (name == "on").then(|| "db01".into()),
        hours: Hours { from: 8 * 60, to: 17 * 60 },
        zone_minutes: 0,
        often: 170,
        weekend: 15,
    };
    let mut persona = persona("debian12");
    persona.node = format!("web-{place}");
    persona.subkey = key(&["node", &node]);
    persona.hardware.machine_id = persona.subkey.0.chars().take(32).collect();
    persona.clock_offset_ms = i64::from(place) * 37;
    persona.users.push(User {
        name: "bob".into(),
        full_name: "bob".into(),
        uid: 1001,
        home: "/home/bob".into(),
        shell: "/bin/bash".into(),
        password: None,
    });
    persona.routine = Routine {
        key: key(&["routine", &node]),
        duty: Duty::Web,
        system: Family::Debian,
        unit: "nginx".into(),
        ways: vec![
            way("one", "anna", "/home/anna"),
            way("on", "bob", "/home/bob"),
            way("root", "root", "/root"),
        ],
        readers: vec![IpAddr::from([10, 1, 2, 201])],
        pages: 8,
        share: "/srv/share".into(),
        sharer: "anna".into(),
        ..Routine::default()
    };
    persona
}

fn node(place: u8) -> (ShellHost, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(0));
    let read = clock.clone();
    let now = move || read.load(Ordering::Relaxed);
    let host = ShellHost::new(Arc::new(lived(place)), Arc::new(OverlayStore::in_memory()), Arc::new(now));
    (host.with_services(services()), clock)
}

/// What commands print for root without a terminal.
fn said(host: &ShellHost, line: &str) -> String {
    String::from_utf8(shell_on(host, "root", false).exec(line, Some(b"")).bytes(Stream::Out)).unwrap()
}

/// A login, as `last` and the log tell of it: account, address, minute of the month, whether it is over.
type Seen = (String, String, i64, bool);

fn minute(day: &str, time: &str) -> i64 {
    let (hour, minute) = time.split_once(':').unwrap();
    let number = |text: &str| text.parse::<i64>().unwrap();
    (number(day) * 24 + number(hour)) * 60 + number(minute)
}

/// Lines of `last` of the month that is called `month`.
fn of_last(text: &str, month: &str) -> Vec<Seen> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows = text.lines().take_while(|line| !line.is_empty()).map(words).filter(|row| row[0] != "reboot");
    let rows = rows.filter(|row| row[4] == month);
    rows.map(|row| {
        let over = !row.join(" ").contains("still logged in");
        (row[0].clone(), row[2].clone(), minute(&row[5], &row[6]), over)
    })
    .collect()
}

/// Logins of the log: each with the process that let it in, and whether that closed it.
fn of_log(text: &str) -> Vec<Seen> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    for line in lines.iter().filter(|line| line.contains(": Accepted password for ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let process = words[2];
        let closed = format!("{process} pam_unix(sshd:session): session closed for user {}", words[6]);
        let over = lines.iter().any(|line| line.ends_with(&closed));
        out.push((words[6].to_owned(), words[8].to_owned(), minute(&line[8..10], &line[11..16]), over));
    }
    out
}

#[test]
fn what_people_did_is_told_by_all_views_alike() {
    let (mut logins, mut there, mut changed) = (0, 0, 0);
    for place in 0..50_u8 {
        let (host, clock) = node(place);
        for day in 0..10_i64 {
            // Mostly while people work, and now and then at night.
            let hour = 7 + (i64::from(place) * 7 + day * 5) % 13;
            clock.store((MONDAY + day) * DAY + hour * 60 * MINUTE + 11 * MINUTE, Ordering::Relaxed);
            let text = said(
                &host,
                "last; echo ===; cat /var/log/auth.log; echo ===; who | wc -l; echo ===; ps aux | grep -c '[p]riv'",
            );
            let parts: Vec<&str> = text.split("===\n").collect();
            let (last, log) = (of_last(parts[0], MONTHS[2]), of_log(parts[1]));
            let begun = parts[1].lines().next().map_or(i64::MAX, |line| minute(&line[8..10], &line[11..16]));
            let recent: Vec<&Seen> = last.iter().filter(|one| begun + 1 < one.2).collect();
            for one in &recent {
                let fits = |other: &&Seen| {
                    (&other.0, &other.1, other.3) == (&one.0, &one.1, one.3)
                        && (0..2).contains(&(one.2 - other.2))
                };
                assert!(log.iter().any(|other| fits(&other)), "{one:?} is not in the log:\n{}", parts[1]);
            }
            assert!(log.len() <= recent.len() + 1, "{log:?} {recent:?}");
            let open = last.iter().filter(|one| !one.3).count();
            assert_eq!(parts[2].trim(), open.to_string(), "who: {text}");
            assert_eq!(parts[3].trim(), open.to_string(), "ps: {text}");
            let times: Vec<&str> = parts[1].lines().map(|line| &line[..26]).collect();
            assert!(times.is_sorted(), "{times:?}");
            logins += recent.len();
            there += open;
            changed += files_agree(&host, &clock);
        }
    }
    assert!(logins > 2_000 && there > 20 && changed > 200, "{logins} {there} {changed}");
}

/// Looks at what people of a node keep; says how many files that are.
fn files_agree(host: &ShellHost, clock: &AtomicI64) -> usize {
    let now = clock.load(Ordering::Relaxed) / 1_000_000 + 5;
    let text = said(
        host,
        "for f in /home/*/* /root/*.* /home/*/.bash_history /srv/share/*; do stat -c '%Y %n' $f; tail -n 1 $f; done",
    );
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = 0;
    for pair in lines.chunks(2).filter(|pair| pair.len() == 2) {
        let Some((at, path)) = pair[0].split_once(' ') else { continue };
        let Ok(at) = at.parse::<i64>() else { continue };
        assert!(at <= now, "{path} is of the future");
        // What is written in a file says on which day it was.
        let days = at / 86_400;
        let (year, month, day) = netsvc_persona::routine::civil(days);
        if pair[1].contains("2026-") {
            seen += 1;
            assert!(pair[1].contains(&format!("{year}-{month:02}-{day:02}")), "{path}: {} {at}", pair[1]);
        }
    }
    seen
}

#[test]
fn a_history_is_as_old_as_the_last_logout_and_tells_what_was_changed() {
    let mut looked = 0;
    for place in 0..8 {
        let (host, clock) = node(place);
        // Friday evening: nobody is there any more.
        clock.store((MONDAY + 4) * DAY + 21 * 60 * MINUTE, Ordering::Relaxed);
        assert_eq!(said(&host, "who"), "");
        let log = said(&host, "grep 'closed for user anna' /var/log/auth.log | grep sshd | tail -n 1");
        if log.is_empty() {
            // She was away this week.
            continue;
        }
        looked += 1;
        let written = said(&host, "stat -c %Y /home/anna/.bash_history");
        let at = written.trim().parse::<i64>().unwrap() % 86_400;
        let told = format!("T{:02}:{:02}:{:02}", at / 3600, at / 60 % 60, at % 60);
        assert!(log.contains(&told), "{log} {told}");
        let history = said(&host, "cat /home/anna/.bash_history");
        assert!(history.lines().count() > 20, "{history}");
        for name in said(&host, "ls /home/anna").lines() {
            let changes = |line: &&str| line.starts_with("vi ") || line.starts_with("nano ");
            assert!(history.lines().filter(changes).any(|line| line.ends_with(name)), "{name}: {history}");
        }
        assert!(said(&host, "cat /home/bob/.bash_history").contains("ssh db01\n"));
    }
    assert!(looked >= 4, "{looked}");
}

#[test]
fn who_comes_gets_a_terminal_that_nobody_has_and_keeps_it() {
    let (host, clock) = node(5);
    let mut met = 0;
    for day in 0..5 {
        for hour in 8..17 {
            clock.store((MONDAY + day) * DAY + hour * 60 * MINUTE, Ordering::Relaxed);
            let mut own = shell_on(&host, "root", true);
            let mut out = |line: &str| String::from_utf8(own.run_line(line).bytes(Stream::Out)).unwrap();
            let who = out("who");
            let ttys: Vec<String> =
                who.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect();
            let distinct: BTreeSet<&String> = ttys.iter().collect();
            assert_eq!(distinct.len(), ttys.len(), "{who}");
            let tty = out("tty");
            assert!(ttys.iter().any(|other| format!("/dev/{other}\n") == tty), "{who} {tty}");
            met += ttys.len() - 1;
            assert_eq!(out("ls /dev/pts | grep -vc ptmx").trim(), ttys.len().to_string());
            let users = if ttys.len() == 1 { "1 user,".to_owned() } else { format!("{} users,", ttys.len()) };
            assert!(out("uptime").contains(&users));
        }
    }
    assert!(met > 0);
}

#[test]
fn jobs_and_pages_are_in_their_logs() {
    let (host, clock) = node(7);
    clock.store((MONDAY + 3) * DAY + 15 * 60 * MINUTE, Ordering::Relaxed);
    for (line, least) in [
        ("grep -c 'CMD (   cd / && run-parts --report /etc/cron.hourly)' /var/log/syslog", 70),
        ("grep -c 'Finished apt-daily.service - Daily apt download activities.' /var/log/syslog", 6),
        ("grep -c 'pam_unix(cron:session): session opened' /var/log/auth.log", 70),
        ("grep -c 'GET /' /var/log/apache2/access.log", 10),
        ("grep -c 'COMMAND=/usr/bin/' /var/log/auth.log", 1),
        ("wc -l < /var/log/syslog.1", 100),
    ] {
        let count: i64 = said(&host, line).trim().parse().unwrap_or(-1);
        assert!(count >= least, "{line}: {count}");
    }
    let both = said(&host, "grep -o 'CRON.[0-9]*' /var/log/syslog | sort -u | wc -l");
    let auth = said(&host, "grep -o 'CRON.[0-9]*' /var/log/auth.log | sort -u | wc -l");
    assert_eq!(both, auth);
    let stamp = said(&host, "stat -c %Y /var/lib/apt/periodic/update-stamp").trim().parse::<i64>().unwrap();
    assert!(stamp > (MONDAY + 3) * 86_400 - 86_400, "{stamp}");
}
