//! dd, truncate, and files of other kinds.

use super::{
    Run,
    files::missing,
    options::options,
    own, rest,
    wording::{quoted, wrong_use},
};
use crate::{
    fs::{Errno, OpenOptions},
    interpret::{Flow, Shell, Status},
};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("dd", dd), ("truncate", truncate), ("mkfifo", mkfifo), ("mknod", mkfifo)];

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

/// The operands that dd knows.
const OPERANDS: [&str; 13] =
    ["if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "status", "iflag", "oflag", "cbs"];

fn dd(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut values = BTreeMap::new();
    for word in rest(arguments) {
        match word.split_once('=') {
            Some((key, value)) if OPERANDS.contains(&key) => {
                values.insert(key, value);
            }
            _ if shell.flavour().busybox() => return super::help::usage(shell, "dd").map(|()| 1),
            _ => {
                shell.err(&format!(
                    "dd: unrecognized operand {}\nTry 'dd --help' for more information.\n",
                    quoted(word)
                ))?;
                return Ok(1);
            }
        }
    }
    let numbers = ["bs", "ibs", "obs", "count", "skip", "seek"];
    let mut given = numbers.iter().filter_map(|key| values.get(key));
    if let Some(wrong) = given.find(|text| size(text).is_none()) {
        let text = if shell.flavour().busybox() {
            format!("dd: invalid number '{wrong}'\n")
        } else {
            format!("dd: invalid number: {}\n", quoted(wrong))
        };
        shell.err(&text)?;
        return Ok(1);
    }
    let copy = Copy { values };
    let Some(bytes) = copy.source(shell)? else { return Ok(1) };
    let status = i32::from(!copy.sink(shell, &bytes)?);
    if copy.value("status") == Some("none") {
        return Ok(status);
    }
    let block = copy.block();
    let (full, partial) = (bytes.len() / block, usize::from(!bytes.len().is_multiple_of(block)));
    shell.err(&format!("{full}+{partial} records in\n{full}+{partial} records out\n"))?;
    if copy.value("status") != Some("noxfer") {
        shell.err(&transferred(bytes.len()))?;
    }
    Ok(status)
}

/// What is to be copied, and how.
struct Copy<'a> {
    values: BTreeMap<&'a str, &'a str>,
}

impl Copy<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).copied()
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.value(key).and_then(size)
    }

    /// Bytes of a block.
    fn block(&self) -> usize {
        self.number("bs").or(self.number("ibs")).unwrap_or(512).clamp(1, 1 << 30)
    }

    /// Reads what is to be copied. `None`: it cannot be read, which was said.
    fn source(&self, shell: &mut Shell) -> Result<Option<Vec<u8>>, Flow> {
        let count = self.number("count");
        let skip = self.number("skip").unwrap_or(0).saturating_mul(self.block());
        let wanted = count.map_or(usize::MAX, |count| count.saturating_mul(self.block())).min(8 << 20);
        let Some(path) = self.value("if").filter(|path| *path != "/dev/stdin") else {
            return match count {
                Some(_) => shell.read_some(wanted).map(Some),
                None => Ok(Some(shell.read_all()?.into_iter().skip(skip).collect())),
            };
        };
        match shell.fs.read_file(path) {
            Ok(bytes) => {
                let endless = path.starts_with("/dev/");
                let source: Vec<u8> =
                    bytes.iter().copied().skip(if endless { 0 } else { skip }).take(wanted).collect();
                if endless && !source.is_empty() {
                    return Ok(Some(source.iter().copied().cycle().take(wanted.min(4 << 20)).collect()));
                }
                Ok(Some(source))
            }
            Err(error) => {
                let text = if shell.flavour().busybox() {
                    format!("dd: can't open '{path}': {error}\n")
                } else {
                    format!("dd: failed to open '{path}': {error}\n")
                };
                shell.err(&text)?;
                Ok(None)
            }
        }
    }

    /// Writes what was read. `false`: it cannot be written, which was said.
    fn sink(&self, shell: &mut Shell, bytes: &[u8]) -> Result<bool, Flow> {
        let Some(path) = self.value("of") else { return shell.write(1, bytes).map(|()| true) };
        let keep = self.value("conv").is_some_and(|flags| flags.contains("notrunc"))
            || self.values.contains_key("seek");
        let how = OpenOptions { write: true, create: true, truncate: !keep, ..OpenOptions::default() };
        let offset = self.number("seek").unwrap_or(0).saturating_mul(self.block()) as u64;
        let result = shell.fs.open(path, how, 0o666).and_then(|handle| {
            let written = shell.fs.write_at(handle, offset, bytes);
            shell.fs.close(handle).and(written)
        });
        let Err(error) = result else { return Ok(true) };
        let text = if error == Errno::NoSpace {
            format!("dd: error writing '{path}': {error}\n")
        } else if shell.flavour().busybox() {
            format!("dd: can't open '{path}': {error}\n")
        } else {
            format!("dd: failed to open '{path}': {error}\n")
        };
        shell.err(&text)?;
        Ok(false)
    }
}

/// The last line: how much was copied, how long it took and how fast that was.
fn transferred(length: usize) -> String {
    let seconds = 0.000_09 + length as f64 / 420e6;
    let rate = super::system::rate(length as f64 / seconds);
    let units = if length >= 1_000_000 {
        format!(" ({:.1} MB, {:.1} MiB)", length as f64 / 1e6, length as f64 / 1_048_576.0)
    } else if length >= 1_000 {
        format!(" ({:.1} kB, {:.1} KiB)", length as f64 / 1e3, length as f64 / 1024.0)
    } else {
        String::new()
    };
    let noun = if length == 1 { "byte" } else { "bytes" };
    format!("{length} {noun}{units} copied, {} s, {rate}\n", super::calculate::general(seconds, 6))
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
    let command = own(arguments).to_owned();
    let Some(options) = options(shell, arguments, "m:Z", &[("mode", 'm')])? else { return Ok(1) };
    let mut paths = options.operands.clone();
    if command == "mknod" {
        // A device of its own takes a kind and two numbers, a fifo the kind alone.
        match paths.get(1).map(String::as_str) {
            Some("p") if paths.len() == 2 => {}
            Some("b" | "c" | "u") if paths.len() == 4 => {}
            None if paths.is_empty() => return missing(shell, "mknod"),
            _ => {
                let last = quoted(paths.last().map_or("", String::as_str));
                let more = if paths.len() == 2 {
                    "\nSpecial files require major and minor device numbers."
                } else {
                    ""
                };
                return wrong_use(shell, "mknod", &format!("missing operand after {last}{more}"), 1);
            }
        }
        paths.truncate(1);
    }
    if paths.is_empty() {
        return missing(shell, &command);
    }
    let mut status = 0;
    for path in &paths {
        if let Err(error) = shell.fs.mkfifo(path, 0o666) {
            let text = match (shell.flavour().busybox(), command.as_str()) {
                (true, _) | (_, "mknod") => format!("{command}: {path}: {error}\n"),
                _ => format!("{command}: cannot create fifo '{path}': {error}\n"),
            };
            shell.err(&text)?;
            status = 1;
        }
    }
    Ok(status)
}
