//! tar within the file system.

use super::{
    Run,
    compress::{compress, decompress},
    rest,
};
use crate::{
    fs::{Errno, Kind, join, parent},
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("tar", tar)];

const BLOCK: usize = 512;

fn tar(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments).to_vec();
    let mut letters = String::new();
    let (mut file, mut folder) = (None, None);
    let mut operands = Vec::new();
    if let Some(first) = words.first_mut().filter(|first| !first.starts_with('-')) {
        *first = format!("-{first}");
    }
    let mut left = words.into_iter();
    while let Some(word) = left.next() {
        match word.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with('-')) {
            Some(cluster) => {
                letters.push_str(cluster);
                for letter in cluster.chars() {
                    match letter {
                        'f' => file = left.next(),
                        'C' => folder = left.next(),
                        _ => {}
                    }
                }
            }
            None if word.starts_with("--") => {}
            None => operands.push(word),
        }
    }
    let busybox = shell.flavour().busybox();
    if busybox && letters.contains('f') && file.is_none() {
        super::options::refuse(shell, "tar", "option requires an argument -- 'f'")?;
        return Ok(1);
    }
    if letters.contains('f') && file.is_none() {
        let old = rest(arguments).first().is_some_and(|first| !first.starts_with('-'));
        let text = if old {
            "tar: Old option 'f' requires an argument.\n"
        } else {
            "tar: option requires an argument -- 'f'\n"
        };
        shell.err(&format!("{text}{}", super::help::hint("tar")))?;
        return Ok(if old { 2 } else { 64 });
    }
    let known = "acfhjkmoptvxzCJOZ";
    if let Some(wrong) = letters.chars().find(|letter| busybox && !known.contains(*letter)) {
        super::options::refuse(shell, "tar", &format!("invalid option -- '{wrong}'"))?;
        return Ok(1);
    }
    let mode = letters.chars().find(|letter| "ctx".contains(*letter));
    match mode {
        Some('c') => create(shell, file, folder, operands, &letters),
        Some(mode) => {
            extract(shell, file, folder, (mode == 't', letters.contains('v'), letters.contains('z')))
        }
        None if busybox => super::help::usage(shell, "tar").map(|()| 1),
        None => {
            shell.err("tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.\n")?;
            Ok(2)
        }
    }
}

fn header(name: &str, mode: u32, size: usize, modified: i64, kind: u8) -> Vec<u8> {
    let mut block = Vec::with_capacity(BLOCK);
    let mut field = |text: String, width: usize| {
        let mut bytes: Vec<u8> = text.into_bytes().into_iter().take(width).collect();
        bytes.resize(width, 0);
        block.extend(bytes);
    };
    field(name.to_owned(), 100);
    field(format!("{mode:07o}"), 8);
    field("0000000".into(), 8);
    field("0000000".into(), 8);
    field(format!("{size:011o}"), 12);
    field(format!("{:011o}", modified / 1_000_000), 12);
    field("        ".into(), 8);
    field(char::from(kind).to_string(), 1);
    field(String::new(), 100);
    field("ustar  ".into(), 8);
    field("root".into(), 32);
    field("root".into(), 32);
    field(String::new(), 183);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    for (place, byte) in block.iter_mut().skip(148).zip(text.bytes()) {
        *place = byte;
    }
    block
}

