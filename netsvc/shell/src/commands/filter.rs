//! Filters: cat, head, tail, wc, sort, uniq, cut, tr, rev, tee, …

use super::{
    Run,
    options::{inputs, options},
    own, rest,
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, lines},
};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("cat", cat),
    ("tac", tac),
    ("head", head),
    ("tail", tail),
    ("wc", wc),
    ("tr", tr),
    ("rev", rev),
    ("tee", tee),
    ("nl", number_lines),
    ("paste", paste),
    ("fold", fold),
    ("more", cat),
    ("less", cat),
    ("column", cat),
];

fn cat(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        if shell.flavour().busybox() { "Abentuv" } else { "AbeEnstTuv" },
        &[("number", 'n'), ("show-all", 'A'), ("squeeze-blank", 's')],
    )?
    else {
        return Ok(1);
    };
    let (contents, good) = inputs(shell, own(arguments), &options.operands)?;
    let mut number = 1;
    for (_, bytes) in contents {
        if !options.has('n')
            && !options.has('b')
            && !options.has('A')
            && !options.has('v')
            && !options.has('e')
            && !options.has('E')
            && !options.has('T')
            && !options.has('s')
        {
            shell.write(1, &bytes)?;
            continue;
        }
        let text = decode(&bytes);
        let mut blank = false;
        for line in lines(&text) {
            if std::mem::replace(&mut blank, line.is_empty()) && line.is_empty() && options.has('s') {
                continue;
            }
            let marked = if options.has('A') || options.has('v') || options.has('e') {
                visible(line)
            } else {
                line.to_owned()
            };
            let marked =
                if options.has('A') || options.has('T') { marked.replace('\t', "^I") } else { marked };
            let end = if options.has('A') || options.has('E') || options.has('e') { "$" } else { "" };
            if options.has('n') || options.has('b') && !line.is_empty() {
                shell.out(&format!("{number:>6}\t{marked}{end}\n"))?;
                number += 1;
            } else {
                shell.out(&format!("{marked}{end}\n"))?;
            }
        }
    }
    Ok(i32::from(!good))
}

fn visible(line: &str) -> String {
    let mut out = String::new();
    for character in line.chars() {
        let mut code = u32::from(character);
        if code >= 128 {
            out.push_str("M-");
            code -= 128;
        }
        match code {
            9 => out.push('\t'),
            0..32 => out.extend(['^', char::from((code + 64) as u8)]),
            127 => out.push_str("^?"),
            _ => out.push(char::from(code as u8)),
        }
    }
    out
}

fn tac(shell: &mut Shell, arguments: &[String]) -> Status {
    let (contents, good) = inputs(shell, "tac", rest(arguments))?;
    for (_, bytes) in contents {
        let text = decode(&bytes);
        let mut reversed: Vec<&str> = lines(&text).collect();
        reversed.reverse();
        for line in reversed {
            shell.out(&format!("{line}\n"))?;
        }
    }
    Ok(i32::from(!good))
}

/// `-5` as an old form of `-n 5`, but not where a number is the value of the option before it.
fn modern(arguments: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in arguments {
        let value = out
            .last()
            .is_some_and(|last| matches!(last.as_str(), "-n" | "-c" | "-w" | "--lines" | "--bytes"));
        let digits = word
            .strip_prefix('-')
            .filter(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()));
        let plus = word.len() > 1 && word.starts_with('+');
        match digits {
            Some(digits) if !value => out.extend(["-n".to_owned(), digits.to_owned()]),
            _ if plus && !value => out.extend(["-n".to_owned(), word.clone()]),
            _ => out.push(word.clone()),
        }
    }
    out
}

fn count(text: &str) -> (bool, i64) {
    let (digits, factor) = match text.chars().last() {
        Some('k' | 'K') => (text.trim_end_matches(['k', 'K']), 1024),
        Some('M') => (text.trim_end_matches('M'), 1 << 20),
        _ => (text, 1),
    };
    (
        digits.starts_with('+'),
        digits.trim_start_matches('+').parse::<i64>().unwrap_or(10).saturating_mul(factor),
    )
}

