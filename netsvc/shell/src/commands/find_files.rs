//! find, which, whereis, locate.

use super::{
    Run,
    query::{Query, Test},
    rest,
};
use crate::{
    fs::{Errno, Kind, Stat, join, name},
    interpret::{Flow, Shell, Status, command_path},
    text::decode,
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("find", find), ("which", which), ("whereis", whereis), ("locate", |_, _| Ok(1))];

fn find(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let split = words
        .iter()
        .position(|word| word.starts_with('-') && word.len() > 1 || word == "(" || word == "!")
        .unwrap_or(words.len());
    let (roots, tests) = words.split_at_checked(split).unwrap_or((words, &[]));
    let query = match Query::parse(tests, shell.flavour().busybox()) {
        Ok(query) => query,
        Err(text) => {
            if !shell.flavour().busybox() {
                shell.err(&format!("find: {text}\n"))?;
                return Ok(1);
            }
            if text.starts_with("invalid argument") {
                shell.err(&format!("find: {text}\n"))?;
                return Ok(1);
            }
            // BusyBox has other words for the same, and shows its usage after an unknown one.
            let word = text.split('`').nth(1).unwrap_or("").trim_end_matches('\'');
            if text.starts_with("unknown") {
                shell.err(&format!("find: unrecognized: {word}\n"))?;
                return super::help::usage(shell, "find").map(|()| 1);
            }
            shell.err(&format!("find: {word} requires an argument\n"))?;
            return Ok(1);
        }
    };
    let roots = if roots.is_empty() { vec![".".to_owned()] } else { roots.to_vec() };
    let now = shell.live.now();
    let mut search = Search { query: &query, now, collected: Vec::new(), status: 0, there: None };
    for root in roots {
        if matches!(search.descend(shell, root)?, Verdict::Quit) {
            return Ok(search.status);
        }
    }
    search.run_collected(shell)?;
    Ok(search.status)
}

/// A search under way.
struct Search<'a> {
    query: &'a Query,
    now: i64,
    /// Paths for `-exec … +`.
    collected: Vec<String>,
    status: i32,
    /// The program of `-exec` that was found last.
    there: Option<String>,
}

enum Verdict {
    /// What is below is looked at too.
    Go,
    Prune,
    Quit,
}

