//! gzip, gunzip and zcat (RFC 1952); the other compressors refuse what they cannot read.

use super::{Run, own, rest};
use crate::interpret::{Flow, Shell, Status};
use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use std::io::{Read, Write};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("gzip", gzip),
    ("gunzip", gzip),
    ("zcat", gzip),
    ("xz", other),
    ("unxz", other),
    ("xzcat", other),
    ("bzip2", other),
    ("bunzip2", other),
    ("zip", other),
    ("unzip", other),
];

/// Bytes that a compressed text may become.
const MAX_BYTES: u64 = 4 << 20;

/// `bytes` compressed; `name` as the header has it.
pub(super) fn compress(bytes: &[u8], name: Option<&str>, modified: i64) -> Vec<u8> {
    let seconds = u32::try_from(modified / 1_000_000).unwrap_or(0);
    let mut builder = GzBuilder::new().operating_system(3);
    if let Some(name) = name {
        builder = builder.filename(crate::text::encode(name)).mtime(seconds);
    }
    let mut encoder = builder.write(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// What compressed bytes hold; `None`: they are no gzip, or cut.
pub(super) fn decompress(shell: &mut Shell, bytes: &[u8]) -> Result<Option<Vec<u8>>, Flow> {
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(MAX_BYTES).read_to_end(&mut out);
    shell.spend(1 + (bytes.len() + out.len()) as u64 / 1024)?;
    Ok(read.ok().map(|_| out))
}

fn gzip(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    let busybox = shell.flavour().busybox();
    let said = if busybox { name.as_str() } else { "gzip" };
    let mut letters = String::new();
    let mut files = Vec::new();
    for word in rest(arguments) {
        match word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            Some(long) if long.starts_with('-') => letters.push(match long {
                "-decompress" | "-uncompress" => 'd',
                "-stdout" | "-to-stdout" => 'c',
                "-keep" => 'k',
                "-force" => 'f',
                "-list" => 'l',
                _ => ' ',
            }),
            Some(cluster) => letters.push_str(cluster),
            None => files.push(word.clone()),
        }
    }
    let known = "acdfhklLnNqrS:tvV123456789 ";
    if let Some(wrong) = letters.chars().find(|letter| !busybox && !known.contains(*letter)) {
        let hint = super::help::hint("gzip");
        shell.err(&format!("gzip: invalid option -- '{wrong}'\n{hint}"))?;
        return Ok(1);
    }
    let unpack = name != "gzip" || letters.contains('d');
    let stdout = name == "zcat" || letters.contains('c');
    if files.is_empty() || files == ["-"] {
        let bytes = shell.read_all()?;
        if busybox && unpack && !bytes.starts_with(b"\x1f\x8b") {
            return no_magic(shell, said, name == "zcat");
        }
        let out = if unpack { decompress(shell, &bytes)? } else { Some(compress(&bytes, None, 0)) };
        return match out {
            Some(out) => shell.write(1, &out).map(|()| 0),
            None => complain(shell, "stdin", &bytes),
        };
    }
    let mut status = 0;
    for file in files {
        status = status.max(one(shell, said, &file, (unpack, stdout), &letters)?);
    }
    Ok(status)
}

/// One file.
fn one(shell: &mut Shell, said: &str, file: &str, (unpack, stdout): (bool, bool), letters: &str) -> Status {
    let (mut path, mut found) = (file.to_owned(), shell.fs.read_file(file));
    let busybox = shell.flavour().busybox();
    if found.is_err() && unpack && !busybox {
        path = format!("{file}.gz");
        found = shell.fs.read_file(&path);
    }
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(_) if shell.fs.is_directory(file) && !busybox => {
            shell.err(&format!("{said}: {file} is a directory -- ignored\n"))?;
            return Ok(2);
        }
        Err(error) => {
            shell.err(&format!("{said}: {path}: {error}\n"))?;
            return Ok(1);
        }
    };
    let stat = shell.fs.stat(&path).map(|stat| stat.meta).ok();
    let modified = stat.as_ref().map_or(0, |meta| meta.modified);
    let target = if !unpack {
        format!("{file}.gz")
    } else if let Some(short) = path.strip_suffix(".gz") {
        short.to_owned()
    } else if let Some(short) = path.strip_suffix(".tgz") {
        format!("{short}.tar")
    } else if stdout {
        String::new()
    } else {
        let dash = if busybox { "-" } else { "--" };
        shell.err(&format!("{said}: {path}: unknown suffix {dash} ignored\n"))?;
        return Ok(if busybox { 1 } else { 2 });
    };
    let out = if unpack {
        match decompress(shell, &bytes)? {
            Some(out) => out,
            None if busybox && !bytes.starts_with(b"\x1f\x8b") => return no_magic(shell, said, stdout),
            None => return complain(shell, &path, &bytes),
        }
    } else {
        shell.spend(1 + bytes.len() as u64 / 512)?;
        compress(&bytes, Some(crate::fs::name(&path)), modified)
    };
    if stdout {
        return shell.write(1, &out).map(|()| 0);
    }
    if shell.fs.exists(&target) && !letters.contains('f') {
        return exists(shell, said, &target);
    }
    if let Err(error) = shell.fs.write_file(&target, &out, stat.map_or(0o644, |meta| meta.mode & 0o777)) {
        shell.err(&format!("{said}: {target}: {error}\n"))?;
        return Ok(1);
    }
    // The file was just written.
    let _ = shell.fs.utimes(&target, modified, modified);
    if !letters.contains('k') {
        let _ = shell.fs.unlink(&path);
    }
    Ok(0)
}

/// What an applet says of bytes that are not compressed.
fn no_magic(shell: &mut Shell, said: &str, any: bool) -> Status {
    let reason = if any { "no gzip/bzip2/xz magic" } else { "invalid magic" };
    shell.err(&format!("{said}: {reason}\n"))?;
    Ok(1)
}

/// What would be made is there already.
fn exists(shell: &mut Shell, said: &str, target: &str) -> Status {
    if shell.flavour().busybox() {
        shell.err(&format!("{said}: can't open '{target}': File exists\n"))?;
        return Ok(1);
    }
    shell.err(&format!("{said}: {target} already exists;\tnot overwritten\n"))?;
    Ok(2)
}

/// What is said of bytes that hold nothing, or not all.
fn complain(shell: &mut Shell, name: &str, bytes: &[u8]) -> Status {
    let reason = if bytes.starts_with(b"\x1f\x8b") { "unexpected end of file" } else { "not in gzip format" };
    shell.err(&format!("\ngzip: {name}: {reason}\n"))?;
    Ok(1)
}

fn other(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    if let Some(path) = rest(arguments).iter().find(|word| !word.starts_with('-')) {
        let text = match shell.fs.read_file(path) {
            Err(_) if name == "unzip" && shell.flavour().busybox() => {
                format!("unzip: can't open {path}[.zip]\n")
            }
            Err(_) if name == "unzip" => {
                let text = "unzip:  cannot find or open";
                shell.err(&format!("{text} {path}, {path}.zip or {path}.ZIP.\n"))?;
                return Ok(9);
            }
            Err(error) => format!("{name}: {path}: {error}\n"),
            Ok(_) => format!("{name}: {path}: File format not recognized\n"),
        };
        shell.err(&text)?;
        return Ok(1);
    }
    Ok(0)
}
