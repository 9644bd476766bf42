//! diff, cmp, comm, join: two files beside each other.

use super::{Run, options::options, own, rest};
use crate::{
    interpret::{Flow, Shell, Status},
    text::{decode, lines},
};
use std::cmp::Ordering;

pub(super) const COMMANDS: &[(&str, Run)] = &[("diff", diff), ("cmp", cmp), ("comm", comm), ("join", join)];

/// Lines of a file that are compared; longer files differ as a whole.
const MAX_LINES: usize = 2_000;

/// The contents of two operands, `-` is standard input. `None`: one could not be read, and that was said.
fn two(shell: &mut Shell, name: &str, files: &[String]) -> Result<Option<[Vec<u8>; 2]>, Flow> {
    let [first, second] = files else {
        let text = match files.last() {
            None if name == "cmp" || name == "diff" => format!("{name}: missing operand after '{name}'"),
            None => format!("{name}: missing operand"),
            Some(last) => format!("{name}: missing operand after '{last}'"),
        };
        let hint = if name == "diff" { "diff" } else { name };
        shell.err(&format!("{text}\n{name}: Try '{hint} --help' for more information.\n"))?;
        return Ok(None);
    };
    let busybox = shell.flavour().busybox();
    let mut read = |path: &String| -> Result<Option<Vec<u8>>, Flow> {
        if path == "-" {
            return shell.read_all().map(Some);
        }
        match shell.fs.read_file(path) {
            Ok(bytes) => {
                shell.spend(1 + bytes.len() as u64 / 4096)?;
                Ok(Some(bytes.to_vec()))
            }
            Err(error) => {
                let text = if busybox && name == "diff" {
                    format!("diff: can't stat '{path}': {error}\n")
                } else {
                    format!("{name}: {path}: {error}\n")
                };
                shell.err(&text)?;
                Ok(None)
            }
        }
    };
    let first = read(first)?;
    if first.is_none() && (name == "cmp" || busybox) {
        return Ok(None);
    }
    Ok(first.zip(read(second)?).map(|(first, second)| [first, second]))
}

fn cmp(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "lsbn:i:", &[("silent", 's'), ("quiet", 's')])? else {
        return Ok(2);
    };
    let Some([first, second]) = two(shell, "cmp", &options.operands)? else { return Ok(2) };
    let [left, right] = options.operands.as_slice() else { return Ok(2) };
    let place = first.iter().zip(&second).position(|(left, right)| left != right);
    let line = |at: usize| first.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let quiet = options.has('s');
    match place {
        Some(at) if !quiet => {
            // GNU's has the word of POSIX in its locale only.
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"];
            let locale =
                locale.iter().find_map(|name| shell.variable(name).filter(|value| !value.is_empty()));
            let posix = matches!(locale, None | Some("C" | "POSIX"));
            let word = if shell.flavour().busybox() || posix { "char" } else { "byte" };
            let text = format!("{left} {right} differ: {word} {}, line {}\n", at + 1, line(at));
            shell.out(&text)?;
            Ok(1)
        }
        Some(_) => Ok(1),
        None if first.len() == second.len() => Ok(0),
        None => {
            let (short, length) =
                if first.len() < second.len() { (left, first.len()) } else { (right, second.len()) };
            if !quiet {
                shell.err(&format!(
                    "cmp: EOF on {short} after byte {length}, line {}\n",
                    line(length).max(2) - 1
                ))?;
            }
            Ok(1)
        }
    }
}

/// A run of lines that differ: where it begins in both, and how long it is.
struct Hunk {
    left: usize,
    left_lines: usize,
    right: usize,
    right_lines: usize,
}

