//! What somebody types between login and logout, and what it changes.

use super::{
    DAY, Edit, Family, Line, MINUTE, Routine, Session, Way,
    hours::{Visit, below, choose, civil, day_of, moment},
    texts::{self, Kept},
};
use crate::subkey;
use rand_core::RngCore;

/// µs.
const SECOND: i64 = 1_000_000;
/// Most lines of a login.
const LINES: i64 = 16;
/// Files that somebody keeps on a machine.
const FILES: usize = 3;

/// The login that a visit is on this node.
pub(super) fn session(routine: &Routine, way: &Way, day: i64, visit: Visit) -> Session {
    let key = way.key.hex_bytes().unwrap_or_default();
    let side = if way.onward.is_some() { "here" } else { "there" };
    let mut random = subkey::generator(&key, &[side, &day.to_string(), &visit.number.to_string()]);
    let (mut start, mut end) = (visit.start, visit.end);
    if way.onward.is_some() {
        // Who goes on has come before, and leaves after.
        start -= (25 + below(&mut random, 600)) * SECOND + below(&mut random, 1_000_000);
        end += (3 + below(&mut random, 500)) * SECOND + below(&mut random, 1_000_000);
    }
    let mut session = Session {
        account: way.account.clone(),
        home: way.home.clone(),
        from: way.from,
        port: u16::try_from(32_768 + below(&mut random, 28_000)).unwrap_or(40_000),
        start,
        end,
        lines: Vec::new(),
    };
    if let Some(onward) = &way.onward {
        // The other side lets him in some seconds later, after he has typed his password.
        let asked = (visit.start - (3 + below(&mut random, 5)) * SECOND).max(start + SECOND);
        let mut typist = Typist::new(routine, way, &mut random);
        typist.type_between(&mut session.lines, start, asked);
        let text = format!("ssh {onward}");
        let folder = typist.folder.clone();
        let line = Line { at: asked, until: visit.end, text, folder, elevated: String::new(), edit: None };
        session.lines.push(line);
        typist.type_between(&mut session.lines, visit.end, end);
    } else {
        Typist::new(routine, way, &mut random).type_between(&mut session.lines, start, end);
    }
    if !random.next_u32().is_multiple_of(3) {
        let folder = session.lines.last().map_or(&way.home, |line| &line.folder).clone();
        let at = end - 200_000;
        let (text, elevated) = ("exit".to_owned(), String::new());
        session.lines.push(Line { at, until: at, text, folder, elevated, edit: None });
    }
    session
}

/// Somebody at his terminal.
struct Typist<'a, R> {
    routine: &'a Routine,
    way: &'a Way,
    random: &'a mut R,
    commands: Vec<&'static str>,
    folder: String,
}

impl<'a, R: RngCore> Typist<'a, R> {
    fn new(routine: &'a Routine, way: &'a Way, random: &'a mut R) -> Self {
        let commands = texts::commands(routine.duty, routine.system);
        Typist { routine, way, random, commands, folder: way.home.clone() }
    }

    /// Types some commands between two moments. Each begins when the one before it is over.
    fn type_between(&mut self, lines: &mut Vec<Line>, from: i64, to: i64) {
        let room = to - from - 8 * SECOND;
        if room < 5 * SECOND {
            return;
        }
        let most = (1 + room / (2 * MINUTE)).min(LINES);
        let count = 1 + below(self.random, u32::try_from(most).unwrap_or(1));
        let weights: Vec<i64> = (0..=count).map(|_| 1 + below(self.random, 20)).collect();
        let all: i64 = weights.iter().sum();
        let (mut at, mut before) = (from + 4 * SECOND, "");
        for weight in weights.iter().take(usize::try_from(count).unwrap_or(0)) {
            let next = at + room * weight / all.max(1);
            // Nobody types the same twice in a row.
            let drawn = choose(self.random, &self.commands).unwrap_or("ls");
            if drawn != before {
                lines.push(self.line(drawn, at, next));
            }
            (at, before) = (next, drawn);
        }
    }

    /// The line that a template is, typed at a moment; the next one is typed at `next`.
    fn line(&mut self, template: &str, at: i64, next: i64) -> Line {
        if template == "{edit}" {
            return self.edit(at, next);
        }
        let log = match self.routine.system {
            Family::Redhat | Family::Yum => "/var/log/messages",
            Family::Debian | Family::Alpine => "/var/log/syslog",
        };
        let text = template.replace("{unit}", &self.routine.unit).replace("{log}", log);
        let text = if self.routine.unit == "httpd" { text.replace("access.log", "access_log") } else { text };
        let text = match text.strip_prefix("sudo ") {
            Some(rest) if self.way.account == "root" => rest.to_owned(),
            _ => text,
        };
        let folder = self.folder.clone();
        let elevated = text.strip_prefix("sudo ").map(elevated).unwrap_or_default();
        if let Some(target) = text.strip_prefix("cd") {
            let target = target.trim();
            self.folder = if target.is_empty() { self.way.home.clone() } else { target.to_owned() };
        }
        Line { at, until: at, text, folder, elevated, edit: None }
    }