/// Refuses a number of lines or bytes that is none.
fn bad_count(shell: &mut Shell, name: &str, options: &super::options::Options) -> Option<Status> {
    let is_number = |text: &str| {
        let digits = text.trim_start_matches(['+', '-']);
        let digits = digits.trim_end_matches(['k', 'K', 'M', 'G', 'b', 'm', 'B']);
        !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit())
    };
    let (what, wrong) = [('n', "lines"), ('c', "bytes")]
        .into_iter()
        .find_map(|(letter, what)| Some((what, options.value(letter).filter(|text| !is_number(text))?)))?;
    let text = if shell.flavour().busybox() {
        format!("{name}: invalid number '{wrong}'\n")
    } else {
        format!("{name}: invalid number of {what}: {}\n", super::wording::quoted(wrong))
    };
    Some(shell.err(&text).map(|()| 1))
}

fn head(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, &modern(arguments), "n:c:qv", &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q')])?
    else {
        return Ok(1);
    };
    if let Some(status) = bad_count(shell, "head", &options) {
        return status;
    }
    if (shell.in_is_session() || options.operands.is_empty())
        && let Some(bytes) = options.value('c').filter(|_| options.operands.is_empty())
    {
        let data = shell.read_some(usize::try_from(count(bytes).1).unwrap_or(usize::MAX))?;
        shell.write(1, &data)?;
        return Ok(0);
    }
    let (contents, good) = inputs(shell, "head", &options.operands)?;
    let many = (options.operands.len() > 1 || options.has('v')) && !options.has('q');
    // BusyBox counts files that it could not open too.
    let skipped =
        shell.flavour().busybox() && contents.first().map(|(name, _)| name) != options.operands.first();
    for (index, (name, bytes)) in contents.iter().enumerate() {
        if many {
            let name = if name == "-" { "standard input" } else { name };
            shell.out(&format!("{}==> {name} <==\n", if index > 0 || skipped { "\n" } else { "" }))?;
        }
        let keep = match options.value('c') {
            Some(limit) => bounded(count(limit).1, bytes.len()),
            None => {
                let ends: Vec<usize> = line_ends(bytes);
                let wanted = bounded(count(options.value('n').unwrap_or("10")).1, ends.len());
                wanted.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0)
            }
        };
        shell.write(1, bytes.get(..keep).unwrap_or(bytes))?;
    }
    Ok(i32::from(!good))
}

fn bounded(wanted: i64, total: usize) -> usize {
    if wanted < 0 {
        total.saturating_sub(usize::try_from(-wanted).unwrap_or(usize::MAX))
    } else {
        total.min(usize::try_from(wanted).unwrap_or(usize::MAX))
    }
}

/// Offsets after each line's end.
fn line_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    if bytes.last().is_some_and(|last| *last != b'\n') {
        ends.push(bytes.len());
    }
    ends
}

fn tail(shell: &mut Shell, arguments: &[String]) -> Status {
    let arguments = modern(arguments);
    let Some(options) =
        options(shell, &arguments, "n:c:fFqvs:", &[("lines", 'n'), ("bytes", 'c'), ("follow", 'f')])?
    else {
        return Ok(1);
    };
    if let Some(status) = bad_count(shell, "tail", &options) {
        return status;
    }
    let (contents, good) = inputs(shell, "tail", &options.operands)?;
    let named = if shell.flavour().busybox() { contents.len() } else { options.operands.len() };
    let many = (named > 1 || options.has('v')) && !options.has('q');
    for (index, (name, bytes)) in contents.iter().enumerate() {
        if many {
            shell.out(&format!("{}==> {name} <==\n", if index > 0 { "\n" } else { "" }))?;
        }
        let start = match options.value('c').map(count) {
            Some((true, from)) => usize::try_from(from - 1).unwrap_or(0),
            Some((false, last)) => bytes.len().saturating_sub(usize::try_from(last.abs()).unwrap_or(0)),
            None => {
                let (from_start, wanted) = count(options.value('n').unwrap_or("10"));
                let ends = line_ends(bytes);
                let skip = if from_start {
                    usize::try_from(wanted - 1).unwrap_or(0)
                } else {
                    ends.len().saturating_sub(usize::try_from(wanted.abs()).unwrap_or(0))
                };
                skip.checked_sub(1).map_or(0, |last| ends.get(last).copied().unwrap_or(bytes.len()))
            }
        };
        shell.write(1, bytes.get(start..).unwrap_or(&[]))?;
    }
    if options.has('f') || options.has('F') {
        shell.wait(std::time::Duration::from_secs(3_000))?;
    }
    Ok(i32::from(!good))
}