/// The hunks between two lists of lines, by their longest common subsequence.
fn hunks(left: &[&str], right: &[&str]) -> Vec<Hunk> {
    let width = right.len() + 1;
    let mut table = vec![0_u16; (left.len() + 1) * width];
    let cell =
        |table: &[u16], row: usize, column: usize| table.get(row * width + column).copied().unwrap_or(0);
    for row in (0..left.len()).rev() {
        for column in (0..right.len()).rev() {
            let value = if left.get(row) == right.get(column) {
                cell(&table, row + 1, column + 1) + 1
            } else {
                cell(&table, row + 1, column).max(cell(&table, row, column + 1))
            };
            if let Some(place) = table.get_mut(row * width + column) {
                *place = value;
            }
        }
    }
    let mut out: Vec<Hunk> = Vec::new();
    let (mut row, mut column) = (0, 0);
    let mut fresh = true;
    while row < left.len() || column < right.len() {
        if row < left.len() && column < right.len() && left.get(row) == right.get(column) {
            (row, column, fresh) = (row + 1, column + 1, true);
            continue;
        }
        if std::mem::take(&mut fresh) {
            out.push(Hunk { left: row, left_lines: 0, right: column, right_lines: 0 });
        }
        let Some(hunk) = out.last_mut() else { break };
        let take_left = column >= right.len()
            || row < left.len() && cell(&table, row + 1, column) >= cell(&table, row, column + 1);
        if take_left {
            (row, hunk.left_lines) = (row + 1, hunk.left_lines + 1);
        } else {
            (column, hunk.right_lines) = (column + 1, hunk.right_lines + 1);
        }
    }
    out
}

fn range(start: usize, count: usize) -> String {
    match count {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{}", start + 1, start + count),
    }
}

fn diff(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [("unified", 'u'), ("brief", 'q'), ("recursive", 'r'), ("ignore-all-space", 'w')];
    let Some(options) = options(shell, arguments, "uqrNbwBaisU:", &long)? else { return Ok(2) };
    let Some([first, second]) = two(shell, "diff", &options.operands)? else { return Ok(2) };
    let [left_name, right_name] = options.operands.as_slice() else { return Ok(2) };
    if first == second {
        return Ok(0);
    }
    if options.has('q') {
        shell.out(&format!("Files {left_name} and {right_name} differ\n"))?;
        return Ok(1);
    }
    let (first, second) = (decode(&first), decode(&second));
    let (left, right): (Vec<&str>, Vec<&str>) = (lines(&first).collect(), lines(&second).collect());
    if left.len() > MAX_LINES || right.len() > MAX_LINES || first.contains('\0') || second.contains('\0') {
        shell.out(&format!("Binary files {left_name} and {right_name} differ\n"))?;
        return Ok(2);
    }
    shell.spend(1 + (left.len() * right.len()) as u64 / 2_000)?;
    let found = hunks(&left, &right);
    let text = if options.has('u') || options.has('U') || shell.flavour().busybox() {
        unified(shell, [left_name, right_name], &left, &right, &found)
    } else {
        found.iter().map(|hunk| plain(hunk, &left, &right)).collect()
    };
    shell.out(&text)?;
    Ok(1)
}

fn plain(hunk: &Hunk, left: &[&str], right: &[&str]) -> String {
    let code = match (hunk.left_lines, hunk.right_lines) {
        (0, _) => 'a',
        (_, 0) => 'd',
        _ => 'c',
    };
    let part = |lines: &[&str], start: usize, count: usize, mark: char| -> String {
        lines.iter().skip(start).take(count).map(|line| format!("{mark} {line}\n")).collect()
    };
    let between = if code == 'c' { "---\n" } else { "" };
    format!(
        "{}{code}{}\n{}{between}{}",
        range(hunk.left, hunk.left_lines),
        range(hunk.right, hunk.right_lines),
        part(left, hunk.left, hunk.left_lines, '<'),
        part(right, hunk.right, hunk.right_lines, '>')
    )
}

