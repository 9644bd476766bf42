//! Modes, owners, names and kinds of files.

use super::{
    Run,
    files::missing,
    options::options,
    own, rest,
    wording::{quoted, wrong_use},
};
use crate::{
    fs::{Errno, Kind, join, name, parent},
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("chmod", chmod),
    ("chown", chown),
    ("chgrp", chown),
    ("chattr", chattr),
    ("lsattr", lsattr),
    ("readlink", readlink),
    ("realpath", readlink),
    ("basename", basename),
    ("dirname", dirname),
    ("mktemp", mktemp),
    ("file", file),
];

/// A symbolic or octal mode applied to an old one.
fn new_mode(text: &str, old: u32, (directory, applet): (bool, bool), umask: u32) -> Option<u32> {
    if text.chars().all(|digit| digit.is_digit(8)) {
        return u32::from_str_radix(text, 8).ok().map(|mode| mode & 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(at);
        let mut mask = 0;
        for letter in who.chars() {
            mask |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                // BusyBox' `o` has nothing of the sticky bit.
                'o' if applet => 0o0007,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        let mask = if who.is_empty() { 0o7777 & !umask } else { mask };
        let mut characters = rest.chars();
        let sign = characters.next()?;
        let mut bits = 0;
        for letter in characters {
            bits |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' if directory || old & 0o111 != 0 => 0o111,
                'X' => 0,
                's' => 0o6000,
                't' => 0o1000,
                _ => return None,
            };
        }
        mode = match sign {
            '+' => mode | bits & mask,
            '-' => mode & !(bits & mask),
            _ => mode & !mask | bits & mask,
        };
    }
    Some(mode)
}

fn chmod(shell: &mut Shell, arguments: &[String]) -> Status {
    // A mode such as -x looks like an option.
    let is_mode = |word: &&String| {
        word.len() > 1
            && word.starts_with('-')
            && word.chars().skip(1).all(|letter| "rwxXst".contains(letter))
    };
    let mode_word = rest(arguments).iter().find(is_mode).cloned();
    let words: Vec<String> =
        arguments.iter().filter(|word| Some(*word) != mode_word.as_ref()).cloned().collect();
    let Some(options) =
        options(shell, &words, "cfvR", &[("recursive", 'R'), ("verbose", 'v'), ("reference", 'r')])?
    else {
        return Ok(1);
    };
    let mut operands = options.operands.clone();
    let mode = match mode_word {
        Some(mode) => mode,
        None if operands.is_empty() => return missing(shell, "chmod"),
        None => operands.remove(0),
    };
    if operands.is_empty() {
        return wrong_use(shell, "chmod", &format!("missing operand after {}", quoted(&mode)), 1);
    }
    let busybox = shell.flavour().busybox();
    if new_mode(&mode, 0, (false, busybox), 0).is_none() {
        return bad_mode(shell, &mode, operands.first().map_or("", String::as_str));
    }
    let mut status = 0;
    let umask = shell.fs.umask;
    for path in tree(shell, operands, options.has('R'))? {
        let result = shell.fs.stat(&path).and_then(|stat| {
            let mode = new_mode(&mode, stat.meta.mode, (stat.kind == Kind::Directory, busybox), umask)
                .unwrap_or(stat.meta.mode);
            shell.fs.chmod(&path, mode)
        });
        if let Err(error) = result {
            status = 1;
            let text = if shell.flavour().busybox() {
                format!("chmod: {path}: {error}\n")
            } else if error == Errno::NotFound {
                format!("chmod: cannot access '{path}': {error}\n")
            } else {
                format!("chmod: changing permissions of '{path}': {error}\n")
            };
            if !options.has('f') {
                shell.err(&text)?;
            }
        }
    }
    Ok(status)
}

/// A mode that chmod does not understand; BusyBox looks at the file first.
fn bad_mode(shell: &mut Shell, mode: &str, path: &str) -> Status {
    if !shell.flavour().busybox() {
        return wrong_use(shell, "chmod", &format!("invalid mode: {}", quoted(mode)), 1);
    }
    let text = match shell.fs.stat(path) {
        Ok(_) => format!("chmod: invalid mode '{mode}'\n"),
        Err(error) => format!("chmod: {path}: {error}\n"),
    };
    shell.err(&text)?;
    Ok(1)
}

/// `roots`, and with `deep` everything below them.
fn tree(shell: &mut Shell, roots: Vec<String>, deep: bool) -> Result<Vec<String>, Flow> {
    let mut out = roots;
    let mut at = 0;
    while deep && at < out.len() && out.len() < 5_000 {
        shell.spend(1)?;
        let Some(path) = out.get(at).cloned() else { break };
        if shell.fs.lstat(&path).is_ok_and(|stat| stat.kind == Kind::Directory) {
            out.extend(shell.fs.readdir(&path).unwrap_or_default().iter().map(|name| join(&path, name)));
        }
        at += 1;
    }
    Ok(out)
}

/// The number of a user or group by name, from the file that has them.
fn number_of(shell: &mut Shell, file: &str, name: &str) -> Option<u32> {
    let content = shell.fs.read_file(file).ok()?;
    let text = crate::text::decode(&content);
    let found = text
        .lines()
        .find(|line| line.split(':').next() == Some(name))
        .and_then(|line| line.split(':').nth(2)?.parse().ok());
    found.or_else(|| name.parse().ok())
}

fn chown(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "cfhvRLHP", &[("recursive", 'R'), ("no-dereference", 'h')])?
    else {
        return Ok(1);
    };
    let command = own(arguments).to_owned();
    let mut operands = options.operands.clone();
    match operands.as_slice() {
        [] => return missing(shell, &command),
        [only] => {
            return wrong_use(shell, &command, &format!("missing operand after {}", quoted(only)), 1);
        }
        _ => {}
    }
    let busybox = shell.flavour().busybox();
    let owner = operands.remove(0);
    let (user, group) = if command == "chgrp" {
        ("", owner.as_str())
    } else {
        owner.split_once([':', '.']).unwrap_or((&owner, ""))
    };
    let uid = number_of(shell, "/etc/passwd", user);
    let gid = number_of(shell, "/etc/group", group);
    if !user.is_empty() && uid.is_none() || !group.is_empty() && gid.is_none() {
        let kind = if uid.is_none() && !user.is_empty() { "user" } else { "group" };
        let text = if busybox {
            format!("{command}: unknown {kind} {}\n", if kind == "user" { user } else { group })
        } else {
            format!("{command}: invalid {kind}: {}\n", quoted(&owner))
        };
        shell.err(&text)?;
        return Ok(1);
    }
    let mut status = 0;
    for path in tree(shell, operands, options.has('R'))? {
        if let Err(error) = shell.fs.chown(&path, uid, gid, !options.has('h')) {
            let verb = match (error, command.as_str()) {
                (Errno::NotFound, _) => "cannot access",
                (_, "chgrp") => "changing group of",
                _ => "changing ownership of",
            };
            if busybox {
                shell.err(&format!("{command}: {path}: {error}\n"))?;
            } else {
                shell.err(&format!("{command}: {verb} '{path}': {error}\n"))?;
            }
            status = 1;
        }
    }
    Ok(status)
}