fn wc(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "lwcmL",
        &[("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm'), ("max-line-length", 'L')],
    )?
    else {
        return Ok(1);
    };
    let (contents, good) = inputs(shell, "wc", &options.operands)?;
    let chosen = options.last_of("lwcmL").is_some();
    let mut rows: Vec<(Vec<usize>, String)> = Vec::new();
    let mut total: Vec<usize> = Vec::new();
    for (name, bytes) in &contents {
        let text = decode(bytes);
        let all = [
            ('l', bytes.iter().filter(|byte| **byte == b'\n').count()),
            ('w', text.split_ascii_whitespace().count()),
            ('m', bytes.len()),
            ('c', bytes.len()),
            ('L', lines(&text).map(|line| line.chars().count()).max().unwrap_or(0)),
        ];
        let row: Vec<usize> = all
            .iter()
            .filter(|(letter, _)| if chosen { options.has(*letter) } else { "lwc".contains(*letter) })
            .map(|(_, value)| *value)
            .collect();
        total.resize(row.len(), 0);
        for (sum, value) in total.iter_mut().zip(&row) {
            *sum += value;
        }
        rows.push((row, if options.operands.is_empty() { String::new() } else { name.clone() }));
    }
    if options.operands.len() > 1 {
        rows.push((total, "total".into()));
    }
    let single = rows.len() == 1 && rows.first().is_some_and(|(row, _)| row.len() == 1);
    let bytes: usize = contents.iter().map(|(_, bytes)| bytes.len()).sum();
    let from_input = options.operands.is_empty() || options.operands.iter().any(|name| name == "-");
    let width = if shell.flavour().busybox() {
        // One number stands alone, unless there are several files.
        if rows.first().is_some_and(|(row, _)| row.len() == 1) && rows.len() == 1 { 0 } else { 9 }
    } else if single {
        0
    } else if from_input {
        7
    } else {
        bytes.to_string().len()
    };
    for (row, name) in rows {
        let numbers: Vec<String> = row.iter().map(|value| format!("{value:>width$}")).collect();
        let name = if name.is_empty() { name } else { format!(" {name}") };
        shell.out(&format!("{}{name}\n", numbers.join(" ")))?;
    }
    Ok(i32::from(!good))
}

fn tr(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "+cCdst",
        &[("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c')],
    )?
    else {
        return Ok(1);
    };
    let Some(first) = options.operands.first() else {
        return super::wording::wrong_use(shell, "tr", "missing operand", 1);
    };
    let one = options.has('d') != options.has('s');
    if options.operands.len() < 2 && !one && !shell.flavour().busybox() {
        let text = format!(
            "missing operand after {}\nTwo strings must be given when translating.",
            super::wording::quoted(first)
        );
        return super::wording::wrong_use(shell, "tr", &text, 1);
    }
    let mut from = set(first);
    if options.has('c') || options.has('C') {
        from = (0..=255_u8).map(char::from).filter(|character| !from.contains(character)).collect();
    }
    let to: Vec<char> = options.operands.get(1).map(|text| set(text)).unwrap_or_default();
    let mut map: BTreeMap<char, Option<char>> = BTreeMap::new();
    for (index, character) in from.iter().enumerate() {
        let target = if options.has('d') {
            None
        } else {
            Some(to.get(index).or(to.last()).copied().unwrap_or(*character))
        };
        map.entry(*character).or_insert(target);
    }
    let squeeze: &[char] = if to.is_empty() { &from } else { &to };
    let text = decode(&shell.read_all()?);
    shell.spend(text.len() as u64 / 1024)?;
    let mut out = String::new();
    let mut last = None;
    for character in text.chars() {
        let Some(mapped) = map.get(&character).copied().unwrap_or(Some(character)) else { continue };
        if options.has('s') && last == Some(mapped) && squeeze.contains(&mapped) {
            continue;
        }
        last = Some(mapped);
        out.push(mapped);
    }
    shell.out(&out)?;
    Ok(0)
}

/// The characters of a `tr` set.
fn set(text: &str) -> Vec<char> {
    let (text, _) = super::unescape(text, false);
    let characters: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        let rest: String = characters.iter().skip(at).collect();
        if let Some((name, _)) = rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) {
            out.extend(crate::interpret::Pattern::class(name).iter().flat_map(|(low, high)| *low..=*high));
            at += name.len() + 4;
        } else if let (Some('-'), Some(high)) = (characters.get(at + 1), characters.get(at + 2)) {
            out.extend(character..=*high);
            at += 3;
        } else {
            out.push(character);
            at += 1;
        }
    }
    if text.starts_with("[:lower:]") || text.starts_with("[:upper:]") {
        out.sort_unstable();
    }
    out
}