impl Search<'_> {
    /// Looks at a root and all that is below it.
    fn descend(&mut self, shell: &mut Shell, root: String) -> Result<Verdict, Flow> {
        // What is marked was opened already, and is judged now.
        let mut stack = vec![(root, 0, false)];
        while let Some((path, depth, opened)) = stack.pop() {
            shell.spend(1)?;
            let Ok(stat) = shell.fs.lstat(&path) else {
                if depth == 0 {
                    self.complain(shell, &path, Errno::NotFound)?;
                }
                continue;
            };
            let opens = stat.kind == Kind::Directory && depth < self.query.most;
            let later = self.query.deep && opens && !opened;
            let mut prune = false;
            if later {
                stack.push((path.clone(), depth, true));
            } else if depth >= self.query.least {
                match self.judge(shell, &path, &stat)? {
                    Verdict::Quit => return Ok(Verdict::Quit),
                    Verdict::Prune => prune = true,
                    Verdict::Go => {}
                }
            }
            if opens && !prune && !opened {
                match shell.fs.readdir(&path) {
                    Ok(names) => {
                        let below = names.iter().rev().map(|name| (join(&path, name), depth + 1, false));
                        stack.extend(below);
                    }
                    Err(Errno::NotFound) => {}
                    Err(error) => self.complain(shell, &path, error)?,
                }
            }
        }
        Ok(Verdict::Go)
    }

    fn complain(&mut self, shell: &mut Shell, path: &str, error: Errno) -> Result<(), Flow> {
        self.status = 1;
        let (open, close) = if shell.flavour().busybox() { ("", "") } else { ("‘", "’") };
        shell.err(&decode(format!("find: {open}{path}{close}: {error}\n").as_bytes()))
    }

    /// Evaluates the tests from left to right; groups are kept on a stack.
    fn judge(&mut self, shell: &mut Shell, path: &str, stat: &Stat) -> Result<Verdict, Flow> {
        // One frame per open group: the value of the current `and` chain, whether an `or` branch held, negation.
        let mut frames = vec![(true, false, false)];
        let mut negate = false;
        let mut verdict = Verdict::Go;
        for test in &self.query.tests {
            let Some((value, any, _)) = frames.last_mut() else { break };
            match test {
                Test::Or => {
                    *any |= *value;
                    *value = true;
                    continue;
                }
                Test::Not => {
                    negate = !negate;
                    continue;
                }
                Test::Open => {
                    frames.push((true, false, std::mem::take(&mut negate)));
                    continue;
                }
                Test::Close => {
                    let (inner, any, negated) = frames.pop().unwrap_or((true, false, false));
                    if let Some((value, _, _)) = frames.last_mut() {
                        *value &= (inner || any) != negated;
                    }
                    continue;
                }
                _ => {}
            }
            if !*value || *any || frames.iter().rev().skip(1).any(|(value, any, _)| !*value || *any) {
                negate = false;
                continue;
            }
            let held = match test {
                Test::Quit => return Ok(Verdict::Quit),
                Test::Prune => {
                    verdict = Verdict::Prune;
                    true
                }
                Test::Print(_) | Test::Delete | Test::Exec(..) => self.act(shell, test, path, stat)?,
                _ => self.holds(shell, test, path, stat),
            };
            if let Some((value, _, _)) = frames.last_mut() {
                *value = held != std::mem::take(&mut negate);
            }
        }
        Ok(verdict)
    }

    /// Whether a test that changes nothing holds.
    fn holds(&self, shell: &Shell, test: &Test, path: &str, stat: &Stat) -> bool {
        match test {
            Test::Name(pattern, fold) => {
                let base = name(path.trim_end_matches('/'));
                pattern.matches(&if *fold { base.to_ascii_lowercase() } else { base.to_owned() })
            }
            Test::Path(pattern) => pattern.matches(path),
            Test::Type(kinds) => kinds.split(',').any(|kind| {
                kind == if stat.kind == Kind::File { "f".into() } else { stat.kind.letter().to_string() }
            }),
            Test::Size(sign, size) => {
                compare(*sign, i64::try_from(stat.size).unwrap_or(0), i64::try_from(*size).unwrap_or(0))
            }
            Test::Permission('-', bits) => stat.meta.mode & bits == *bits,
            Test::Permission(' ', bits) => stat.meta.mode == *bits,
            Test::Permission(_, bits) => stat.meta.mode & bits != 0,
            Test::Modified(sign, wanted, unit) => {
                compare(*sign, (self.now - stat.meta.modified) / 1_000_000 / unit, *wanted)
            }
            Test::User(uid) => stat.meta.uid == *uid,
            Test::Newer(other) => {
                let modified = shell.fs.stat(other).map_or(i64::MAX, |stat| stat.meta.modified);
                stat.meta.modified > modified
            }
            Test::Group(gid) => stat.meta.gid == *gid,
            Test::Empty if stat.kind == Kind::Directory => {
                shell.fs.readdir(path).is_ok_and(|names| names.is_empty())
            }
            Test::Empty => stat.kind == Kind::File && stat.size == 0,
            Test::Executable => shell.fs.access(path, 1).is_ok(),
            _ => true,
        }
    }

    /// Does what an action says; whether it worked.
    fn act(&mut self, shell: &mut Shell, action: &Test, path: &str, stat: &Stat) -> Result<bool, Flow> {
        match action {
            Test::Print('l') => {
                shell.run_program(&["ls".into(), "-dils".into(), path.to_owned()])?;
                Ok(true)
            }
            Test::Print(end) => shell.out(&format!("{path}{end}")).map(|()| true),
            Test::Delete if stat.kind == Kind::Directory => Ok(shell.fs.rmdir(path).is_ok()),
            Test::Delete => Ok(shell.fs.unlink(path).is_ok()),
            Test::Exec(command, false) => {
                let words: Vec<String> = command.iter().map(|word| word.replace("{}", path)).collect();
                if words.first() != self.there.as_ref() {
                    if let Some(status) = super::wording::absent(shell, "find", &words) {
                        self.status = status?;
                        return Ok(false);
                    }
                    self.there = words.first().cloned();
                }
                Ok(shell.run_program(&words)? == 0)
            }
            _ => {
                self.collected.push(path.to_owned());
                Ok(true)
            }
        }
    }

    /// `-exec … +`: once, with all paths.
    fn run_collected(&self, shell: &mut Shell) -> Result<(), Flow> {
        for test in &self.query.tests {
            if let Test::Exec(command, true) = test
                && !self.collected.is_empty()
            {
                let words = command.iter().filter(|word| *word != "{}");
                let all: Vec<String> = words.chain(&self.collected).cloned().collect();
                shell.run_program(&all)?;
            }
        }
        Ok(())
    }
}

fn compare(sign: char, found: i64, wanted: i64) -> bool {
    match sign {
        '+' => found > wanted,
        '-' => found < wanted,
        _ => found == wanted,
    }
}

fn which(shell: &mut Shell, arguments: &[String]) -> Status {
    let wrong = rest(arguments).iter().find(|word| word.starts_with('-') && *word != "-a" && *word != "-s");
    if let Some(wrong) = wrong.filter(|word| shell.flavour().deb() && !word.starts_with("--")) {
        let letter = wrong.chars().nth(1).unwrap_or('-');
        shell.err(&format!("Illegal option -{letter}\n"))?;
        shell.out("Usage: /usr/bin/which [-a] args\n")?;
        return Ok(2);
    }
    let mut status = i32::from(rest(arguments).iter().all(|word| word.starts_with('-')));
    for program in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        match command_path(shell, program) {
            Some(path) => shell.out(&format!("{path}\n"))?,
            None => {
                status = 1;
                if shell.flavour() == crate::Flavour::Redhat {
                    let path = shell.variable("PATH").unwrap_or("").to_owned();
                    shell.err(&format!("/usr/bin/which: no {program} in ({path})\n"))?;
                }
            }
        }
    }
    Ok(status)
}

fn whereis(shell: &mut Shell, arguments: &[String]) -> Status {
    for program in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let path = command_path(shell, program)
            .map_or_else(String::new, |path| format!(" {path} /usr/share/man/man1/{program}.1.gz"));
        shell.out(&format!("{program}:{path}\n"))?;
    }
    Ok(0)
}
