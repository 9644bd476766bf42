//! Making, copying, moving, removing and marking files.

use super::{Run, options::options, own, rest};
use crate::{
    fs::{Errno, Kind, OpenOptions, join, name, parent},
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("rm", rm),
    ("rmdir", rmdir),
    ("mkdir", mkdir),
    ("cp", cp),
    ("mv", mv),
    ("install", cp),
    ("ln", ln),
    ("link", ln),
    ("unlink", rm),
    ("touch", touch),
    ("chmod", chmod),
    ("chown", chown),
    ("chgrp", chown),
    ("chattr", |_, _| Ok(0)),
    ("lsattr", lsattr),
    ("readlink", readlink),
    ("realpath", readlink),
    ("basename", basename),
    ("dirname", dirname),
    ("mktemp", mktemp),
    ("dd", dd),
    ("truncate", truncate),
    ("mkfifo", mkfifo),
    ("mknod", mkfifo),
    ("shred", rm),
    ("sync", |_, _| Ok(0)),
    ("file", file),
];

fn missing(shell: &mut Shell, command: &str) -> Status {
    shell.err(&format!("{command}: missing operand\nTry '{command} --help' for more information.\n"))?;
    Ok(1)
}

fn rm(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "dfiIrRvn:uz",
        &[
            ("force", 'f'),
            ("recursive", 'r'),
            ("verbose", 'v'),
            ("no-preserve-root", '_'),
            ("preserve-root", '_'),
        ],
    )?
    else {
        return Ok(1);
    };
    if options.operands.is_empty() {
        return if options.has('f') { Ok(0) } else { missing(shell, own(arguments)) };
    }
    let recursive = options.has('r') || options.has('R');
    let mut status = 0;
    for path in &options.operands {
        let result = shell.fs.lstat(path);
        let kind = match result {
            Ok(stat) => stat.kind,
            Err(Errno::NotFound | Errno::NotDirectory) if options.has('f') => continue,
            Err(error) => {
                let text = if shell.flavour().busybox() {
                    format!("rm: can't remove '{path}': {error}\n")
                } else {
                    format!("rm: cannot remove '{path}': {error}\n")
                };
                shell.err(&text)?;
                status = 1;
                continue;
            }
        };
        if kind == Kind::Directory && !recursive {
            shell.err(&format!("rm: cannot remove '{path}': Is a directory\n"))?;
            status = 1;
        } else if shell.fs.resolve(path, false).as_deref() == Ok("/")
            && !arguments.iter().any(|word| word == "--no-preserve-root")
        {
            shell.err("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n")?;
            status = 1;
        } else {
            status |= remove_tree(shell, path, options.has('v'))?;
        }
    }
    Ok(status)
}

