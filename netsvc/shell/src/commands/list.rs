//! ls.

use super::{
    Run,
    options::{Options, options},
};
use crate::{
    fs::{Kind, Stat, join},
    interpret::{Flow, Shell, Status},
    live::strftime,
};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[(&str, Run)] = &[("ls", ls), ("dir", ls), ("vdir", ls)];

struct Entry {
    name: String,
    path: String,
    stat: Stat,
}

/// Long options of ls.
const LONG: [(&str, char); 12] = [
    ("all", 'a'),
    ("almost-all", 'A'),
    ("human-readable", 'h'),
    ("recursive", 'R'),
    ("reverse", 'r'),
    ("directory", 'd'),
    ("color", '_'),
    ("inode", 'i'),
    ("full-time", 'l'),
    ("time-style", '_'),
    ("size", 's'),
    ("group-directories-first", '_'),
];

fn ls(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "1AaBbCcdFfGghiklLmnopqRrSstTuUvwXxZ", &LONG)? else {
        return Ok(if shell.flavour().busybox() { 1 } else { 2 });
    };
    let operands = if options.operands.is_empty() { vec![".".to_owned()] } else { options.operands.clone() };
    let Named { mut files, mut folders, mut status } = named(shell, &operands, &options)?;
    arrange(&mut files, &options);
    let titles = operands.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    print(shell, &files, &options, false)?;
    folders.sort();
    folders.reverse();
    while let Some(path) = folders.pop() {
        shell.spend(2)?;
        let names = match shell.fs.readdir(&path) {
            Ok(names) => names,
            Err(error) => {
                shell.err(&format!("ls: cannot open directory '{path}': {error}\n"))?;
                status = 2;
                continue;
            }
        };
        let mut entries = entries(shell, &path, names, &options);
        arrange(&mut entries, &options);
        if titles {
            shell.out(&format!("{}{path}:\n", if first { "" } else { "\n" }))?;
        }
        first = false;
        print(shell, &entries, &options, true)?;
        if options.has('R') {
            folders.extend(
                entries
                    .iter()
                    .rev()
                    .filter(|entry| {
                        entry.stat.kind == Kind::Directory && entry.name != "." && entry.name != ".."
                    })
                    .map(|entry| join(&path, &entry.name)),
            );
        }
    }
    Ok(status)
}

/// What the operands are.
struct Named {
    /// Listed themselves.
    files: Vec<Entry>,
    /// Listed by what they hold.
    folders: Vec<String>,
    status: i32,
}

fn named(shell: &mut Shell, operands: &[String], options: &Options) -> Result<Named, Flow> {
    let mut named = Named { files: Vec::new(), folders: Vec::new(), status: 0 };
    for path in operands {
        let found =
            if options.has('l') || options.has('d') { shell.fs.lstat(path) } else { shell.fs.stat(path) };
        let target_directory = shell.fs.is_directory(path)
            && (!options.has('l')
                || found.as_ref().is_ok_and(|stat| stat.kind == Kind::Directory)
                || path.ends_with('/'));
        match found {
            Ok(_) if target_directory && !options.has('d') => named.folders.push(path.clone()),
            Ok(stat) => named.files.push(Entry { name: path.clone(), path: path.clone(), stat }),
            Err(error) => {
                named.status = if shell.flavour().busybox() { 1 } else { 2 };
                let text = if shell.flavour().busybox() {
                    format!("ls: {path}: {error}\n")
                } else {
                    format!("ls: cannot access '{path}': {error}\n")
                };
                shell.err(&text)?;
            }
        }
    }
    Ok(named)
}

fn entries(shell: &Shell, path: &str, names: Vec<String>, options: &Options) -> Vec<Entry> {
    let all = options.has('a') || options.has('f');
    let dots = [".".to_owned(), "..".to_owned()];
    dots.into_iter()
        .filter(|_| all)
        .chain(names.into_iter().filter(|name| all || options.has('A') || !name.starts_with('.')))
        .filter_map(|name| {
            let full = join(path, &name);
            let stat = shell.fs.lstat(&full).ok()?;
            Some(Entry { name, path: full, stat })
        })
        .collect()
}

/// The order of names in an UTF-8 locale: letters first, case and punctuation only to decide ties.
fn collation(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

fn arrange(entries: &mut [Entry], options: &Options) {
    entries.sort_by(|left, right| {
        let by_name = || {
            let dots = |name: &str| u8::from(name != ".") + u8::from(name != "." && name != "..");
            dots(&left.name)
                .cmp(&dots(&right.name))
                .then_with(|| collation(&left.name).cmp(&collation(&right.name)))
                .then_with(|| left.name.cmp(&right.name))
        };
        match options.last_of("tSUf") {
            Some('t') => right.stat.meta.modified.cmp(&left.stat.meta.modified).then_with(by_name),
            Some('S') => right.stat.size.cmp(&left.stat.size).then_with(by_name),
            Some(_) => std::cmp::Ordering::Equal,
            None => by_name(),
        }
    });
    if options.has('r') {
        entries.reverse();
    }
}

fn human(size: u64) -> String {
    if size < 1024 {
        return size.to_string();
    }
    let mut value = size as f64;
    let mut unit = ' ';
    for next in ['K', 'M', 'G', 'T'] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 10.0 {
        format!("{:.1}{unit}", (value * 10.0).ceil() / 10.0)
    } else {
        format!("{}{unit}", value.ceil())
    }
}

/// Name of a user as `/etc/passwd` has it; the number if it is not there.
pub(super) fn user_name(shell: &Shell, uid: u32) -> String {
    let passwd = shell.live.render(crate::live::Dynamic::Passwd, "");
    passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(uid.to_string().as_str()))
        .and_then(|line| line.split(':').next())
        .map_or_else(|| uid.to_string(), String::from)
}

