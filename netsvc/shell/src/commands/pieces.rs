//! split, expand, unexpand: texts in other pieces, blanks of another kind; and `time` as a program.

use super::{
    Run,
    options::{inputs, options},
    rest,
    wording::{absent, quoted, wrong_use},
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, encode},
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("split", split), ("expand", expand), ("unexpand", unexpand), ("time", time)];

/// Pieces that a file is split into at most.
const MOST_PIECES: usize = 676;

/// A number of lines or bytes, with its unit.
fn amount(text: &str) -> Option<usize> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let factor = match text.get(digits.len()..)? {
        "" => 1,
        "b" => 512,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor).filter(|number| *number > 0)
}

fn split(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [("lines", 'l'), ("bytes", 'b'), ("suffix-length", 'a'), ("numeric-suffixes", 'd')];
    let Some(options) = options(shell, arguments, "a:b:C:dl:n:", &long)? else { return Ok(1) };
    for (letter, what) in [('l', "lines"), ('b', "bytes")] {
        if let Some(wrong) = options.value(letter).filter(|text| amount(text).is_none()) {
            let text = format!("split: invalid number of {what}: {}\n", quoted(wrong));
            shell.err(&text)?;
            return Ok(1);
        }
    }
    let mut operands = options.operands.iter();
    let path = operands.next().map_or("-", String::as_str).to_owned();
    let prefix = operands.next().map_or("x", String::as_str).to_owned();
    let bytes = if path == "-" {
        shell.read_all()?
    } else {
        match shell.fs.read_file(&path) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => {
                shell.err(&format!("split: cannot open '{path}' for reading: {error}\n"))?;
                return Ok(1);
            }
        }
    };
    let pieces: Vec<Vec<u8>> = match options.value('b').and_then(amount) {
        Some(size) => bytes.chunks(size).map(<[u8]>::to_vec).collect(),
        None => {
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            lines
                .chunks(options.value('l').and_then(amount).unwrap_or(1_000))
                .map(<[&[u8]]>::concat)
                .collect()
        }
    };
    for (index, piece) in pieces.iter().take(MOST_PIECES).enumerate() {
        shell.spend(2)?;
        let name = if options.has('d') {
            format!("{prefix}{index:02}")
        } else {
            let letter = |index: usize| char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
            format!("{prefix}{}{}", letter(index / 26), letter(index))
        };
        if let Err(error) = shell.fs.write_file(&name, piece, 0o666) {
            shell.err(&format!("split: {name}: {error}\n"))?;
            return Ok(1);
        }
    }
    if pieces.len() > MOST_PIECES {
        shell.err("split: output file suffixes exhausted\n")?;
        return Ok(1);
    }
    Ok(0)
}

/// Columns between tab stops.
fn stop(options: &super::options::Options) -> usize {
    options.number('t').and_then(|width| usize::try_from(width).ok()).filter(|width| *width > 0).unwrap_or(8)
}

fn expand(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "it:", &[("initial", 'i'), ("tabs", 't')])? else {
        return Ok(1);
    };
    let stop = stop(&options).min(1_024);
    let (contents, good) = inputs(shell, "expand", &options.operands)?;
    for (_, bytes) in contents {
        shell.spend(1 + bytes.len() as u64 / 512)?;
        let mut out = String::new();
        let (mut column, mut initial) = (0, true);
        for character in decode(&bytes).chars() {
            match character {
                '\t' if initial || !options.has('i') => {
                    let width = stop - column % stop;
                    out.extend(std::iter::repeat_n(' ', width));
                    column += width;
                }
                '\n' => {
                    out.push('\n');
                    (column, initial) = (0, true);
                }
                other => {
                    initial &= other == ' ';
                    out.push(other);
                    column += 1;
                }
            }
        }
        shell.write(1, &encode(&out))?;
    }
    Ok(i32::from(!good))
}

fn unexpand(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [("all", 'a'), ("first-only", 'f'), ("tabs", 't')];
    let Some(options) = options(shell, arguments, "aft:", &long)? else { return Ok(1) };
    let stop = stop(&options);
    let all = (options.has('a') || options.has('t')) && !options.has('f');
    let (contents, good) = inputs(shell, "unexpand", &options.operands)?;
    for (_, bytes) in contents {
        shell.spend(1 + bytes.len() as u64 / 512)?;
        let mut out = String::new();
        for line in decode(&bytes).split_inclusive('\n') {
            let (mut column, mut blanks, mut initial) = (0, 0, true);
            for character in line.chars() {
                if character == ' ' && (initial || all) {
                    (column, blanks) = (column + 1, blanks + 1);
                    if column % stop == 0 && (blanks > 1 || initial) {
                        out.push('\t');
                        blanks = 0;
                    }
                    continue;
                }
                out.extend(std::iter::repeat_n(' ', std::mem::take(&mut blanks)));
                initial = false;
                out.push(character);
                column += 1;
            }
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        shell.write(1, &encode(&out))?;
    }
    Ok(i32::from(!good))
}

/// `time` where it is no word of the shell: GNU's program, or the applet.
fn time(shell: &mut Shell, arguments: &[String]) -> Status {
    let busybox = shell.flavour().busybox();
    let portable = rest(arguments).iter().any(|word| word == "-p");
    let words: Vec<String> =
        rest(arguments).iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    if words.is_empty() {
        if busybox {
            return super::help::usage(shell, "time").map(|()| 1);
        }
        return wrong_use(shell, "time", "missing program to run", 125);
    }
    if let Some(status) = absent(shell, "time", &words) {
        return status;
    }
    let started = shell.elapsed;
    let status = shell.run_program(&words)?;
    let took = (shell.elapsed.saturating_sub(started)).as_secs_f64();
    let (minutes, seconds) = ((took / 60.0).floor(), took % 60.0);
    let text = if portable {
        format!("real {took:.2}\nuser 0.00\nsys 0.00\n")
    } else if busybox {
        format!("real\t{minutes}m {seconds:.2}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n")
    } else {
        format!(
            "0.00user 0.00system {minutes}:{seconds:05.2}elapsed 0%CPU (0avgtext+0avgdata 1664maxresident)k\n\
             0inputs+0outputs (0major+73minor)pagefaults 0swaps\n"
        )
    };
    shell.err(&text)?;
    Ok(status)
}