fn rev(shell: &mut Shell, arguments: &[String]) -> Status {
    let (contents, good) = inputs(shell, "rev", rest(arguments))?;
    for (_, bytes) in contents {
        for line in lines(&decode(&bytes)) {
            let reversed: String = line.chars().rev().collect();
            shell.out(&format!("{reversed}\n"))?;
        }
    }
    Ok(i32::from(!good))
}

fn tee(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "aip", &[("append", 'a')])? else { return Ok(1) };
    let bytes = shell.read_all()?;
    let mut status = 0;
    for path in &options.operands {
        let how = if options.has('a') {
            crate::fs::OpenOptions::append()
        } else {
            crate::fs::OpenOptions::write_new()
        };
        let written = shell.fs.open(path, how, 0o666).and_then(|handle| {
            let result = shell.fs.write_at(handle, 0, &bytes);
            shell.fs.close(handle).and(result)
        });
        if let Err(error) = written {
            shell.err(&format!("tee: {path}: {error}\n"))?;
            status = 1;
        }
    }
    shell.write(1, &bytes)?;
    Ok(status)
}

fn number_lines(shell: &mut Shell, arguments: &[String]) -> Status {
    let files: Vec<String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let (contents, good) = inputs(shell, "nl", &files)?;
    let mut number = 1;
    for (_, bytes) in contents {
        for line in lines(&decode(&bytes)) {
            if line.is_empty() {
                shell.out("       \n")?;
            } else {
                shell.out(&format!("{number:>6}\t{line}\n"))?;
                number += 1;
            }
        }
    }
    Ok(i32::from(!good))
}

fn paste(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "sd:", &[("serial", 's'), ("delimiters", 'd')])? else {
        return Ok(1);
    };
    let delimiter = options.value('d').unwrap_or("\t").to_owned();
    let (contents, good) = inputs(shell, "paste", &options.operands)?;
    let texts: Vec<String> = contents.iter().map(|(_, bytes)| decode(bytes)).collect();
    let columns: Vec<Vec<&str>> = texts.iter().map(|text| lines(text).collect()).collect();
    if options.has('s') {
        for column in columns {
            shell.out(&format!("{}\n", column.join(&delimiter)))?;
        }
        return Ok(i32::from(!good));
    }
    // Each `-` takes the next line of the same input.
    let dashes = options.operands.iter().filter(|word| *word == "-").count();
    if dashes > 1 && dashes == options.operands.len() {
        let all: Vec<&str> = columns.first().cloned().unwrap_or_default();
        for row in all.chunks(dashes) {
            let missing = dashes - row.len();
            shell.out(&format!("{}{}\n", row.join(&delimiter), delimiter.repeat(missing)))?;
        }
        return Ok(i32::from(!good));
    }
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..longest {
        let cells: Vec<&str> = columns.iter().map(|column| column.get(row).copied().unwrap_or("")).collect();
        shell.out(&format!("{}\n", cells.join(&delimiter)))?;
    }
    Ok(i32::from(!good))
}

fn fold(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, &modern(arguments), "w:n:s", &[("width", 'w')])? else { return Ok(1) };
    let width = options
        .number('w')
        .or(options.number('n'))
        .and_then(|width| usize::try_from(width).ok())
        .unwrap_or(80)
        .max(1);
    let (contents, good) = inputs(shell, "fold", &options.operands)?;
    for (_, bytes) in contents {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let body = line.strip_suffix(b"\n").unwrap_or(line);
            let pieces: Vec<&[u8]> = body.chunks(width).collect();
            shell.write(1, &pieces.join(&b'\n'))?;
            if body.len() < line.len() {
                shell.write(1, b"\n")?;
            }
        }
    }
    Ok(i32::from(!good))
}