/// Name of a group.
pub(super) fn group_name(shell: &Shell, gid: u32) -> String {
    let group = shell.live.render(crate::live::Dynamic::Group, "");
    group
        .lines()
        .find(|line| line.split(':').nth(2) == Some(gid.to_string().as_str()))
        .and_then(|line| line.split(':').next())
        .map_or_else(|| gid.to_string(), String::from)
}

fn decorate(shell: &Shell, entry: &Entry, options: &Options) -> String {
    let mark = match entry.stat.kind {
        Kind::Directory if (options.has('F') || options.has('p')) => "/",
        Kind::Symlink if options.has('F') && !options.has('l') => "@",
        Kind::File if options.has('F') && entry.stat.meta.mode & 0o111 != 0 => "*",
        _ => "",
    };
    let inode = if options.has('i') { format!("{} ", entry.stat.inode) } else { String::new() };
    let odd = entry.name.contains([' ', '\'', '"', '$', '&', ';']);
    let name = if odd && shell.out_is_terminal() { format!("'{}'", entry.name) } else { entry.name.clone() };
    format!("{inode}{name}{mark}")
}

fn print(shell: &mut Shell, entries: &[Entry], options: &Options, folder: bool) -> Result<(), Flow> {
    if options.has('l') || options.has('n') || options.has('g') || options.has('o') {
        return print_long(shell, entries, options, folder);
    }
    let names: Vec<String> = entries.iter().map(|entry| decorate(shell, entry, options)).collect();
    if shell.out_is_terminal() && !options.has('1') {
        return columns(shell, &names);
    }
    let separator = if options.has('m') { ", " } else { "\n" };
    let text = names.join(separator);
    if text.is_empty() { Ok(()) } else { shell.out(&(text + "\n")) }
}

/// A row for each entry; those of a folder have the blocks of all before them.
fn print_long(shell: &mut Shell, entries: &[Entry], options: &Options, folder: bool) -> Result<(), Flow> {
    if folder {
        let blocks: u64 = entries.iter().map(|entry| entry.stat.blocks() / 2).sum();
        let total = if options.has('h') { human(blocks * 1024) } else { blocks.to_string() };
        shell.out(&format!("total {total}\n"))?;
    }
    let mut owners = Owners { numeric: options.has('n'), names: BTreeMap::new() };
    let rows: Vec<[String; 7]> =
        entries.iter().map(|entry| row(shell, entry, options, &mut owners)).collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let (links, owner, group, size) = (width(1), width(2), width(3), width(4));
    for [permissions, link, user, gid, bytes, date, name] in &rows {
        let line = if shell.flavour().busybox() {
            format!("{permissions} {link:>4} {user:<8} {gid:<8} {bytes:>9} {date} {name}\n")
        } else {
            let user = if options.has('g') { String::new() } else { format!(" {user:<owner$}") };
            let gid = if options.has('o') { String::new() } else { format!(" {gid:<group$}") };
            format!("{permissions} {link:>links$}{user}{gid} {bytes:>size$} {date} {name}\n")
        };
        shell.out(&line)?;
    }
    Ok(())
}

/// Names of users and groups, each looked up once.
struct Owners {
    numeric: bool,
    /// By whether it is a user, and the number.
    names: BTreeMap<(bool, u32), String>,
}

impl Owners {
    fn user(&mut self, shell: &Shell, uid: u32) -> String {
        if self.numeric {
            return uid.to_string();
        }
        self.names.entry((true, uid)).or_insert_with(|| user_name(shell, uid)).clone()
    }

    fn group(&mut self, shell: &Shell, gid: u32) -> String {
        if self.numeric {
            return gid.to_string();
        }
        self.names.entry((false, gid)).or_insert_with(|| group_name(shell, gid)).clone()
    }
}

/// Permissions, links, owner, group, size, date and name of an entry.
fn row(shell: &Shell, entry: &Entry, options: &Options, owners: &mut Owners) -> [String; 7] {
    let meta = entry.stat.meta;
    let now = shell.live.now();
    let size = match entry.stat.kind {
        Kind::Character | Kind::Block => {
            format!("{}, {:>3}", entry.stat.device.0, entry.stat.device.1)
        }
        _ if options.has('h') => human(entry.stat.size),
        _ => entry.stat.size.to_string(),
    };
    let recent = meta.modified > now - 15_778_476 * 1_000_000 && meta.modified <= now;
    let format = if recent { "%b %e %H:%M" } else { "%b %e  %Y" };
    let target = if entry.stat.kind == Kind::Symlink {
        format!(" -> {}", shell.fs.readlink(&entry.path).unwrap_or_default())
    } else {
        String::new()
    };
    [
        entry.stat.permissions(),
        entry.stat.links.to_string(),
        owners.user(shell, meta.uid),
        owners.group(shell, meta.gid),
        size,
        strftime(format, meta.modified, &shell.live.persona.zone),
        decorate(shell, entry, options) + &target,
    ]
}

fn columns(shell: &mut Shell, names: &[String]) -> Result<(), Flow> {
    let width = 80;
    let count = names.len();
    for rows in 1..=count {
        let columns: Vec<&[String]> = names.chunks(rows).collect();
        let widths: Vec<usize> = columns
            .iter()
            .map(|column| column.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 2)
            .collect();
        if widths.iter().sum::<usize>() > width + 2 && rows < count {
            continue;
        }
        for row in 0..rows {
            let line: String = columns
                .iter()
                .zip(&widths)
                .filter_map(|(column, width)| column.get(row).map(|name| format!("{name:<width$}")))
                .collect();
            shell.out(&format!("{}\n", line.trim_end()))?;
        }
        return Ok(());
    }
    Ok(())
}