/// Marks of ext4, which are not kept; what is not there is complained about.
fn chattr(shell: &mut Shell, arguments: &[String]) -> Status {
    let is_mode = |word: &&String| word.starts_with(['+', '-', '=']) && word.len() > 1;
    if !rest(arguments).iter().any(|word| is_mode(&word)) {
        shell.err("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...\n")?;
        return Ok(1);
    }
    let quiet = rest(arguments).iter().any(|word| word == "-f");
    let mut status = 0;
    for path in rest(arguments).iter().filter(|word| !is_mode(word)) {
        if let Err(error) = shell.fs.lstat(path) {
            status = 1;
            if !quiet {
                shell.err(&format!("chattr: {error} while trying to stat {path}\n"))?;
            }
        }
    }
    Ok(status)
}

fn lsattr(shell: &mut Shell, arguments: &[String]) -> Status {
    for path in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        shell.out(&format!("--------------e------- {path}\n"))?;
    }
    Ok(0)
}

fn readlink(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "efmnsvz", &[("canonicalize", 'f')])? else { return Ok(1) };
    let real = own(arguments) == "realpath";
    let mut status = 0;
    for path in &options.operands {
        let busybox = shell.flavour().busybox();
        let strict = options.has('e') || busybox && !real;
        let result = if strict && !real && options.has('f') && !shell.fs.exists(path) {
            Err(Errno::NotFound)
        } else if real || options.has('f') || options.has('e') || options.has('m') {
            shell.fs.resolve(path, true)
        } else {
            shell.fs.readlink(path)
        };
        match result {
            Ok(target) => shell.out(&format!("{target}{}", if options.has('n') { "" } else { "\n" }))?,
            Err(error) => {
                status = 1;
                if real {
                    shell.err(&format!("realpath: {path}: {error}\n"))?;
                }
            }
        }
    }
    Ok(status)
}