/// One hunk of all that differs, with three lines around it.
fn unified(shell: &Shell, names: [&String; 2], left: &[&str], right: &[&str], found: &[Hunk]) -> String {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return String::new() };
    let start = first.left.saturating_sub(3);
    let right_start = first.right.saturating_sub(first.left - start);
    let left_end = (last.left + last.left_lines + 3).min(left.len());
    let right_end = (last.right + last.right_lines + 3).min(right.len());
    let stamp = |name: &String| {
        let modified = shell.fs.stat(name).map_or(0, |stat| stat.meta.modified);
        if shell.flavour().busybox() {
            return String::new();
        }
        crate::live::strftime("\t%F %T.%N %z", modified, &shell.live.persona.zone)
    };
    let span = |start: usize, end: usize| match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        count => format!("{},{count}", start + 1),
    };
    let [left_name, right_name] = names;
    let mut out = format!(
        "--- {left_name}{}\n+++ {right_name}{}\n@@ -{} +{} @@\n",
        stamp(left_name),
        stamp(right_name),
        span(start, left_end),
        span(right_start, right_end)
    );
    let mut at = start;
    for hunk in found {
        left.iter().take(hunk.left).skip(at).for_each(|line| out.push_str(&format!(" {line}\n")));
        left.iter()
            .skip(hunk.left)
            .take(hunk.left_lines)
            .for_each(|line| out.push_str(&format!("-{line}\n")));
        right
            .iter()
            .skip(hunk.right)
            .take(hunk.right_lines)
            .for_each(|line| out.push_str(&format!("+{line}\n")));
        at = hunk.left + hunk.left_lines;
    }
    left.iter().take(left_end).skip(at).for_each(|line| out.push_str(&format!(" {line}\n")));
    out
}

fn comm(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "123", &[])? else { return Ok(1) };
    let Some([first, second]) = two(shell, own(arguments), &options.operands)? else { return Ok(1) };
    let (first, second) = (decode(&first), decode(&second));
    let (mut left, mut right) = (lines(&first).peekable(), lines(&second).peekable());
    let indent = |columns: &str| -> String {
        columns.chars().filter(|column| !options.has(*column)).map(|_| '\t').collect()
    };
    let mut out = String::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let (column, line) = match order {
            Ordering::Less => ('1', left.next()),
            Ordering::Greater => ('2', right.next()),
            Ordering::Equal => {
                right.next();
                ('3', left.next())
            }
        };
        if !options.has(column) {
            let before = ["", "1", "12"].get(column as usize - '1' as usize).copied().unwrap_or("");
            out.push_str(&format!("{}{}\n", indent(before), line.unwrap_or("")));
        }
    }
    shell.out(&out)?;
    Ok(0)
}

fn join(shell: &mut Shell, arguments: &[String]) -> Status {
    debug_assert!(!rest(arguments).is_empty() || !arguments.is_empty());
    let Some(options) = options(shell, arguments, "t:1:2:a:", &[])? else { return Ok(1) };
    let Some([first, second]) = two(shell, "join", &options.operands)? else { return Ok(1) };
    let (first, second) = (decode(&first), decode(&second));
    let separator = options.value('t').and_then(|text| text.chars().next());
    let fields = |line: &str| -> Vec<String> {
        match separator {
            Some(separator) => line.split(separator).map(String::from).collect(),
            None => line.split_whitespace().map(String::from).collect(),
        }
    };
    let right: Vec<Vec<String>> = lines(&second).take(MAX_LINES).map(fields).collect();
    let mut out = String::new();
    for row in lines(&first).take(MAX_LINES).map(fields) {
        shell.spend(1 + right.len() as u64 / 64)?;
        for other in right.iter().filter(|other| other.first() == row.first()) {
            let all: Vec<&str> = row.iter().chain(other.iter().skip(1)).map(String::as_str).collect();
            out.push_str(&all.join(&separator.unwrap_or(' ').to_string()));
            out.push('\n');
        }
    }
    shell.out(&out)?;
    Ok(0)
}