fn create(
    shell: &mut Shell,
    file: Option<String>,
    folder: Option<String>,
    operands: Vec<String>,
    letters: &str,
) -> Status {
    let busybox = shell.flavour().busybox();
    if operands.is_empty() {
        return nothing_given(shell);
    }
    let mut out = Vec::new();
    let mut status = 0;
    let mut stack: Vec<String> = operands.into_iter().rev().collect();
    while let Some(path) = stack.pop() {
        shell.spend(4)?;
        let place = folder.as_ref().map_or_else(|| path.clone(), |folder| join(folder, &path));
        let Ok(stat) = shell.fs.lstat(&place) else {
            let verb = if busybox { "" } else { "Cannot stat: " };
            shell.err(&format!("tar: {path}: {verb}No such file or directory\n"))?;
            status = if busybox { 1 } else { 2 };
            continue;
        };
        let name = path.trim_start_matches('/').trim_end_matches('/').to_owned();
        if letters.contains('v') {
            shell.out(&format!("{name}\n"))?;
        }
        if stat.kind == Kind::Directory {
            out.extend(header(&format!("{name}/"), stat.meta.mode, 0, stat.meta.modified, b'5'));
            stack.extend(
                shell.fs.readdir(&place).unwrap_or_default().iter().rev().map(|child| join(&path, child)),
            );
        } else if let Ok(content) = shell.fs.read_file(&place) {
            out.extend(header(&name, stat.meta.mode, content.len(), stat.meta.modified, b'0'));
            out.extend(content.iter());
            out.resize(out.len().div_ceil(BLOCK) * BLOCK, 0);
        }
        if out.len() > 4 << 20 {
            break;
        }
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    if letters.contains('z') {
        shell.spend(1 + out.len() as u64 / 512)?;
        out = compress(&out, None, 0);
    }
    match file.filter(|file| file != "-") {
        None => shell.write(1, &out)?,
        Some(path) => {
            if let Err(error) = shell.fs.write_file(&path, &out, 0o666) {
                return not_opened(shell, &path, error);
            }
        }
    }
    if status != 0 {
        let text = if busybox { "error exit delayed from" } else { "Exiting with failure status due to" };
        shell.err(&format!("tar: {text} previous errors\n"))?;
    }
    Ok(status)
}

/// An archive of nothing is not made.
fn nothing_given(shell: &mut Shell) -> Status {
    if shell.flavour().busybox() {
        shell.err("tar: empty archive\n")?;
        return Ok(1);
    }
    let hint = super::help::hint("tar");
    shell.err(&format!("tar: Cowardly refusing to create an empty archive\n{hint}"))?;
    Ok(2)
}

/// An archive that cannot be opened.
fn not_opened(shell: &mut Shell, path: &str, error: Errno) -> Status {
    if shell.flavour().busybox() {
        shell.err(&format!("tar: can't open '{path}': {error}\n"))?;
        return Ok(1);
    }
    shell.err(&format!("tar: {path}: Cannot open: {error}\ntar: Error is not recoverable: exiting now\n"))?;
    Ok(2)
}

fn extract(
    shell: &mut Shell,
    file: Option<String>,
    folder: Option<String>,
    (list, verbose, packed): (bool, bool, bool),
) -> Status {
    let bytes = match file.filter(|file| file != "-") {
        None => shell.read_all()?,
        Some(path) => match shell.fs.read_file(&path) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) if packed && !shell.flavour().busybox() => {
                // A child unpacks, and it is the one that cannot read.
                shell.err(&format!("tar (child): {path}: Cannot open: {error}\ntar (child): Error is not recoverable: exiting now\ntar: Child returned status 2\ntar: Error is not recoverable: exiting now\n"))?;
                return Ok(2);
            }
            Err(error) => return not_opened(shell, &path, error),
        },
    };
    let bytes = match decompress(shell, &bytes)? {
        Some(inner) if bytes.starts_with(b"\x1f\x8b") => inner,
        _ => bytes,
    };
    let mut rest = bytes.as_slice();
    let mut found = false;
    while let Some((block, tail)) = rest.split_at_checked(BLOCK) {
        let Some(member) = Member::parse(block) else { break };
        found = true;
        shell.spend(4)?;
        let padded = member.size.div_ceil(BLOCK) * BLOCK;
        let Some((content, after)) = tail.split_at_checked(padded) else { break };
        rest = after;
        if list || verbose {
            shell.out(&format!("{}\n", member.name))?;
        }
        if list {
            continue;
        }
        if let Err(error) = unpack(shell, &member, folder.as_deref(), content)? {
            shell.err(&format!("tar: {}: Cannot open: {error}\n", member.name))?;
            return Ok(2);
        }
    }
    if found { Ok(0) } else { refuse(shell, &bytes) }
}

/// A header of an archive.
struct Member {
    name: String,
    mode: u32,
    size: usize,
}

impl Member {
    /// `None`: this is no header.
    fn parse(block: &[u8]) -> Option<Member> {
        if block.get(257..262) != Some(b"ustar") {
            return None;
        }
        let text = |range: std::ops::Range<usize>| -> String {
            let field = block.get(range).unwrap_or(&[]);
            field.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
        };
        Some(Member {
            name: text(0..100),
            mode: u32::from_str_radix(text(100..107).trim(), 8).unwrap_or(0o644),
            size: usize::from_str_radix(text(124..135).trim(), 8).unwrap_or(0),
        })
    }
}

/// Makes the file or directory of a member, and the directories above it.
fn unpack(
    shell: &mut Shell,
    member: &Member,
    folder: Option<&str>,
    content: &[u8],
) -> Result<Result<(), Errno>, Flow> {
    let place = folder.map_or_else(|| member.name.clone(), |folder| join(folder, &member.name));
    if member.name.ends_with('/') {
        return Ok(shell.fs.mkdir(&place, member.mode).or(Ok(())));
    }
    let above = parent(&place);
    if place.contains('/') && !shell.fs.exists(above) {
        shell.run_program(&["mkdir".into(), "-p".into(), above.to_owned()])?;
    }
    Ok(shell.fs.write_file(&place, content.get(..member.size).unwrap_or(&[]), member.mode))
}

/// What is said of bytes that hold no archive.
fn refuse(shell: &mut Shell, bytes: &[u8]) -> Status {
    if shell.flavour().busybox() {
        let text = if bytes.len() < BLOCK { "short read" } else { "invalid tar magic" };
        shell.err(&format!("tar: {text}\n"))?;
        return Ok(1);
    }
    let text = if bytes.starts_with(b"\x1f\x8b") {
        "\ngzip: stdin: unexpected end of file\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n"
    } else {
        "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n"
    };
    shell.err(text)?;
    Ok(2)
}
