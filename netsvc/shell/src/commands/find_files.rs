//! find, which, locate, du.

use super::{Run, options::options, rest};
use crate::{
    fs::{Kind, Stat, join, name},
    interpret::{Pattern, Shell, Status, command_path},
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("find", find), ("which", which), ("whereis", whereis), ("locate", |_, _| Ok(1)), ("du", du)];

enum Test {
    Name(Pattern, bool),
    Path(Pattern),
    Type(String),
    Size(char, u64),
    Permission(char, u32),
    Modified(char, i64, i64),
    User(u32),
    Empty,
    Executable,
    Not,
    Or,
    Open,
    Close,
    Print(char),
    Delete,
    Exec(Vec<String>, bool),
    Prune,
    Quit,
}

struct Query {
    tests: Vec<Test>,
    least: usize,
    most: usize,
}

fn find(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let split = words
        .iter()
        .position(|word| word.starts_with('-') && word.len() > 1 || word == "(" || word == "!")
        .unwrap_or(words.len());
    let (roots, tests) = words.split_at_checked(split).unwrap_or((words, &[]));
    let query = match parse(tests) {
        Ok(query) => query,
        Err(text) => {
            shell.err(&format!("find: {text}\n"))?;
            return Ok(1);
        }
    };
    let roots = if roots.is_empty() { vec![".".to_owned()] } else { roots.to_vec() };
    let mut status = 0;
    let mut collected: Vec<String> = Vec::new();
    let now = shell.live.now();
    for root in roots {
        let mut stack = vec![(root, 0)];
        while let Some((path, depth)) = stack.pop() {
            shell.spend(1)?;
            let Ok(stat) = shell.fs.lstat(&path) else {
                if depth == 0 {
                    shell.err(&crate::text::decode(
                        format!("find: ‘{path}’: No such file or directory\n").as_bytes(),
                    ))?;
                    status = 1;
                }
                continue;
            };
            let mut prune = false;
            if depth >= query.least {
                match run(shell, &query, &path, &stat, now, &mut collected, &mut prune)? {
                    Verdict::Quit => return Ok(status),
                    Verdict::Go => {}
                }
            }
            if stat.kind == Kind::Directory && depth < query.most && !prune {
                match shell.fs.readdir(&path) {
                    Ok(names) => stack.extend(names.iter().rev().map(|name| (join(&path, name), depth + 1))),
                    Err(crate::fs::Errno::NotFound) => {}
                    Err(error) => {
                        shell.err(&crate::text::decode(format!("find: ‘{path}’: {error}\n").as_bytes()))?;
                        status = 1;
                    }
                }
            }
        }
    }
    for test in &query.tests {
        if let Test::Exec(command, true) = test
            && !collected.is_empty()
        {
            let all: Vec<String> =
                command.iter().filter(|word| *word != "{}").cloned().chain(collected.clone()).collect();
            shell.run_program(&all)?;
        }
    }
    Ok(status)
}

enum Verdict {
    Go,
    Quit,
}

