//! `ps`: which processes, in which columns. Options of both families are read (ps(1)).

use super::{
    Run, own,
    ps_columns::{Column, Source},
    rest,
};
use crate::{
    flavour::Flavour,
    interpret::{Flow, Shell, Status},
    live::Process,
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("ps", ps)];

/// All processes and the command itself.
pub(super) fn all(shell: &mut Shell, arguments: &[String]) -> Vec<Process> {
    let mut list = shell.live.processes();
    let now = shell.live.now();
    let tty = shell.live.facts.tty.clone().unwrap_or_else(|| "?".into());
    let pid = shell.new_pid();
    let user = super::list::user_name(shell, shell.fs.credentials.uid);
    list.push(Process {
        pid,
        parent: shell.live.shell_pid,
        user,
        tty,
        state: "R+",
        started: now,
        ticks: 0,
        virtual_kib: 10_600,
        resident_kib: 4_400,
        command: arguments.join(" "),
    });
    list
}

/// Columns of a format that has a name.
fn preset(style: Style) -> &'static str {
    match style {
        Style::Names => "pid,tname,time,comm=CMD",
        Style::Full => "user=UID,pid,ppid,c,stime,tname,time,cmd",
        Style::Long => "f,s,uid,pid,ppid,c,pri,ni,addr,sz,wchan,tname,time,comm=CMD",
        Style::Users => "user,pid,%cpu,%mem,vsz,rss,tname,stat,start_time,bsdtime,args",
        Style::States => "pid,tname,stat,bsdtime,args",
        Style::BsdLong => "f,uid,pid,ppid,pri,ni,vsz,rss,wchan,stat,tname,bsdtime,args",
        Style::Jobs => "pid,pgid,sid,tname,time,comm=CMD",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Names,
    Full,
    Long,
    Users,
    States,
    BsdLong,
    Jobs,
}

/// What was asked for.
#[derive(Debug, Default)]
struct Asked {
    every: bool,
    with_terminal: bool,
    without_terminal: bool,
    bsd: bool,
    pids: Vec<u32>,
    names: Vec<String>,
    users: Vec<String>,
    terminals: Vec<String>,
    style: Option<Style>,
    formats: Vec<String>,
    sort: Vec<String>,
    no_titles: bool,
    wrong: Option<String>,
}

/// Options of the first family that take a value, in the second one too if they are in `BSD_VALUES`.
const VALUES: &str = "oOpCuUtGgsq";
const BSD_VALUES: &str = "oOpUtkq";

