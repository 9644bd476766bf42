//! sed.

mod parse;
mod run;

use super::{
    Run,
    options::{Options, inputs, options},
};
use crate::{
    interpret::{Flow, Shell, Status},
    text::{decode, encode},
};
use parse::{Action, Command, Wrong, parse};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[(&str, Run)] = &[("sed", sed)];

/// Long options.
const LONG: [(&str, char); 7] = [
    ("quiet", 'n'),
    ("silent", 'n'),
    ("regexp-extended", 'E'),
    ("expression", 'e'),
    ("file", 'f'),
    ("separate", 's'),
    ("null-data", 'z'),
];

fn sed(shell: &mut Shell, arguments: &[String]) -> Status {
    let (words, in_place) = without_suffix(arguments);
    let Some(options) = options(shell, &words, "nEre:f:suz", &LONG)? else { return Ok(1) };
    let mut operands = options.operands.clone();
    let script = match script(shell, &options, &mut operands)? {
        Ok(script) => script,
        Err(status) => return Ok(status),
    };
    let mut commands = match parse(&script, options.has('E') || options.has('r'), shell.flavour().busybox()) {
        Ok(commands) => commands,
        // BusyBox closes what is open, and does not mind what was not.
        Err((Wrong::OpenBlock, _)) if shell.flavour().busybox() => {
            return again(shell, arguments, &script, &format!("{script}\n}}"));
        }
        Err((Wrong::CloseBlock, at)) if shell.flavour().busybox() => {
            let kept: String = script.chars().take(at.saturating_sub(1)).collect();
            return again(shell, arguments, &script, &kept);
        }
        Err((wrong, at)) => {
            let label = matches!(wrong, Wrong::Label(_)) && !shell.flavour().busybox();
            let text = not_understood(shell, &script, &wrong, at);
            shell.err(&text)?;
            return Ok(if label { 4 } else { 1 });
        }
    };
    let files = read_files(shell, &commands);
    let (contents, good) = inputs(shell, "sed", &operands)?;
    let quiet = options.has('n');
    let mut status = if good { 0 } else { failure(shell) };
    if let Some(suffix) = in_place.filter(|_| !operands.is_empty()) {
        let edited = edit(shell, &mut commands, contents, (quiet, &suffix), &files)?;
        return Ok(if edited == 0 { status } else { edited });
    }
    let text: String = contents.iter().map(|(_, bytes)| decode(bytes)).collect();
    shell.spend(1 + text.len() as u64 / 128)?;
    let ran = run::run(&mut commands, &text, quiet, &files);
    shell.out(&ran.out)?;
    write_files(shell, ran.written);
    if ran.endless {
        return Err(Flow::Exhausted);
    }
    if ran.status != 0 {
        status = ran.status;
    }
    Ok(status)
}

/// `-i`: each file becomes what the script makes of it.
fn edit(
    shell: &mut Shell,
    commands: &mut [Command],
    contents: Vec<(String, Vec<u8>)>,
    (quiet, suffix): (bool, &str),
    files: &BTreeMap<String, String>,
) -> Status {
    let (mut written, mut status) = (BTreeMap::new(), 0);
    for (name, bytes) in contents {
        let ran = run::run(commands, &decode(&bytes), quiet, files);
        shell.spend(1 + bytes.len() as u64 / 128)?;
        if ran.endless {
            return Err(Flow::Exhausted);
        }
        if ran.status != 0 {
            status = ran.status;
        }
        if !suffix.is_empty() {
            // A copy that cannot be made is missing, as with the real one in a full file system.
            let _ = shell.fs.write_file(&format!("{name}{suffix}"), &bytes, 0o644);
        }
        written.extend(ran.written);
        if let Err(error) = shell.fs.write_file(&name, &encode(&ran.out), 0o644) {
            shell.err(&format!("sed: couldn't open temporary file {name}: {error}\n"))?;
            return Ok(4);
        }
    }
    write_files(shell, written);
    Ok(status)
}

/// The words without `-i`, which takes a suffix only when it is attached, and that suffix.
fn without_suffix(arguments: &[String]) -> (Vec<String>, Option<String>) {
    let mut suffix = None;
    let mut words = Vec::new();
    for word in arguments {
        if let Some(rest) = word.strip_prefix("--in-place") {
            suffix = Some(rest.trim_start_matches('=').to_owned());
            continue;
        }
        // `-ni`, `-i.bak`, `-Ei`: letters before it are options of their own.
        let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let split = cluster.and_then(|rest| rest.split_once('i'));
        match split.filter(|(before, _)| before.chars().all(|letter| "nErsuz".contains(letter))) {
            Some((before, after)) => {
                // GNU's takes what follows for the suffix.
                suffix = Some(after.to_owned());
                if !before.is_empty() {
                    words.push(format!("-{before}"));
                }
            }
            None => words.push(word.clone()),
        }
    }
    (words, suffix)
}