fn parse(words: &[String]) -> Result<Query, String> {
    let mut query = Query { tests: Vec::new(), least: 0, most: usize::MAX };
    let mut left = words.iter();
    let mut action = false;
    while let Some(word) = left.next() {
        let mut value = || left.next().cloned().ok_or_else(|| format!("missing argument to `{word}'"));
        let signed = |text: &str| {
            (
                text.chars().next().filter(|sign| "+-".contains(*sign)).unwrap_or(' '),
                text.trim_start_matches(['+', '-', '/']).to_owned(),
            )
        };
        let test = match word.as_str() {
            "-name" => Test::Name(Pattern::from_text(&value()?), false),
            "-iname" => Test::Name(Pattern::from_text(&value()?.to_ascii_lowercase()), true),
            "-path" | "-wholename" => Test::Path(Pattern::from_text(&value()?)),
            "-type" => Test::Type(value()?),
            "-size" => {
                let (sign, text) = signed(&value()?);
                let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
                let unit = match text.chars().last() {
                    Some('c') => 1,
                    Some('k') => 1024,
                    Some('M') => 1 << 20,
                    Some('G') => 1 << 30,
                    _ => 512,
                };
                Test::Size(sign, digits.parse::<u64>().unwrap_or(0) * unit)
            }
            "-perm" => {
                let text = value()?;
                let sign = text.chars().next().filter(|sign| "-/+".contains(*sign)).unwrap_or(' ');
                let digits = text.trim_start_matches(['-', '/', '+']);
                let bits = u32::from_str_radix(digits, 8).unwrap_or(match digits {
                    "u+s" | "u=s" => 0o4000,
                    "g+s" | "g=s" => 0o2000,
                    "a+x" | "+x" => 0o111,
                    _ => 0o222,
                });
                Test::Permission(sign, bits)
            }
            "-mtime" | "-mmin" | "-ctime" | "-atime" | "-cmin" | "-amin" => {
                let unit = if word.ends_with("min") { 60 } else { 86_400 };
                let (sign, text) = signed(&value()?);
                Test::Modified(sign, text.parse().unwrap_or(0), unit)
            }
            "-user" => Test::User(if value()? == "root" { 0 } else { 1000 }),
            "-uid" => Test::User(value()?.parse().unwrap_or(0)),
            "-empty" => Test::Empty,
            "-executable" | "-writable" | "-readable" => Test::Executable,
            "!" | "-not" => Test::Not,
            "-o" | "-or" => Test::Or,
            "-a" | "-and" | "-xdev" | "-mount" | "-depth" | "-follow" | "-daystart" | "-noleaf" => continue,
            "(" => Test::Open,
            ")" => Test::Close,
            "-print" => Test::Print('\n'),
            "-print0" => Test::Print('\0'),
            "-ls" => Test::Print('l'),
            "-delete" => Test::Delete,
            "-prune" => Test::Prune,
            "-quit" => Test::Quit,
            "-maxdepth" => {
                query.most = value()?.parse().unwrap_or(usize::MAX);
                continue;
            }
            "-mindepth" => {
                query.least = value()?.parse().unwrap_or(0);
                continue;
            }
            "-exec" | "-execdir" | "-ok" => {
                let mut command = Vec::new();
                loop {
                    match left.next().map(String::as_str) {
                        Some(";") => break Test::Exec(command, false),
                        Some("+") if command.last().is_some_and(|last| last == "{}") => {
                            break Test::Exec(command, true);
                        }
                        Some(other) => command.push(other.to_owned()),
                        None => return Err("missing argument to `-exec'".into()),
                    }
                }
            }
            "-printf" => {
                value()?;
                Test::Print('\n')
            }
            other => return Err(format!("unknown predicate `{other}'")),
        };
        action |= matches!(test, Test::Print(_) | Test::Delete | Test::Exec(..));
        query.tests.push(test);
    }
    if !action {
        let simple = !query.tests.iter().any(|test| matches!(test, Test::Or | Test::Prune));
        if simple || !query.tests.iter().any(|test| matches!(test, Test::Prune)) {
            query.tests.insert(0, Test::Open);
            query.tests.push(Test::Close);
        }
        query.tests.push(Test::Print('\n'));
    }
    Ok(query)
}

/// Evaluates the tests from left to right; groups are kept on a stack.
fn run(
    shell: &mut Shell,
    query: &Query,
    path: &str,
    stat: &Stat,
    now: i64,
    collected: &mut Vec<String>,
    prune: &mut bool,
) -> Result<Verdict, crate::interpret::Flow> {
    // One frame per open group: the value of the current `and` chain, whether an `or` branch held, negation.
    let mut frames = vec![(true, false, false)];
    let mut negate = false;
    for test in &query.tests {
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
        let held = holds(shell, test, path, stat, now, collected, prune)?;
        if matches!(test, Test::Quit) {
            return Ok(Verdict::Quit);
        }
        if let Some((value, _, _)) = frames.last_mut() {
            *value = held != std::mem::take(&mut negate);
        }
    }
    Ok(Verdict::Go)
}

