//! grep.

use super::{
    Run,
    options::{Options, inputs, options},
    own,
    posix::{basic, expression, perl},
};
use crate::{
    fs::{Kind, join},
    interpret::{Flow, Shell, Status},
    text::{decode, lines},
};
use regex::Regex;

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("grep", grep), ("egrep", grep), ("fgrep", grep), ("zgrep", grep)];

/// Long options.
const LONG: [(&str, char); 26] = [
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

fn grep(shell: &mut Shell, arguments: &[String]) -> Status {
    let words: Vec<String> = arguments.iter().map(|word| context_letter(word)).collect();
    let letters = if shell.flavour().busybox() {
        "A:B:C:cEe:Ff:HhiLlm:noqRrsvwxz"
    } else {
        "A:aB:bC:cEe:Ff:GHhIiLlm:noPqRrsUvwxz"
    };
    let Some(options) = options(shell, &words, letters, &LONG)? else {
        return Ok(if shell.flavour().busybox() { 1 } else { 2 });
    };
    let mut operands = options.operands.clone();
    let patterns = patterns(shell, &options, &mut operands);
    if patterns.is_empty() && options.value('f').is_none() {
        if shell.flavour().busybox() {
            return super::help::usage(shell, "grep").map(|()| 1);
        }
        shell.err("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n")?;
        return Ok(2);
    }
    let name = own(arguments);
    let Some(regex) = expression(&source(&patterns, &options, name), true, options.has('i')) else {
        let text = not_understood(shell, patterns.first().map_or("", String::as_str));
        shell.err(&text)?;
        return Ok(2);
    };
    let recursive = options.has('r') || options.has('R');
    let files = if recursive { walk(shell, &operands)? } else { operands };
    let named = files.len();
    let (contents, good) = if options.has('s') || recursive {
        let readable: Vec<String> =
            files.into_iter().filter(|path| shell.fs.access(path, 4).is_ok()).collect();
        let whole = readable.len() == named;
        if readable.is_empty() && named > 0 {
            (Vec::new(), whole)
        } else {
            let (contents, good) = inputs(shell, name, &readable)?;
            (contents, good && whole)
        }
    } else {
        inputs(shell, name, &files)?
    };
    let prefix = (named > 1 || recursive || options.has('H')) && !options.has('h');
    let mut matched = false;
    for (file, bytes) in contents {
        let file = if file == "-" { "(standard input)".to_owned() } else { file };
        matched |= one_file(shell, &options, &regex, &file, &bytes, prefix)?;
        if matched && options.has('q') {
            return Ok(0);
        }
    }
    Ok(if !good { 2 } else { i32::from(!matched) })
}

/// What is said of a pattern that is none.
fn not_understood(shell: &Shell, wrong: &str) -> String {
    if shell.flavour().busybox() {
        return format!("grep: bad regex '{wrong}'\n");
    }
    let reason = match super::sed::complaint(wrong) {
        "unterminated address regex" if wrong == "[" => "Invalid regular expression",
        "unterminated address regex" => "Unmatched [, [^, [:, [., or [=",
        reason => reason,
    };
    format!("grep: {reason}\n")
}

/// `-NUMBER` as `-CNUMBER`; other words as they are.
fn context_letter(word: &str) -> String {
    match word.strip_prefix('-') {
        Some(digits) if !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()) => {
            format!("-C{digits}")
        }
        _ => word.to_owned(),
    }
}

/// What is looked for: from `-e`, from a file, or from the first operand, which is taken away then.
fn patterns(shell: &mut Shell, options: &Options, operands: &mut Vec<String>) -> Vec<String> {
    let mut patterns: Vec<String> = options.values('e').map(String::from).collect();
    if let Some(path) = options.value('f') {
        let content = shell.fs.read_file(path).unwrap_or_default();
        patterns.extend(lines(&decode(&content)).map(String::from));
    } else if patterns.is_empty() && !operands.is_empty() {
        patterns.extend(operands.remove(0).split('\n').map(String::from));
    }
    patterns
}