/// Removes a tree, deepest first, without recursion.
fn remove_tree(shell: &mut Shell, root: &str, verbose: bool) -> Status {
    let mut stack = vec![(root.to_owned(), false)];
    let mut status = 0;
    while let Some((path, visited)) = stack.pop() {
        shell.spend(1)?;
        let directory = shell.fs.lstat(&path).is_ok_and(|stat| stat.kind == Kind::Directory);
        if directory && !visited {
            stack.push((path.clone(), true));
            let names = shell.fs.readdir(&path).unwrap_or_default();
            stack.extend(names.iter().map(|name| (join(&path, name), false)));
            continue;
        }
        let result = if directory { shell.fs.rmdir(&path) } else { shell.fs.unlink(&path) };
        match result {
            Ok(()) if verbose => shell.out(&format!("removed '{path}'\n"))?,
            Ok(()) => {}
            Err(error) => {
                shell.err(&format!("rm: cannot remove '{path}': {error}\n"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn rmdir(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "pv", &[("ignore-fail-on-non-empty", 'i')])? else {
        return Ok(1);
    };
    let mut status = 0;
    for path in &options.operands {
        if let Err(error) = shell.fs.rmdir(path) {
            shell.err(&format!("rmdir: failed to remove '{path}': {error}\n"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn mkdir(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "m:pv", &[("parents", 'p'), ("mode", 'm'), ("verbose", 'v')])?
    else {
        return Ok(1);
    };
    if options.operands.is_empty() {
        return missing(shell, "mkdir");
    }
    let mode = options.value('m').and_then(|mode| u32::from_str_radix(mode, 8).ok()).unwrap_or(0o777);
    let mut status = 0;
    for path in &options.operands {
        let mut result = Ok(());
        if options.has('p') {
            let mut partial = if path.starts_with('/') { String::from("/") } else { String::from(".") };
            for part in path.split('/').filter(|part| !part.is_empty()) {
                partial = join(&partial, part);
                result = match shell.fs.mkdir(&partial, mode) {
                    Err(Errno::Exists) if shell.fs.is_directory(&partial) => Ok(()),
                    other => other,
                };
                if result.is_err() {
                    break;
                }
            }
        } else {
            result = shell.fs.mkdir(path, mode);
        }
        if let Err(error) = result {
            let text = if shell.flavour().busybox() {
                format!("mkdir: can't create directory '{path}': {error}\n")
            } else {
                format!("mkdir: cannot create directory ‘{path}’: {error}\n")
            };
            let text = crate::text::decode(text.as_bytes());
            shell.err(&text)?;
            status = 1;
        }
    }
    Ok(status)
}

fn cp(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "afHiLlnPpRrsTt:uvxm:D",
        &[
            ("recursive", 'r'),
            ("force", 'f'),
            ("archive", 'a'),
            ("preserve", 'p'),
            ("verbose", 'v'),
            ("target-directory", 't'),
            ("no-clobber", 'n'),
        ],
    )?
    else {
        return Ok(1);
    };
    let command = own(arguments).to_owned();
    let mut sources = options.operands.clone();
    let target = match options.value('t') {
        Some(target) => target.to_owned(),
        None => match (sources.pop(), sources.len()) {
            (None, _) => {
                shell.err(&format!(
                    "{command}: missing file operand\nTry '{command} --help' for more information.\n"
                ))?;
                return Ok(1);
            }
            (Some(only), 0) => {
                shell.err(&format!("{command}: missing destination file operand after '{only}'\nTry '{command} --help' for more information.\n"))?;
                return Ok(1);
            }
            (Some(target), _) => target,
        },
    };
    let into = shell.fs.is_directory(&target);
    let recursive = options.has('r') || options.has('R') || options.has('a');
    let mut status = 0;
    for source in &sources {
        let destination =
            if into { join(&target, name(source.trim_end_matches('/'))) } else { target.clone() };
        match shell.fs.stat(source) {
            Err(error) => {
                shell.err(&format!("{command}: cannot stat '{source}': {error}\n"))?;
                status = 1;
            }
            Ok(stat) if stat.kind == Kind::Directory && !recursive => {
                shell.err(&format!("{command}: -r not specified; omitting directory '{source}'\n"))?;
                status = 1;
            }
            Ok(_) => status |= copy_tree(shell, &command, source, &destination, options.has('v'))?,
        }
    }
    Ok(status)
}

fn copy_tree(shell: &mut Shell, command: &str, source: &str, destination: &str, verbose: bool) -> Status {
    let mut stack = vec![(source.to_owned(), destination.to_owned())];
    let mut status = 0;
    while let Some((from, to)) = stack.pop() {
        shell.spend(2)?;
        let Ok(stat) = shell.fs.stat(&from) else { continue };
        let result = if stat.kind == Kind::Directory {
            let names = shell.fs.readdir(&from).unwrap_or_default();
            stack.extend(names.iter().map(|name| (join(&from, name), join(&to, name))));
            match shell.fs.mkdir(&to, stat.meta.mode) {
                Err(Errno::Exists) => Ok(()),
                other => other,
            }
        } else if shell.fs.resolve(&from, true) == shell.fs.resolve(&to, true) {
            shell.err(&format!("{command}: '{from}' and '{to}' are the same file\n"))?;
            status = 1;
            continue;
        } else {
            shell
                .fs
                .read_file(&from)
                .and_then(|bytes| shell.fs.write_file(&to, &bytes, stat.meta.mode & 0o777))
        };
        match result {
            Ok(()) if verbose => shell.out(&format!("'{from}' -> '{to}'\n"))?,
            Ok(()) => {}
            Err(error) => {
                let text = if error == Errno::NoSpace {
                    format!("{command}: error writing '{to}': {error}\n")
                } else if shell.fs.access(&from, 4).is_err() {
                    format!("{command}: cannot open '{from}' for reading: {error}\n")
                } else {
                    format!("{command}: cannot create regular file '{to}': {error}\n")
                };
                shell.err(&text)?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn mv(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "finuvTt:", &[("force", 'f'), ("verbose", 'v'), ("no-clobber", 'n')])?
    else {
        return Ok(1);
    };
    let mut sources = options.operands.clone();
    let Some(target) = sources.pop().filter(|_| !sources.is_empty()) else {
        shell.err("mv: missing file operand\nTry 'mv --help' for more information.\n")?;
        return Ok(1);
    };
    let into = shell.fs.is_directory(&target);
    let mut status = 0;
    for source in &sources {
        let destination =
            if into { join(&target, name(source.trim_end_matches('/'))) } else { target.clone() };
        if let Err(error) = shell.fs.rename(source, &destination) {
            let text = match error {
                Errno::NotFound if shell.fs.lstat(source).is_err() && shell.flavour().busybox() => {
                    format!("mv: can't rename '{source}': {error}\n")
                }
                Errno::NotFound if shell.fs.lstat(source).is_err() => {
                    format!("mv: cannot stat '{source}': {error}\n")
                }
                error => format!("mv: cannot move '{source}' to '{destination}': {error}\n"),
            };
            shell.err(&text)?;
            status = 1;
        }
    }
    Ok(status)
}

fn ln(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "sfnvTrbi", &[("symbolic", 's'), ("force", 'f')])? else {
        return Ok(1);
    };
    let mut status = 0;
    let mut operands = options.operands.clone();
    let target = if operands.len() > 1 { operands.pop().unwrap_or_default() } else { ".".into() };
    for source in &operands {
        let path = if shell.fs.is_directory(&target) && !options.has('n') {
            join(&target, name(source))
        } else {
            target.clone()
        };
        if options.has('f') && shell.fs.lstat(&path).is_ok() {
            // What cannot be removed makes the next step fail with the right text.
            let _ = shell.fs.unlink(&path);
        }
        let result =
            if options.has('s') { shell.fs.symlink(source, &path) } else { shell.fs.link(source, &path) };
        if let Err(error) = result {
            let kind = if options.has('s') { "symbolic link" } else { "hard link" };
            shell.err(&format!("ln: failed to create {kind} '{path}': {error}\n"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn touch(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "acd:mr:t:h", &[("date", 'd'), ("no-create", 'c'), ("reference", 'r')])?
    else {
        return Ok(1);
    };
    if options.operands.is_empty() {
        shell.err("touch: missing file operand\nTry 'touch --help' for more information.\n")?;
        return Ok(1);
    }
    let now = shell.live.now();
    let at = match options.value('r') {
        Some(path) => shell.fs.stat(path).map_or(now, |stat| stat.meta.modified),
        None => now,
    };
    let mut status = 0;
    for path in &options.operands {
        let result = if shell.fs.exists(path) {
            shell.fs.utimes(path, at, at)
        } else if options.has('c') {
            Ok(())
        } else {
            shell
                .fs
                .open(path, OpenOptions { write: true, create: true, ..OpenOptions::default() }, 0o666)
                .and_then(|handle| shell.fs.close(handle))
        };
        if let Err(error) = result {
            shell.err(&format!("touch: cannot touch '{path}': {error}\n"))?;
            status = 1;
        }
    }
    Ok(status)
}

/// A symbolic or octal mode applied to an old one.
fn new_mode(text: &str, old: u32, directory: bool, umask: u32) -> Option<u32> {
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
        shell.err(&format!(
            "chmod: missing operand after '{mode}'\nTry 'chmod --help' for more information.\n"
        ))?;
        return Ok(1);
    }
    if new_mode(&mode, 0, false, 0).is_none() {
        shell.err(&format!("chmod: invalid mode: '{mode}'\nTry 'chmod --help' for more information.\n"))?;
        return Ok(1);
    }
    let mut status = 0;
    let umask = shell.fs.umask;
    for path in tree(shell, operands, options.has('R'))? {
        let result = shell.fs.stat(&path).and_then(|stat| {
            let mode = new_mode(&mode, stat.meta.mode, stat.kind == Kind::Directory, umask)
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

fn chown(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "cfhvRLHP", &[("recursive", 'R'), ("no-dereference", 'h')])?
    else {
        return Ok(1);
    };
    let command = own(arguments).to_owned();
    let mut operands = options.operands.clone();
    if operands.len() < 2 {
        return missing(shell, &command);
    }
    let owner = operands.remove(0);
    let (user, group) = if command == "chgrp" {
        ("", owner.as_str())
    } else {
        owner.split_once([':', '.']).unwrap_or((&owner, ""))
    };
    let number = |shell: &mut Shell, file: &str, name: &str| -> Option<u32> {
        let content = shell.fs.read_file(file).ok()?;
        let text = crate::text::decode(&content);
        let found = text
            .lines()
            .find(|line| line.split(':').next() == Some(name))
            .and_then(|line| line.split(':').nth(2)?.parse().ok());
        found.or_else(|| name.parse().ok())
    };
    let uid = number(shell, "/etc/passwd", user);
    let gid = number(shell, "/etc/group", group);
    if !user.is_empty() && uid.is_none() || !group.is_empty() && gid.is_none() {
        shell.err(&format!(
            "{command}: invalid {}: '{owner}'\n",
            if uid.is_none() { "user" } else { "group" }
        ))?;
        return Ok(1);
    }
    let mut status = 0;
    for path in tree(shell, operands, options.has('R'))? {
        if let Err(error) = shell.fs.chown(&path, uid, gid, !options.has('h')) {
            let verb = if error == Errno::NotFound { "cannot access" } else { "changing ownership of" };
            shell.err(&format!("{command}: {verb} '{path}': {error}\n"))?;
            status = 1;
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
        let result = if real || options.has('f') || options.has('e') || options.has('m') {
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

fn mktemp(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "dup:qt", &[("directory", 'd'), ("tmpdir", 'p'), ("dry-run", 'u')])?
    else {
        return Ok(1);
    };
    let template = options.operands.first().cloned().unwrap_or_else(|| "/tmp/tmp.XXXXXXXXXX".into());
    let template = match options.value('p') {
        Some(folder) => join(if folder.is_empty() { "/tmp" } else { folder }, name(&template)),
        None => template,
    };
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let random = shell.live.random(template.len());
    let run = template.chars().rev().take_while(|letter| *letter == 'X').count();
    let keep = template.chars().count() - run;
    let path: String = template
        .chars()
        .zip(random)
        .enumerate()
        .map(|(at, (letter, byte))| {
            if at < keep {
                letter
            } else {
                char::from(LETTERS.get(usize::from(byte) % LETTERS.len()).copied().unwrap_or(b'x'))
            }
        })
        .collect();
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
            let text = format!("mktemp: failed to create file via template ‘{template}’: {error}\n");
            shell.err(&crate::text::decode(text.as_bytes()))?;
            Ok(1)
        }
    }
}

fn size(text: &str) -> Option<usize> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let factor = match text.get(digits.len()..)? {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "kB" | "KB" => 1_000,
        "M" | "m" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "g" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

fn dd(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut values = std::collections::BTreeMap::new();
    for word in rest(arguments) {
        match word.split_once('=') {
            Some((key, value))
                if [
                    "if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "status", "iflag",
                    "oflag", "cbs",
                ]
                .contains(&key) =>
            {
                values.insert(key, value.to_owned());
            }
            _ => {
                shell.err(&format!(
                    "dd: unrecognized operand '{word}'\nTry 'dd --help' for more information.\n"
                ))?;
                return Ok(1);
            }
        }
    }
    let number = |key: &str| values.get(key).and_then(|text| size(text));
    let block = number("bs").or(number("ibs")).unwrap_or(512).clamp(1, 1 << 30);
    let count = number("count");
    let skip = number("skip").unwrap_or(0).saturating_mul(block);
    let wanted = count.map_or(usize::MAX, |count| count.saturating_mul(block)).min(8 << 20);
    let bytes: Vec<u8> = match values.get("if") {
        Some(path) if path != "/dev/stdin" => match shell.fs.read_file(path) {
            Ok(bytes) => {
                let endless = path.starts_with("/dev/");
                let source: Vec<u8> =
                    bytes.iter().copied().skip(if endless { 0 } else { skip }).take(wanted).collect();
                if endless && !source.is_empty() {
                    source.iter().copied().cycle().take(wanted.min(4 << 20)).collect()
                } else {
                    source
                }
            }
            Err(error) => {
                let text = if shell.flavour().busybox() {
                    format!("dd: can't open '{path}': {error}\n")
                } else {
                    format!("dd: failed to open '{path}': {error}\n")
                };
                shell.err(&text)?;
                return Ok(1);
            }
        },
        _ if count.is_some() => shell.read_some(wanted)?,
        _ => shell.read_all()?.into_iter().skip(skip).collect(),
    };
    let mut status = 0;
    match values.get("of") {
        Some(path) => {
            let keep = values.get("conv").is_some_and(|flags| flags.contains("notrunc"))
                || values.contains_key("seek");
            let how = OpenOptions { write: true, create: true, truncate: !keep, ..OpenOptions::default() };
            let offset = number("seek").unwrap_or(0).saturating_mul(block) as u64;
            let result = shell.fs.open(path, how, 0o666).and_then(|handle| {
                let written = shell.fs.write_at(handle, offset, &bytes);
                shell.fs.close(handle).and(written)
            });
            if let Err(error) = result {
                let text = if error == Errno::NoSpace {
                    format!("dd: error writing '{path}': {error}\n")
                } else {
                    format!("dd: failed to open '{path}': {error}\n")
                };
                shell.err(&text)?;
                status = 1;
            }
        }
        None => shell.write(1, &bytes)?,
    }
    if values.get("status").map(String::as_str) == Some("none") {
        return Ok(status);
    }
    let (full, partial) = (bytes.len() / block, usize::from(bytes.len() % block > 0));
    shell.err(&format!("{full}+{partial} records in\n{full}+{partial} records out\n"))?;
    if values.get("status").map(String::as_str) != Some("noxfer") {
        let seconds = 0.000_09 + bytes.len() as f64 / 420e6;
        let rate = super::system::rate(bytes.len() as f64 / seconds);
        let length = bytes.len();
        let units = if length >= 1_000_000 {
            format!(" ({:.1} MB, {:.1} MiB)", length as f64 / 1e6, length as f64 / 1_048_576.0)
        } else if length >= 1_000 {
            format!(" ({:.1} kB, {:.1} KiB)", length as f64 / 1e3, length as f64 / 1024.0)
        } else {
            String::new()
        };
        let noun = if length == 1 { "byte" } else { "bytes" };
        shell.err(&format!(
            "{length} {noun}{units} copied, {} s, {rate}\n",
            super::calculate::general(seconds, 6)
        ))?;
    }
    Ok(status)
}

fn truncate(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "cs:r:", &[("size", 's')])? else { return Ok(1) };
    let length = options.value('s').and_then(size).unwrap_or(0) as u64;
    for path in &options.operands {
        if !shell.fs.exists(path) && shell.fs.write_file(path, b"", 0o666).is_err() {
            continue;
        }
        if let Err(error) = shell.fs.truncate(path, length) {
            shell.err(&format!("truncate: failed to truncate '{path}' at {length} bytes: {error}\n"))?;
            return Ok(1);
        }
    }
    Ok(0)
}

fn mkfifo(shell: &mut Shell, arguments: &[String]) -> Status {
    for path in rest(arguments).iter().filter(|word| !word.starts_with('-')).take(1) {
        if let Err(error) = shell.fs.mkfifo(path, 0o666) {
            shell.err(&format!("{}: cannot create fifo '{path}': {error}\n", own(arguments)))?;
            return Ok(1);
        }
    }
    Ok(0)
}

fn file(shell: &mut Shell, arguments: &[String]) -> Status {
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
            assert_eq!(new_mode(text, old, false, 0o022), expected, "{text}");
        }
    }
}
