//! Making, copying, moving, removing and marking files.

use super::{
    Run,
    options::options,
    own, rest,
    wording::{quoted, wrong_use},
};
use crate::{
    fs::{Errno, Kind, OpenOptions, join, name},
    interpret::{Shell, Status},
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
    ("unlink", unlink),
    ("touch", touch),
    ("shred", rm),
    ("sync", |_, _| Ok(0)),
];

pub(super) fn missing(shell: &mut Shell, command: &str) -> Status {
    if shell.flavour().busybox() {
        return super::help::usage(shell, command).map(|()| 1);
    }
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
                    let verb = if error == Errno::NotDirectory { "stat" } else { "remove" };
                    format!("rm: can't {verb} '{path}': {error}\n")
                } else {
                    format!("rm: cannot remove '{path}': {error}\n")
                };
                shell.err(&text)?;
                status = 1;
                continue;
            }
        };
        if kind == Kind::Directory && !recursive {
            let applet = shell.flavour().busybox();
            shell.err(&if applet {
                format!("rm: '{path}' is a directory\n")
            } else {
                format!("rm: cannot remove '{path}': Is a directory\n")
            })?;
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
                let verb = if shell.flavour().busybox() { "can't" } else { "cannot" };
                shell.err(&format!("rm: {verb} remove '{path}': {error}\n"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn unlink(shell: &mut Shell, arguments: &[String]) -> Status {
    let path = match rest(arguments) {
        [] => return missing(shell, "unlink"),
        [path] => path,
        [_, extra, ..] => return wrong_use(shell, "unlink", &format!("extra operand {}", quoted(extra)), 1),
    };
    let directory = shell.fs.lstat(path).is_ok_and(|stat| stat.kind == Kind::Directory);
    let result = if directory { Err(Errno::IsDirectory) } else { shell.fs.unlink(path) };
    let Err(error) = result else { return Ok(0) };
    let text = if shell.flavour().busybox() { "can't remove file" } else { "cannot unlink" };
    shell.err(&format!("unlink: {text} '{path}': {error}\n"))?;
    Ok(1)
}

fn rmdir(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [("ignore-fail-on-non-empty", 'i'), ("parents", 'p'), ("verbose", 'v')];
    let Some(options) = options(shell, arguments, "pv", &long)? else { return Ok(1) };
    if options.operands.is_empty() {
        return missing(shell, "rmdir");
    }
    let mut status = 0;
    for path in &options.operands {
        let mut path = path.trim_end_matches('/');
        loop {
            if let Err(error) = shell.fs.rmdir(path) {
                let head = if shell.flavour().busybox() { "" } else { "failed to remove " };
                shell.err(&format!("rmdir: {head}'{path}': {error}\n"))?;
                status = 1;
                break;
            }
            match path.rsplit_once('/') {
                Some((above, _)) if options.has('p') && !above.is_empty() => path = above,
                _ => break,
            }
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
        } else if options.has('v') {
            shell.out(&if shell.flavour().busybox() {
                format!("created directory: '{path}'\n")
            } else {
                format!("mkdir: created directory '{path}'\n")
            })?;
        }
    }
    Ok(status)
}

fn cp(shell: &mut Shell, arguments: &[String]) -> Status {
    const LONG: [(&str, char); 7] = [
        ("recursive", 'r'),
        ("force", 'f'),
        ("archive", 'a'),
        ("preserve", 'p'),
        ("verbose", 'v'),
        ("target-directory", 't'),
        ("no-clobber", 'n'),
    ];
    let Some(options) = options(shell, arguments, "afHiLlnPpRrsTt:uvxm:D", &LONG)? else { return Ok(1) };
    let command = own(arguments).to_owned();
    let mut sources = options.operands.clone();
    let target = match options.value('t') {
        Some(target) => target.to_owned(),
        None => match (sources.pop(), sources.len()) {
            (None, _) => {
                return wrong_use(shell, &command, "missing file operand", 1);
            }
            (Some(only), 0) => {
                let text = format!("missing destination file operand after '{only}'");
                return wrong_use(shell, &command, &text, 1);
            }
            (Some(target), _) => target,
        },
    };
    let into = shell.fs.is_directory(&target);
    let busybox = shell.flavour().busybox();
    if sources.len() > 1 && !into && !busybox {
        return not_a_directory(shell, &command, &target);
    }
    // BusyBox takes the last of several for a directory without a look.
    let into = into || sources.len() > 1;
    let recursive = options.has('r') || options.has('R') || options.has('a');
    let mut status = 0;
    for source in &sources {
        let destination =
            if into { join(&target, name(source.trim_end_matches('/'))) } else { target.clone() };
        match shell.fs.stat(source) {
            Err(error) => {
                let verb = if shell.flavour().busybox() { "can't stat" } else { "cannot stat" };
                shell.err(&format!("{command}: {verb} '{source}': {error}\n"))?;
                status = 1;
            }
            Ok(stat) if stat.kind == Kind::Directory && !recursive => {
                let why = if shell.flavour().busybox() { "" } else { "-r not specified; " };
                shell.err(&format!("{command}: {why}omitting directory '{source}'\n"))?;
                status = 1;
            }
            Ok(_) => status |= copy_tree(shell, &command, source, &destination, options.has('v'))?,
        }
    }
    Ok(status)
}

/// Several files cannot become one that is no directory.
fn not_a_directory(shell: &mut Shell, command: &str, target: &str) -> Status {
    let error = if shell.fs.exists(target) { Errno::NotDirectory } else { Errno::NotFound };
    shell.err(&format!("{command}: target '{target}': {error}\n"))?;
    Ok(1)
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
                let text = if shell.flavour().busybox() && error != Errno::NoSpace {
                    let verb = if shell.fs.access(&from, 4).is_err() { "open" } else { "create" };
                    let path = if verb == "open" { &from } else { &to };
                    format!("{command}: can't {verb} '{path}': {error}\n")
                } else if error == Errno::NoSpace {
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
        let text = match options.operands.first() {
            Some(only) => format!("missing destination file operand after '{only}'"),
            None => "missing file operand".into(),
        };
        return wrong_use(shell, "mv", &text, 1);
    };
    let into = shell.fs.is_directory(&target);
    if sources.len() > 1 && !into && !shell.flavour().busybox() {
        return not_a_directory(shell, "mv", &target);
    }
    let into = into || sources.len() > 1;
    let mut status = 0;
    for source in &sources {
        let destination =
            if into { join(&target, name(source.trim_end_matches('/'))) } else { target.clone() };
        if let Err(error) = shell.fs.rename(source, &destination) {
            let text = match error {
                error if shell.flavour().busybox() => format!("mv: can't rename '{source}': {error}\n"),
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
    if options.operands.is_empty() {
        return wrong_use(shell, "ln", "missing file operand", 1);
    }
    let mut status = 0;
    let mut operands = options.operands.clone();
    let target = if operands.len() > 1 { operands.pop().unwrap_or_default() } else { ".".into() };
    if operands.len() > 1 && !shell.fs.is_directory(&target) && !shell.flavour().busybox() {
        return not_a_directory(shell, "ln", &target);
    }
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
            let absent = error == Errno::NotFound && !options.has('s') && shell.fs.lstat(source).is_err();
            shell.err(&if absent && !shell.flavour().busybox() {
                format!("ln: failed to access '{source}': {error}\n")
            } else if !shell.flavour().busybox() {
                format!("ln: failed to create {kind} '{path}': {error}\n")
            } else if error == Errno::NotFound {
                format!("ln: {source}: {error}\n")
            } else {
                format!("ln: {path}: {error}\n")
            })?;
            status = 1;
        }
    }
    Ok(status)
}

fn untouched(shell: &Shell, path: &str, error: Errno) -> String {
    if shell.flavour().busybox() {
        format!("touch: {path}: {error}\n")
    } else {
        format!("touch: cannot touch '{path}': {error}\n")
    }
}

fn touch(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "acd:mr:t:h", &[("date", 'd'), ("no-create", 'c'), ("reference", 'r')])?
    else {
        return Ok(1);
    };
    if options.operands.is_empty() {
        return wrong_use(shell, "touch", "missing file operand", 1);
    }
    let now = shell.live.now();
    let at = match options.value('r') {
        Some(path) => match shell.fs.stat(path) {
            Ok(stat) => stat.meta.modified,
            Err(error) => {
                shell.err(&format!("touch: failed to get attributes of '{path}': {error}\n"))?;
                return Ok(1);
            }
        },
        None => match options.value('d').or(options.value('t')) {
            None => now,
            Some(text) => {
                match super::moment::moment(text, now, &shell.live.persona.zone, options.has('t')) {
                    Some(at) => at,
                    None => {
                        let text = if options.has('t') {
                            format!("touch: invalid date format '{text}'\n")
                        } else {
                            crate::text::decode(format!("touch: invalid date format ‘{text}’\n").as_bytes())
                        };
                        shell.err(&text)?;
                        return Ok(1);
                    }
                }
            }
        },
    };
    let given = options.has('r') || options.has('d') || options.has('t');
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
                .and_then(|()| if given { shell.fs.utimes(path, at, at) } else { Ok(()) })
        };
        if let Err(error) = result {
            let text = untouched(shell, path, error);
            shell.err(&text)?;
            status = 1;
        }
    }
    Ok(status)
}