fn basename(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "+as:z", &[("multiple", 'a'), ("suffix", 's')])? else {
        return Ok(1);
    };
    let many = options.has('a') || options.has('s');
    let Some(first) = options.operands.first() else { return missing(shell, "basename") };
    if let Some(extra) = options.operands.get(2).filter(|_| !many) {
        return wrong_use(shell, "basename", &format!("extra operand {}", quoted(extra)), 1);
    }
    let suffix = options
        .value('s')
        .or(options.operands.get(1).filter(|_| !many).map(String::as_str))
        .unwrap_or("")
        .to_owned();
    let paths = if many { options.operands.clone() } else { vec![first.clone()] };
    for path in paths {
        let trimmed = path.trim_end_matches('/');
        let base = if trimmed.is_empty() && !path.is_empty() { "/" } else { name(trimmed) };
        let short = base.strip_suffix(suffix.as_str()).filter(|short| !short.is_empty()).unwrap_or(base);
        shell.out(&format!("{short}\n"))?;
    }
    Ok(0)
}

fn dirname(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).is_empty() {
        return missing(shell, "dirname");
    }
    for path in rest(arguments) {
        let trimmed = path.trim_end_matches('/');
        let folder = if trimmed.contains('/') {
            parent(trimmed).trim_end_matches('/')
        } else if trimmed.is_empty() && path.starts_with('/') {
            "/"
        } else {
            "."
        };
        shell.out(&format!("{}\n", if folder.is_empty() { "/" } else { folder }))?;
    }
    Ok(0)
}

/// A template with random letters in place of its last `run` ones.
fn filled(shell: &Shell, template: &str, run: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let keep = template.chars().count() - run;
    let random = shell.live.random(template.len());
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().unwrap_or(b'x');
    template
        .chars()
        .zip(random)
        .enumerate()
        .map(|(at, (given, byte))| if at < keep { given } else { char::from(letter(byte)) })
        .collect()
}