impl Asked {
    fn read(words: &[String]) -> Asked {
        let mut asked = Asked::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                asked.long(long, &mut words);
            } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                // `-aux` and `-x` are of the other family, since there is no such user.
                if letters.contains('x') && letters.chars().all(|letter| "auxwfeh".contains(letter)) {
                    asked.letters(letters, true, &mut words);
                } else if letters.chars().all(|digit| digit.is_ascii_digit()) {
                    asked.pids.extend(letters.parse::<u32>());
                } else {
                    asked.letters(letters, false, &mut words);
                }
            } else if word.starts_with(|first: char| first.is_ascii_digit()) {
                asked.pids.extend(list(word).filter_map(|part| part.parse::<u32>().ok()));
                asked.bsd = true;
            } else {
                asked.letters(word, true, &mut words);
            }
        }
        asked
    }

    fn long(&mut self, option: &str, words: &mut std::slice::Iter<'_, String>) {
        let (name, inline) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value.to_owned())));
        let mut value = || inline.clone().or_else(|| words.next().cloned()).unwrap_or_default();
        match name {
            "no-headers" | "no-heading" | "noheader" | "noheaders" | "no-heade" | "no-header" => {
                self.no_titles = true;
            }
            "sort" => self.sort.extend(list(&value()).map(str::to_owned)),
            "format" => self.formats.push(value()),
            "pid" => self.pids.extend(list(&value()).filter_map(|part| part.parse::<u32>().ok())),
            "ppid" | "group" | "Group" | "sid" | "cols" | "columns" | "width" | "rows" | "lines" => {
                value();
            }
            "user" | "User" => self.users.extend(list(&value()).map(str::to_owned)),
            "tty" => self.terminals.extend(list(&value()).map(str::to_owned)),
            "forest" | "headers" | "cumulative" | "deselect" => {}
            _ => self.wrong = Some("unknown gnu long option".into()),
        }
    }

    fn letters(&mut self, letters: &str, bsd: bool, words: &mut std::slice::Iter<'_, String>) {
        self.bsd |= bsd;
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let takes = if bsd { BSD_VALUES } else { VALUES };
            if takes.contains(letter) {
                let inline: String = letters.by_ref().collect();
                let value = if inline.is_empty() { words.next().cloned() } else { Some(inline) };
                let Some(value) = value else {
                    self.wrong = Some(format!("list of {} must follow -{letter}", listed(letter)));
                    return;
                };
                self.valued(letter, &value);
            } else if !self.plain(letter, bsd) {
                let kind = if bsd { "unsupported option (BSD syntax)" } else { "unsupported SysV option" };
                self.wrong = Some(kind.into());
            }
        }
    }

    fn valued(&mut self, letter: char, value: &str) {
        match letter {
            'o' => self.formats.push(value.into()),
            'O' => self.formats.push(format!("pid,{value},state,tname,time,args")),
            'p' | 'q' => self.pids.extend(list(value).filter_map(|part| part.parse::<u32>().ok())),
            'C' => self.names.extend(list(value).map(str::to_owned)),
            'u' | 'U' => self.users.extend(list(value).map(str::to_owned)),
            't' => self.terminals.extend(list(value).map(str::to_owned)),
            'k' => self.sort.extend(list(value).map(str::to_owned)),
            _ => {}
        }
    }

    fn plain(&mut self, letter: char, bsd: bool) -> bool {
        match (letter, bsd) {
            ('e' | 'A', false) => self.every = true,
            ('a', _) => self.with_terminal = true,
            ('x', true) => self.without_terminal = true,
            ('d', false) => self.every = true,
            ('f' | 'F', false) => self.style = Some(Style::Full),
            ('l', false) => self.style = Some(Style::Long),
            ('j', _) => self.style = Some(Style::Jobs),
            ('u', true) => self.style = Some(Style::Users),
            ('l', true) => self.style = Some(Style::BsdLong),
            ('h', true) => self.no_titles = true,
            ('s' | 'v' | 'X', true) => {}
            (
                'f' | 'e' | 'w' | 'c' | 'S' | 'n' | 'r' | 'T' | 'H' | 'L' | 'm' | 'M' | 'Z' | 'y' | 'P' | 'N',
                _,
            ) => {}
            _ => return false,
        }
        true
    }

    fn fits(&self, process: &Process, own_tty: &str, own_user: &str) -> bool {
        let chosen = !(self.pids.is_empty()
            && self.names.is_empty()
            && self.users.is_empty()
            && self.terminals.is_empty());
        if self.pids.contains(&process.pid)
            || self.names.contains(&process.name())
            || self.users.contains(&process.user)
            || self.terminals.iter().any(|tty| tty.trim_start_matches("/dev/") == process.tty)
        {
            return true;
        }
        let has_terminal = process.tty != "?";
        match (self.every, self.with_terminal, self.without_terminal) {
            (true, ..) | (_, true, true) => true,
            (_, true, false) => has_terminal,
            (_, false, true) => process.user == own_user,
            _ => !chosen && process.tty == own_tty && process.user == own_user,
        }
    }
}

/// Parts of a list that is separated by commas or spaces.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|part| !part.is_empty())
}

fn listed(letter: char) -> &'static str {
    match letter {
        'C' => "command names",
        'p' | 'q' => "process IDs",
        't' => "terminals",
        'u' | 'U' => "user",
        _ => "format specifiers",
    }
}

