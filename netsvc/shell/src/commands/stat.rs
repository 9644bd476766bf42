//! stat.

use super::{
    Run,
    list::{group_name, user_name},
    options::options,
    own,
};
use crate::{
    fs::{Kind, Stat},
    interpret::{Shell, Status},
    live::strftime,
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("stat", stat)];

fn stat(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "Lc:ft", &[("format", 'c'), ("printf", 'c'), ("dereference", 'L')])?
    else {
        return Ok(1);
    };
    let mut status = 0;
    for path in &options.operands {
        let found = if options.has('L') { shell.fs.stat(path) } else { shell.fs.lstat(path) };
        let stat = match found {
            Ok(stat) => stat,
            Err(error) => {
                let verb = if shell.flavour().busybox() { "can't stat" } else { "cannot statx" };
                shell.err(&format!("{}: {verb} '{path}': {error}\n", own(arguments)))?;
                status = 1;
                continue;
            }
        };
        let text = match options.value('c') {
            Some(format) => custom(shell, format, path, &stat) + "\n",
            None => full(shell, path, &stat),
        };
        shell.out(&text)?;
    }
    Ok(status)
}

fn kind_name(stat: &Stat) -> &'static str {
    match stat.kind {
        Kind::File if stat.size == 0 => "regular empty file",
        Kind::File => "regular file",
        Kind::Directory => "directory",
        Kind::Symlink => "symbolic link",
        Kind::Character => "character special file",
        Kind::Block => "block special file",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

fn custom(shell: &Shell, format: &str, path: &str, stat: &Stat) -> String {
    let zone = &shell.live.persona.zone;
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let time = |at: i64| strftime("%F %T.%N %z", at, zone);
        out.push_str(&match characters.next() {
            Some('a') => format!("{:o}", stat.meta.mode),
            Some('A') => stat.permissions(),
            Some('s') => stat.size.to_string(),
            Some('n') => path.to_owned(),
            Some('N') => format!("'{path}'"),
            Some('U') => user_name(shell, stat.meta.uid),
            Some('G') => group_name(shell, stat.meta.gid),
            Some('u') => stat.meta.uid.to_string(),
            Some('g') => stat.meta.gid.to_string(),
            Some('F') => kind_name(stat).to_owned(),
            Some('i') => stat.inode.to_string(),
            Some('h') => stat.links.to_string(),
            Some('b') => stat.blocks().to_string(),
            Some('f') => format!("{:x}", stat.mode()),
            Some('y') => time(stat.meta.modified),
            Some('Y') => (stat.meta.modified / 1_000_000).to_string(),
            Some('x') => time(stat.meta.accessed),
            Some('X') => (stat.meta.accessed / 1_000_000).to_string(),
            Some('z') => time(stat.meta.changed),
            Some('Z') => (stat.meta.changed / 1_000_000).to_string(),
            Some(other) => other.to_string(),
            None => "%".into(),
        });
    }
    out
}

fn full(shell: &Shell, path: &str, stat: &Stat) -> String {
    let zone = &shell.live.persona.zone;
    let time = |at: i64| strftime("%F %T.%N %z", at, zone);
    let arrow = if stat.kind == Kind::Symlink {
        format!(" -> {}", shell.fs.readlink(path).unwrap_or_default())
    } else {
        String::new()
    };
    format!(
        "  File: {path}{arrow}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 8,1\tInode: {:<11} Links: {}\nAccess: ({:04o}/{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\nAccess: {}\nModify: {}\nChange: {}\n Birth: {}\n",
        stat.size,
        stat.blocks(),
        kind_name(stat),
        stat.inode,
        stat.links,
        stat.meta.mode,
        stat.permissions(),
        stat.meta.uid,
        user_name(shell, stat.meta.uid),
        stat.meta.gid,
        group_name(shell, stat.meta.gid),
        time(stat.meta.accessed),
        time(stat.meta.modified),
        time(stat.meta.changed),
        time(stat.meta.changed)
    )
}