fn mktemp(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "dup:qt", &[("directory", 'd'), ("tmpdir", 'p'), ("dry-run", 'u')])?
    else {
        return Ok(1);
    };
    let template = options.operands.first().cloned().unwrap_or_else(|| {
        if shell.flavour().busybox() { "/tmp/tmp.XXXXXX" } else { "/tmp/tmp.XXXXXXXXXX" }.into()
    });
    let template = match options.value('p') {
        Some(folder) => join(if folder.is_empty() { "/tmp" } else { folder }, name(&template)),
        None => template,
    };
    let run = template.chars().rev().take_while(|letter| *letter == 'X').count();
    let busybox = shell.flavour().busybox();
    if run < if busybox { 6 } else { 3 } {
        let text = if busybox {
            "mktemp: (null): Invalid argument\n".to_owned()
        } else {
            format!("mktemp: too few X's in template {}\n", quoted(&template))
        };
        shell.err(&text)?;
        return Ok(1);
    }
    let path = filled(shell, &template, run);
    let result = if options.has('u') {
        Ok(())
    } else if options.has('d') {
        shell.fs.mkdir(&path, 0o700)
    } else {
        shell.fs.write_file(&path, b"", 0o600)
    };
    match result {
        Ok(()) => {
            shell.out(&format!("{path}\n"))?;
            Ok(0)
        }
        Err(error) => {
            let kind = if options.has('d') { "directory" } else { "file" };
            let text = if busybox {
                format!("mktemp: (null): {error}\n")
            } else {
                format!("mktemp: failed to create {kind} via template {}: {error}\n", quoted(&template))
            };
            shell.err(&text)?;
            Ok(1)
        }
    }
}

fn file(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).iter().all(|word| word.starts_with('-'))
        && let Some(status) = super::help::gnu_usage(shell, "file")
    {
        return status;
    }
    for path in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let text = match shell.fs.lstat(path) {
            Err(error) => format!("cannot open `{path}' ({error})"),
            Ok(stat) => match stat.kind {
                Kind::Directory => "directory".into(),
                Kind::Symlink => format!("symbolic link to {}", shell.fs.readlink(path).unwrap_or_default()),
                Kind::Character => format!("character special ({}/{})", stat.device.0, stat.device.1),
                Kind::Block => format!("block special ({}/{})", stat.device.0, stat.device.1),
                Kind::Fifo => "fifo (named pipe)".into(),
                Kind::Socket => "socket".into(),
                Kind::File => content_kind(shell, path),
            },
        };
        shell.out(&format!("{path}: {text}\n"))?;
    }
    Ok(0)
}

fn content_kind(shell: &mut Shell, path: &str) -> String {
    let Ok(bytes) = shell.fs.read_file(path) else { return "regular file, no read permission".into() };
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if bytes.is_empty() {
        "empty".into()
    } else if starts(b"\x7fELF") {
        let wide = if bytes.get(4) == Some(&2) { "64-bit" } else { "32-bit" };
        let order = if bytes.get(5) == Some(&2) { "MSB" } else { "LSB" };
        let big = bytes.get(5) == Some(&2);
        let machine = match bytes.get(if big { 19 } else { 18 }) {
            Some(62) => "x86-64",
            Some(40) => "ARM, EABI5",
            Some(183) => "ARM aarch64",
            Some(8) => "MIPS, MIPS-I",
            Some(3) => "Intel 80386",
            _ => "unknown arch",
        };
        let pie =
            if bytes.get(if big { 17 } else { 16 }) == Some(&3) { "pie executable" } else { "executable" };
        format!("ELF {wide} {order} {pie}, {machine}, version 1 (SYSV), dynamically linked, stripped")
    } else if starts(b"#!") {
        let line: String =
            bytes.iter().skip(2).take_while(|byte| **byte != b'\n').map(|byte| char::from(*byte)).collect();
        let kind = if line.contains("bash") { "Bourne-Again shell script" } else { "POSIX shell script" };
        format!("{kind}, ASCII text executable")
    } else if starts(b"\x1f\x8b") {
        "gzip compressed data".into()
    } else if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        "ASCII text".into()
    } else {
        "data".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_chmod_reads_them() {
        for (text, old, expected) in [
            ("755", 0, Some(0o755)),
            ("+x", 0o644, Some(0o755)),
            ("u+s", 0o755, Some(0o4755)),
            ("a=r", 0o777, Some(0o444)),
            ("go-rwx,u+x", 0o644, Some(0o700)),
            ("q", 0, None),
        ] {
            assert_eq!(new_mode(text, old, (false, false), 0o022), expected, "{text}");
        }
    }
}