fn ps(shell: &mut Shell, arguments: &[String]) -> Status {
    let processes = all(shell, arguments);
    if shell.flavour().busybox() {
        return applet(shell, arguments, &processes);
    }
    let asked = Asked::read(rest(arguments));
    if let Some(wrong) = &asked.wrong {
        return refuse(shell, wrong);
    }
    let pid_width = shell.live.versions().pid_width();
    let columns = match columns(&asked, pid_width) {
        Ok(columns) => columns,
        Err(keyword) => {
            return refuse(shell, &format!("unknown user-defined format specifier \"{keyword}\""));
        }
    };
    let tty = shell.live.facts.tty.clone().unwrap_or_else(|| "?".into());
    let user = super::list::user_name(shell, shell.fs.credentials.uid);
    let ids = user_ids(shell);
    let source = Source { live: &shell.live, uid: &|name| number(&ids, name) };
    let mut shown: Vec<&Process> =
        processes.iter().filter(|process| asked.fits(process, &tty, &user)).collect();
    for key in asked.sort.iter().rev() {
        let (name, down) =
            key.strip_prefix('-').map_or((key.trim_start_matches('+'), false), |key| (key, true));
        let Some(column) = Column::of(name, None, pid_width) else {
            return refuse(shell, &format!("unknown sort specifier \"{name}\""));
        };
        shown.sort_by(|left, right| {
            let order = column.compare(&source, left, right);
            if down { order.reverse() } else { order }
        });
    }
    let mut out = String::new();
    if !asked.no_titles && columns.iter().any(|column| !column.title.is_empty()) {
        out.push_str(&line(&columns, |column| column.title.clone()));
    }
    for process in &shown {
        out.push_str(&line(&columns, |column| column.value(&source, process)));
    }
    let found = !shown.is_empty();
    shell.out(&out)?;
    Ok(i32::from(!found))
}

fn line(columns: &[Column], value: impl Fn(&Column) -> String) -> String {
    let last = columns.len().saturating_sub(1);
    let cells: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| column.cell(&value(column), index == last))
        .collect();
    cells.join(" ") + "\n"
}

/// The columns that were asked for.
///
/// # Errors
/// The keyword that is none.
fn columns(asked: &Asked, pid_width: usize) -> Result<Vec<Column>, String> {
    let formats = if asked.formats.is_empty() {
        let usual = if asked.bsd { Style::States } else { Style::Names };
        vec![preset(asked.style.unwrap_or(usual)).to_owned()]
    } else {
        asked.formats.clone()
    };
    let mut out = Vec::new();
    for format in &formats {
        for part in list(format) {
            let (keyword, title) =
                part.split_once('=').map_or((part, None), |(keyword, title)| (keyword, Some(title)));
            // `user:32` asks for a width.
            let keyword = keyword.split(':').next().unwrap_or(keyword);
            let column =
                Column::of(&keyword.to_ascii_lowercase(), title, pid_width).ok_or(keyword.to_owned())?;
            out.push(if part.contains(':') { column.whole_name() } else { column });
        }
    }
    Ok(out)
}

fn refuse(shell: &mut Shell, reason: &str) -> Status {
    shell.err(&format!(
        "error: {reason}\n\
         \n\
         Usage:\n\
         \x20ps [options]\n\
         \n\
         \x20Try 'ps --help <simple|list|output|threads|misc|all>'\n\
         \x20 or 'ps --help <s|l|o|t|m|a>'\n\
         \x20for additional help text.\n\
         \n\
         For more details see ps(1).\n"
    ))?;
    Ok(1)
}

fn user_ids(shell: &mut Shell) -> Vec<(String, u32)> {
    let passwd = crate::text::decode(&shell.fs.read_file("/etc/passwd").unwrap_or_default());
    let entry = |line: &str| {
        let mut fields = line.split(':');
        Some((fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?))
    };
    passwd.lines().filter_map(entry).collect()
}