fn compare(sign: char, found: i64, wanted: i64) -> bool {
    match sign {
        '+' => found > wanted,
        '-' => found < wanted,
        _ => found == wanted,
    }
}

fn holds(
    shell: &mut Shell,
    test: &Test,
    path: &str,
    stat: &Stat,
    now: i64,
    collected: &mut Vec<String>,
    prune: &mut bool,
) -> Result<bool, crate::interpret::Flow> {
    Ok(match test {
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
            compare(*sign, (now - stat.meta.modified) / 1_000_000 / unit, *wanted)
        }
        Test::User(uid) => stat.meta.uid == *uid,
        Test::Empty if stat.kind == Kind::Directory => {
            shell.fs.readdir(path).is_ok_and(|names| names.is_empty())
        }
        Test::Empty => stat.kind == Kind::File && stat.size == 0,
        Test::Executable => shell.fs.access(path, 1).is_ok(),
        Test::Print('l') => {
            shell.run_program(&["ls".into(), "-dils".into(), path.to_owned()])?;
            true
        }
        Test::Print(end) => {
            shell.out(&format!("{path}{end}"))?;
            true
        }
        Test::Delete => {
            if stat.kind == Kind::Directory {
                shell.fs.rmdir(path).is_ok()
            } else {
                shell.fs.unlink(path).is_ok()
            }
        }
        Test::Exec(_, true) => {
            collected.push(path.to_owned());
            true
        }
        Test::Exec(command, false) => {
            let words: Vec<String> = command.iter().map(|word| word.replace("{}", path)).collect();
            shell.run_program(&words)? == 0
        }
        Test::Prune => {
            *prune = true;
            true
        }
        _ => true,
    })
}

fn which(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
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

fn du(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "abcd:hkmsSx",
        &[("max-depth", 'd'), ("human-readable", 'h'), ("summarize", 's'), ("total", 'c'), ("all", 'a')],
    )?
    else {
        return Ok(1);
    };
    let roots = if options.operands.is_empty() { vec![".".to_owned()] } else { options.operands.clone() };
    let deepest = if options.has('s') {
        0
    } else {
        options.number('d').and_then(|depth| usize::try_from(depth).ok()).unwrap_or(usize::MAX)
    };
    let mut status = 0;
    for root in roots {
        if shell.fs.lstat(&root).is_err() {
            shell.err(&format!("du: cannot access '{root}': No such file or directory\n"))?;
            status = 1;
            continue;
        }
        // Post-order: a directory's entry is printed after those below it.
        let mut order: Vec<(String, usize)> = Vec::new();
        let mut stack = vec![(root.clone(), 0)];
        let mut sizes = std::collections::BTreeMap::new();
        while let Some((path, depth)) = stack.pop() {
            shell.spend(1)?;
            let Ok(stat) = shell.fs.lstat(&path) else { continue };
            sizes.insert(path.clone(), stat.blocks() / 2);
            if stat.kind == Kind::Directory {
                stack.extend(
                    shell
                        .fs
                        .readdir(&path)
                        .unwrap_or_default()
                        .iter()
                        .rev()
                        .map(|name| (join(&path, name), depth + 1)),
                );
            }
            if stat.kind == Kind::Directory || options.has('a') || depth == 0 {
                order.push((path, depth));
            }
        }
        for (path, depth) in order.into_iter().rev().filter(|(_, depth)| *depth <= deepest) {
            let prefix = format!("{path}/");
            let total: u64 = sizes.get(&path).copied().unwrap_or(0)
                + sizes
                    .range(prefix.clone()..)
                    .take_while(|(key, _)| key.starts_with(&prefix))
                    .map(|(_, size)| size)
                    .sum::<u64>();
            shell.spend(1 + depth as u64)?;
            let text = if options.has('h') {
                super::system::human(total * 1024)
            } else if options.has('m') {
                total.div_ceil(1024).to_string()
            } else {
                total.to_string()
            };
            shell.out(&format!("{text}\t{path}\n"))?;
        }
        shell.wait(std::time::Duration::from_millis(23))?;
    }
    Ok(status)
}
