//! dd and truncate.

use super::{Run, options::options, rest};
use crate::{
    fs::{Errno, OpenOptions},
    interpret::{Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("dd", dd), ("truncate", truncate)];

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
    let (full, partial) = (bytes.len() / block, usize::from(!bytes.len().is_multiple_of(block)));
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