fn number(ids: &[(String, u32)], name: &str) -> u32 {
    ids.iter().find(|(known, _)| known == name).map_or(0, |(_, uid)| *uid)
}

/// BusyBox's `ps`: Alpine's build knows the columns of the desktop, a router's only its own.
fn applet(shell: &mut Shell, arguments: &[String], list_of: &[Process]) -> Status {
    let words = rest(arguments);
    let asked = Asked::read(words);
    if !asked.formats.is_empty() || shell.flavour() == Flavour::Alpine {
        return applet_columns(shell, &asked, list_of);
    }
    if let Some(option) = words.iter().find_map(|word| word.strip_prefix('-')?.chars().next())
        && !"wTl".contains(option)
        && own(arguments) == "ps"
    {
        shell.err(&format!("ps: invalid option -- '{option}'\n"))?;
        super::help::usage(shell, "ps")?;
        return Ok(1);
    }
    let mut out = String::from("  PID USER       VSZ STAT COMMAND\n");
    for process in list_of {
        out.push_str(&format!(
            "{:>5} {:<8} {:>5} {:<4} {}\n",
            process.pid,
            crate::text::head(&process.user, 8),
            process.virtual_kib,
            process.state,
            process.command
        ));
    }
    shell.out(&out)?;
    Ok(0)
}

/// Keyword, heading, width and alignment of BusyBox.
const APPLET_KEYS: [(&str, &str, usize, bool); 12] = [
    ("user", "USER", 8, false),
    ("group", "GROUP", 8, false),
    ("comm", "COMMAND", 16, false),
    ("args", "COMMAND", 256, false),
    ("pid", "PID", 5, true),
    ("ppid", "PPID", 5, true),
    ("pgid", "PGID", 5, true),
    ("tty", "TT", 6, false),
    ("vsz", "VSZ", 4, true),
    ("stat", "STAT", 4, false),
    ("rss", "RSS", 4, true),
    ("time", "TIME", 5, true),
];

fn applet_columns(shell: &mut Shell, asked: &Asked, processes: &[Process]) -> Result<i32, Flow> {
    let formats =
        if asked.formats.is_empty() { "pid,user,time,args".into() } else { asked.formats.join(",") };
    let mut columns = Vec::new();
    for keyword in list(&formats) {
        let (keyword, title) =
            keyword.split_once('=').map_or((keyword, None), |(keyword, title)| (keyword, Some(title)));
        let Some(found) = APPLET_KEYS.iter().find(|(name, ..)| *name == keyword) else {
            let known: Vec<&str> = APPLET_KEYS.iter().map(|(name, ..)| *name).collect();
            shell.err(&format!(
                "ps: bad -o argument '{keyword}', supported arguments: {}\n",
                known.join(",")
            ))?;
            return Ok(1);
        };
        columns.push((found, title.unwrap_or(found.1)));
    }
    let ids = user_ids(shell);
    let source = Source { live: &shell.live, uid: &|name| number(&ids, name) };
    let row = |text: &dyn Fn(usize) -> String, title: bool| {
        let last = columns.len().saturating_sub(1);
        let cells = columns.iter().enumerate().map(|(at, ((.., width, right), _))| {
            let text = text(at);
            match (*right && !title, at == last) {
                (true, _) => format!("{text:>width$}"),
                (_, true) => text,
                (false, false) => format!("{text:<width$}"),
            }
        });
        cells.collect::<Vec<_>>().join(" ") + "\n"
    };
    let mut out = row(&|at| columns.get(at).map_or("", |(_, title)| title).to_owned(), true);
    for process in processes {
        out.push_str(&row(
            &|at| match columns.get(at).map(|((name, ..), _)| *name) {
                Some("time") => format!("{:>2}:{:02}", process.ticks / 6_000, process.ticks / 100 % 60),
                Some(name) => Column::of(name, None, 5)
                    .map_or_else(String::new, |column| column.value(&source, process)),
                None => String::new(),
            },
            false,
        ));
    }
    shell.out(&out)?;
    Ok(0)
}