/// One extended expression that stands for all patterns.
fn source(patterns: &[String], options: &Options, name: &str) -> String {
    let fixed = options.has('F') || name == "fgrep";
    let extended = options.has('E') || options.has('P') || name == "egrep" || options.has('r') && fixed;
    let sources: Vec<String> = patterns
        .iter()
        .map(|pattern| {
            if fixed {
                regex::escape(pattern)
            } else if options.has('P') {
                perl(pattern)
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
    if sources.len() == 1 {
        return sources.concat();
    }
    sources.iter().map(|source| format!("(?:{source})")).collect::<Vec<_>>().join("|")
}

/// Prints what a file has; whether it has something.
fn one_file(
    shell: &mut Shell,
    options: &Options,
    regex: &Regex,
    file: &str,
    bytes: &[u8],
    prefix: bool,
) -> Result<bool, Flow> {
    let text = decode(bytes);
    shell.spend(text.len() as u64 / 512)?;
    let most = options.number('m').unwrap_or(u64::MAX);
    let binary = bytes.contains(&0) && !options.has('a');
    let mut printer = Printer::new(options, file, prefix, lines(&text).collect());
    let mut found = 0_u64;
    for (number, line) in lines(&text).enumerate() {
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
                let parts = regex.captures_iter(line).filter_map(|found| found.name("k").or(found.get(0)));
                for part in parts.filter(|part| !part.is_empty()) {
                    shell.out(&format!("{}{}\n", printer.label(':', number), part.as_str()))?;
                }
                continue;
            }
            printer.hit(shell, number, line)?;
        } else if printer.trailing > 0 {
            printer.trail(shell, number, line)?;
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
    // grep 3.5 and later count what `-L` lists as not found; BusyBox counts it.
    let listed = options.has('L') && shell.flavour().busybox();
    Ok(if listed { found == 0 } else { found > 0 })
}

/// Prints lines with their labels and the lines around them.
struct Printer<'a> {
    /// What each label begins with.
    file: Option<&'a str>,
    numbered: bool,
    all: Vec<&'a str>,
    before: usize,
    after: u64,
    /// Lines from the beginning that are printed or passed.
    shown: usize,
    /// Lines still to print after a hit.
    trailing: u64,
}

impl<'a> Printer<'a> {
    fn new(options: &Options, file: &'a str, prefix: bool, all: Vec<&'a str>) -> Printer<'a> {
        let context = options.number('C').unwrap_or(0);
        Printer {
            file: prefix.then_some(file),
            numbered: options.has('n'),
            all,
            before: usize::try_from(options.number('B').unwrap_or(context)).unwrap_or(0),
            after: options.number('A').unwrap_or(context),
            shown: 0,
            trailing: 0,
        }
    }

    fn label(&self, separator: char, number: usize) -> String {
        let name = self.file.map_or_else(String::new, |file| format!("{file}{separator}"));
        if self.numbered { format!("{name}{}{separator}", number + 1) } else { name }
    }

    /// A line that fits, after those before it.
    fn hit(&mut self, shell: &mut Shell, number: usize, line: &str) -> Result<(), Flow> {
        let from = number.saturating_sub(self.before).max(self.shown);
        if (self.before > 0 || self.after > 0) && self.shown > 0 && from > self.shown {
            shell.out("--\n")?;
        }
        for (earlier, text) in self.all.iter().enumerate().take(number).skip(from) {
            shell.out(&format!("{}{text}\n", self.label('-', earlier)))?;
        }
        shell.out(&format!("{}{line}\n", self.label(':', number)))?;
        (self.shown, self.trailing) = (number + 1, self.after);
        Ok(())
    }

    /// A line after one that fits.
    fn trail(&mut self, shell: &mut Shell, number: usize, line: &str) -> Result<(), Flow> {
        shell.out(&format!("{}{line}\n", self.label('-', number)))?;
        (self.shown, self.trailing) = (number + 1, self.trailing - 1);
        Ok(())
    }
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