/// The status for a file that cannot be read.
fn failure(shell: &Shell) -> i32 {
    if shell.flavour().busybox() { 1 } else { 2 }
}

/// The script: of `-e` and `-f`, or the first operand. `Err`: it cannot be read, which was said.
fn script(
    shell: &mut Shell,
    options: &Options,
    operands: &mut Vec<String>,
) -> Result<Result<String, i32>, Flow> {
    let mut script: String = options.values('e').collect::<Vec<_>>().join("\n");
    if let Some(path) = options.value('f') {
        match shell.fs.read_file(path) {
            Ok(bytes) => script = decode(&bytes),
            Err(error) if shell.flavour().busybox() => {
                shell.err(&format!("sed: {path}: {error}\n"))?;
                return Ok(Err(1));
            }
            Err(error) => {
                shell.err(&format!("sed: couldn't open file {path}: {error}\n"))?;
                return Ok(Err(4));
            }
        }
    } else if options.value('e').is_none() {
        if operands.is_empty() {
            if shell.flavour().busybox() {
                super::help::usage(shell, "sed")?;
                return Ok(Err(1));
            }
            let text = super::help::hint("sed");
            shell.err(&text)?;
            return Ok(Err(1));
        }
        script = operands.remove(0);
    }
    Ok(Ok(script))
}

/// Runs with another script in place of what was given.
fn again(shell: &mut Shell, arguments: &[String], script: &str, other: &str) -> Status {
    let words: Vec<String> =
        arguments.iter().map(|word| if word == script { other.to_owned() } else { word.clone() }).collect();
    if words == arguments {
        shell.err("sed: unterminated {\n")?;
        return Ok(1);
    }
    sed(shell, &words)
}

/// What the files hold that the script reads.
fn read_files(shell: &mut Shell, commands: &[Command]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for command in commands {
        if let Action::Read(path) = &command.action
            && let Ok(bytes) = shell.fs.read_file(path)
        {
            let mut text = decode(&bytes);
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            files.insert(path.clone(), text);
        }
    }
    files
}

fn write_files(shell: &mut Shell, written: BTreeMap<String, String>) {
    for (path, text) in written {
        // What cannot be written is lost, as on a full disk.
        let _ = shell.fs.write_file(&path, &encode(&text), 0o644);
    }
}

/// What is said of a script that is none; `at`: how many characters of it were read.
fn not_understood(shell: &Shell, script: &str, wrong: &Wrong, at: usize) -> String {
    if shell.flavour().busybox() {
        let text = match wrong {
            Wrong::Unknown(letter) => format!("unsupported command {letter}"),
            Wrong::Missing | Wrong::NoText => "missing command".into(),
            Wrong::Unterminated(_, delimiter) | Wrong::Address(delimiter) => {
                format!("unmatched '{delimiter}'")
            }
            Wrong::Flag => "bad option in substitution expression".into(),
            Wrong::Label(label) => format!("can't find label for jump to '{label}'"),
            Wrong::Regex(source) => format!("bad regex '{source}'"),
            Wrong::Lengths => "strings for y command have different lengths".into(),
            Wrong::Extra => {
                let letter = script.chars().nth(at.saturating_sub(1)).unwrap_or(' ');
                format!("unsupported command {letter}")
            }
            Wrong::OpenBlock => "unterminated {".into(),
            Wrong::CloseBlock => "unexpected }".into(),
        };
        return format!("sed: {text}\n");
    }
    let (text, at) = match wrong {
        Wrong::Label(label) => return format!("sed: can't find label for jump to `{label}'\n"),
        Wrong::Unknown(letter) => (format!("unknown command: `{letter}'"), at),
        Wrong::Missing => ("missing command".into(), at),
        Wrong::NoText => ("expected \\ after `a', `c' or `i'".into(), at),
        Wrong::Unterminated(letter, _) => (format!("unterminated `{letter}' command"), at),
        Wrong::Address(_) => ("unterminated address regex".into(), at),
        Wrong::Flag => ("unknown option to `s'".into(), at),
        Wrong::Regex(source) => (complaint(source).to_owned(), at),
        Wrong::Lengths => ("strings for `y' command are different lengths".into(), at),
        Wrong::Extra => ("extra characters after command".into(), at),
        Wrong::OpenBlock => ("unmatched `{'".into(), 0),
        Wrong::CloseBlock => ("unexpected `}'".into(), at),
    };
    format!("sed: -e expression #1, char {at}: {text}\n")
}

/// What the C library says of an expression that is none.
pub(super) fn complaint(source: &str) -> &'static str {
    let open = |wanted: char| source.contains(wanted);
    if open('[') && !source.contains(']') {
        "unterminated address regex"
    } else if open('(') && !source.contains(')') {
        "Unmatched ( or \\("
    } else if open(')') && !source.contains('(') {
        "Unmatched ) or \\)"
    } else if open('{') {
        "Invalid preceding regular expression"
    } else {
        "Invalid regular expression"
    }
}