    /// A change of a file of his own, if there is time for one.
    fn edit(&mut self, at: i64, next: i64) -> Line {
        let kept = own(self.routine, &self.way.account);
        let Some((name, head, texts)) = choose(self.random, &kept) else {
            return self.line("ls", at, next);
        };
        let shown = if self.folder == self.way.home { name.to_owned() } else { format!("~/{name}") };
        let folder = self.folder.clone();
        let room = next - at;
        let editor = choose(self.random, &["vi", "nano", "vi"]).unwrap_or("vi");
        let word = choose(self.random, texts).unwrap_or_default();
        let part = 50 + below(self.random, 40);
        if room < 20 * SECOND {
            let text = format!("ls -l {shown}");
            return Line { at, until: at, text, folder, elevated: String::new(), edit: None };
        }
        let saved = at + room * part / 100;
        let edit = Edit {
            at: saved,
            owner: self.way.account.clone(),
            path: format!("{}/{name}", self.way.home.trim_end_matches('/')),
            head: head.to_owned(),
            text: filled(word, saved, self.way.zone_minutes, self.random),
        };
        let (until, text) = (saved + SECOND / 2, format!("{editor} {shown}"));
        Line { at, until, text, folder, elevated: String::new(), edit: Some(edit) }
    }
}

/// The files that somebody keeps on a machine.
fn own(routine: &Routine, account: &str) -> Vec<Kept> {
    let key = routine.key.hex_bytes().unwrap_or_default();
    let mut random = subkey::generator(&key, &["kept", account]);
    some(texts::OWN, FILES, &mut random)
}

/// Some of a table, in its order.
fn some(table: &[Kept], count: usize, random: &mut impl RngCore) -> Vec<Kept> {
    let mut left: Vec<Kept> = table.to_vec();
    while count < left.len() {
        let place = random.next_u32() as usize % left.len();
        left.remove(place);
    }
    left
}

/// `text` with the day of `at` and a number in their places.
fn filled(text: &str, at: i64, zone_minutes: i32, random: &mut impl RngCore) -> String {
    let (year, month, day) = civil(day_of(at, zone_minutes));
    let number = 10 + below(random, 90);
    text.replace("{date}", &format!("{year}-{month:02}-{day:02}")).replace("{n}", &number.to_string())
}

/// What `sudo` writes of a command: the program with its path, and what follows up to a pipe.
fn elevated(command: &str) -> String {
    let command = command.split(" | ").next().unwrap_or(command);
    let program = command.split(' ').next().unwrap_or(command);
    let folder = if ["ss", "ip", "iptables"].contains(&program) { "/usr/sbin" } else { "/usr/bin" };
    format!("{folder}/{command}")
}

/// What colleagues change in the share of a node on a day, in the order of time.
pub(super) fn shared(routine: &Routine, day: i64, is_free: bool) -> Vec<Edit> {
    if routine.share.is_empty() {
        return Vec::new();
    }
    let key = routine.key.hex_bytes().unwrap_or_default();
    let kept = some(texts::SHARED, 5, &mut subkey::generator(&key, &["share"]));
    let mut random = subkey::generator(&key, &["shared", &day.to_string()]);
    let count = if is_free { below(&mut random, 8) / 7 } else { 2 + below(&mut random, 9) };
    let (from, to) = (i64::from(routine.hours.from), i64::from(routine.hours.to));
    let mut out = Vec::new();
    for _ in 0..count {
        let minute = from + below(&mut random, u32::try_from(to - from).unwrap_or(1));
        let at = moment(day, routine.zone_minutes, minute, &mut random);
        let Some((name, head, texts)) = choose(&mut random, &kept) else { continue };
        let word = choose(&mut random, texts).unwrap_or_default();
        out.push(Edit {
            at,
            owner: routine.sharer.clone(),
            path: format!("{}/{name}", routine.share.trim_end_matches('/')),
            head: head.to_owned(),
            text: filled(word, at, routine.zone_minutes, &mut random),
        });
    }
    out.sort_by_key(|edit| edit.at);
    debug_assert!(out.iter().all(|edit| edit.at < (day + 2) * DAY));
    out
}
