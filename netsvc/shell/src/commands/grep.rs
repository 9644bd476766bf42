//! grep, and POSIX expressions translated for the engine.

use super::{
    Run,
    options::{inputs, options},
    own,
};
use crate::{
    fs::{Kind, join},
    interpret::{Flow, Shell, Status},
    text::{decode, lines},
};
use regex::{Regex, RegexBuilder};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("grep", grep), ("egrep", grep), ("fgrep", grep), ("zgrep", grep)];

/// A compiled POSIX expression; `None`: it is wrong or too large.
pub(crate) fn expression(text: &str, extended: bool, ignore_case: bool) -> Option<Regex> {
    let translated =
        if extended { text.replace("[[:", "\u{1}").replace('\u{1}', "[[:") } else { basic(text) };
    RegexBuilder::new(&fix_sets(&translated))
        .case_insensitive(ignore_case)
        .multi_line(false)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .ok()
}

/// A basic expression as an extended one: escapes change their meaning.
fn basic(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    let mut set = false;
    let mut start = true;
    while let Some(character) = characters.next() {
        if set {
            set = character != ']';
            out.push(character);
            continue;
        }
        match character {
            '\\' => match characters.next() {
                Some(special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?')) => out.push(special),
                Some('<' | '>') => out.push_str("\\b"),
                Some(other) => out.extend(['\\', other]),
                None => out.push_str("\\\\"),
            },
            '(' | ')' | '{' | '}' | '|' | '+' | '?' => out.extend(['\\', character]),
            '*' if start => out.push_str("\\*"),
            '[' => {
                set = true;
                out.push('[');
                if let Some(next) = characters.next_if_eq(&'^') {
                    out.push(next);
                }
                if characters.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
                if characters.peek() == Some(&'[') {
                    // A class inside of the set has its own bracket.
                    while let Some(inner) = characters.next() {
                        out.push(inner);
                        if inner == ':' && characters.peek() == Some(&']') {
                            out.extend(characters.next());
                            if characters.peek() != Some(&'[') {
                                break;
                            }
                        }
                    }
                }
            }
            other => out.push(other),
        }
        start = out.ends_with('(') && !out.ends_with("\\(")
            || out == "^"
            || out.ends_with('|') && !out.ends_with("\\|");
    }
    out
}

/// In POSIX sets a backslash and `[` stand for themselves.
fn fix_sets(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    let mut set = false;
    let mut first = false;
    while let Some(character) = characters.next() {
        match (set, character) {
            (false, '\\') => {
                out.push('\\');
                match characters.next() {
                    Some(next @ ('<' | '>')) => {
                        let _ = next;
                        out.push('b');
                    }
                    next => out.extend(next),
                }
            }
            (false, '[') => {
                (set, first) = (true, true);
                out.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                continue;
            }
            (true, ']') if first => out.push_str("\\]"),
            (true, ']') => {
                set = false;
                out.push(']');
            }
            (true, '[') if characters.peek() == Some(&':') => {
                out.push('[');
                for inner in characters.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            (true, '\\')
                if characters.peek() == Some(&']')
                    || characters.peek().is_some_and(|next| "ntrdws\\.-/".contains(*next)) =>
            {
                out.push('\\');
                out.extend(characters.next());
            }
            (true, special @ ('[' | '\\' | '&' | '~')) => out.extend(['\\', special]),
            (_, other) => out.push(other),
        }
        first = false;
    }
    out
}

fn grep(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("count", 'c'),
        ("line-number", 'n'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("recursive", 'r'),
        ("only-matching", 'o'),
        ("word-regexp", 'w'),
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("max-count", 'm'),
        ("color", '_'),
        ("colour", '_'),
        ("files-with-matches", 'l'),
        ("no-messages", 's'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("text", 'a'),
        ("line-regexp", 'x'),
        ("perl-regexp", 'P'),
        ("no-filename", 'h'),
        ("with-filename", 'H'),
        ("files-without-match", 'L'),
        ("include", '_'),
        ("exclude", '_'),
    ];
    let digits: Vec<String> = arguments
        .iter()
        .map(|word| {
            if word.len() > 1
                && word.starts_with('-')
                && word.chars().skip(1).all(|digit| digit.is_ascii_digit())
            {
                format!("-C{}", word.trim_start_matches('-'))
            } else {
                word.clone()
            }
        })
        .collect();
    let Some(options) = options(shell, &digits, "A:aB:bC:cEe:Ff:GHhIiLlm:noPqRrsUvwxz", &long)? else {
        return Ok(2);
    };
    let mut operands = options.operands.clone();
    let mut patterns: Vec<String> = options.values('e').map(String::from).collect();
    if let Some(path) = options.value('f') {
        let content = shell.fs.read_file(path).unwrap_or_default();
        patterns.extend(lines(&decode(&content)).map(String::from));
    } else if patterns.is_empty() {
        if operands.is_empty() {
            shell.err(
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n",
            )?;
            return Ok(2);
        }
        patterns.extend(operands.remove(0).split('\n').map(String::from));
    }
    let name = own(arguments);
    let fixed = options.has('F') || name == "fgrep";
    let extended = options.has('E') || options.has('P') || name == "egrep" || options.has('r') && fixed;
    let sources: Vec<String> = patterns
        .iter()
        .map(|pattern| {
            if fixed {
                regex::escape(pattern)
            } else if extended {
                pattern.clone()
            } else {
                basic(pattern)
            }
        })
        .map(|pattern| {
            if options.has('x') {
                format!("^(?:{pattern})$")
            } else if options.has('w') {
                format!("\\b(?:{pattern})\\b")
            } else {
                pattern
            }
        })
        .collect();
    let source = if sources.len() == 1 {
        sources.concat()
    } else {
        sources.iter().map(|source| format!("(?:{source})")).collect::<Vec<_>>().join("|")
    };
    let Some(regex) = expression(&source, true, options.has('i')) else {
        shell.err(&format!("{name}: Invalid regular expression\n"))?;
        return Ok(2);
    };
    let recursive = options.has('r') || options.has('R');
    let files = if recursive { walk(shell, &operands)? } else { operands };
    let (contents, good) = if options.has('s') || recursive {
        let readable: Vec<String> =
            files.into_iter().filter(|path| shell.fs.access(path, 4).is_ok()).collect();
        if readable.is_empty() { (Vec::new(), recursive) } else { inputs(shell, name, &readable)? }
    } else {
        inputs(shell, name, &files)?
    };
    let prefix = (contents.len() > 1 || recursive || options.has('H')) && !options.has('h');
    let mut matched = false;
    for (file, bytes) in contents {
        let file = if file == "-" { "(standard input)".to_owned() } else { file };
        matched |= one_file(shell, &options, &regex, &file, &bytes, prefix)?;
        if matched && options.has('q') {
            return Ok(0);
        }
    }
    Ok(if !good && !options.has('s') { 2 } else { i32::from(!matched) })
}

fn one_file(
    shell: &mut Shell,
    options: &super::options::Options,
    regex: &Regex,
    file: &str,
    bytes: &[u8],
    prefix: bool,
) -> Result<bool, Flow> {
    let text = decode(bytes);
    shell.spend(text.len() as u64 / 512)?;
    let label = |separator: char, number: usize| {
        let name = if prefix { format!("{file}{separator}") } else { String::new() };
        if options.has('n') { format!("{name}{}{separator}", number + 1) } else { name }
    };
    let most = options.number('m').unwrap_or(u64::MAX);
    let context = options.number('C').unwrap_or(0);
    let after = options.number('A').unwrap_or(context);
    let before = usize::try_from(options.number('B').unwrap_or(context)).unwrap_or(0);
    let binary = bytes.contains(&0) && !options.has('a');
    let all: Vec<&str> = lines(&text).collect();
    let mut found = 0_u64;
    let mut shown = 0;
    let mut trailing = 0;
    for (number, line) in all.iter().enumerate() {
        let hit = regex.is_match(line) != options.has('v');
        if hit && found < most {
            found += 1;
            if options.has('q') || options.has('l') || options.has('L') {
                break;
            }
            if options.has('c') {
                continue;
            }
            if binary {
                shell.out(&format!("{}: {file}: binary file matches\n", "grep"))?;
                return Ok(true);
            }
            if options.has('o') {
                for part in regex.find_iter(line).filter(|part| !part.is_empty()) {
                    shell.out(&format!("{}{}\n", label(':', number), part.as_str()))?;
                }
                continue;
            }
            let from = number.saturating_sub(before).max(shown);
            if (before > 0 || after > 0) && shown > 0 && from > shown {
                shell.out("--\n")?;
            }
            for (earlier, text) in all.iter().enumerate().take(number).skip(from) {
                shell.out(&format!("{}{text}\n", label('-', earlier)))?;
            }
            shell.out(&format!("{}{line}\n", label(':', number)))?;
            (shown, trailing) = (number + 1, after);
        } else if trailing > 0 && !options.has('c') && !options.has('o') {
            shell.out(&format!("{}{line}\n", label('-', number)))?;
            (shown, trailing) = (number + 1, trailing - 1);
        } else if found >= most {
            break;
        }
    }
    if options.has('c') {
        let name = if prefix { format!("{file}:") } else { String::new() };
        shell.out(&format!("{name}{found}\n"))?;
    }
    if options.has('l') && found > 0 || options.has('L') && found == 0 {
        shell.out(&format!("{file}\n"))?;
    }
    Ok(found > 0)
}

/// All regular files below `roots`.
fn walk(shell: &mut Shell, roots: &[String]) -> Result<Vec<String>, Flow> {
    let mut queue: Vec<String> = if roots.is_empty() { vec![".".into()] } else { roots.to_vec() };
    queue.reverse();
    let mut out = Vec::new();
    while let Some(path) = queue.pop() {
        shell.spend(2)?;
        match shell.fs.lstat(&path) {
            Ok(stat) if stat.kind == Kind::Directory => {
                let names = shell.fs.readdir(&path).unwrap_or_default();
                queue.extend(names.iter().rev().map(|name| join(&path, name)));
            }
            Ok(stat) if stat.kind == Kind::File && out.len() < 5_000 => out.push(path),
            _ => {}
        }
    }
    Ok(out)
}
