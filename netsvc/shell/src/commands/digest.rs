//! base64, checksums, hex dumps, strings.

use super::{
    Run,
    options::{inputs, options},
    own, rest,
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, lines},
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("base64", base64_command),
    ("base32", |_, _| Ok(0)),
    ("md5sum", sum),
    ("sha1sum", sum),
    ("sha224sum", sum),
    ("sha256sum", sum),
    ("sha384sum", sum),
    ("sha512sum", sum),
    ("cksum", cksum),
    ("sum", cksum),
    ("xxd", xxd),
    ("od", od),
    ("hexdump", hexdump),
    ("hd", hexdump),
    ("strings", strings),
];

fn base64_command(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "dDiw:", &[("decode", 'd'), ("ignore-garbage", 'i'), ("wrap", 'w')])?
    else {
        return Ok(1);
    };
    let (contents, good) = inputs(shell, "base64", options.operands.get(..1).unwrap_or(&[]))?;
    let bytes: Vec<u8> = contents.into_iter().flat_map(|(_, bytes)| bytes).collect();
    shell.spend(bytes.len() as u64 / 1024)?;
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if options.has('d') || options.has('D') {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let clean: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|byte| if options.has('i') { allowed(byte) } else { *byte != b'\n' })
            .collect();
        let valid = clean.iter().take_while(|byte| allowed(byte)).count();
        let mut out = Vec::new();
        let mut broken = valid < clean.len();
        let text: Vec<u8> = clean.into_iter().take(valid).collect();
        // Encoded pieces may follow each other, each with its padding; each decodes on its own.
        for group in text.split_inclusive(|byte| *byte == b'=').flat_map(|part| part.chunks(4)) {
            match engine.decode(group) {
                Ok(piece) => out.extend(piece),
                Err(_) if group.iter().all(|byte| *byte == b'=') => {}
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        shell.write(1, &out)?;
        if broken {
            shell.err("base64: invalid input\n")?;
        }
        return Ok(i32::from(broken || !good));
    }
    let encoded = engine.encode(&bytes);
    let width = options.number('w').and_then(|width| usize::try_from(width).ok()).unwrap_or(76);
    if width == 0 {
        shell.out(&encoded)?;
    } else {
        for line in encoded.as_bytes().chunks(width) {
            shell.out(&format!("{}\n", decode(line)))?;
        }
    }
    Ok(i32::from(!good))
}

fn digest(name: &str, bytes: &[u8]) -> String {
    match name {
        "md5sum" => hex::encode(Md5::digest(bytes)),
        "sha1sum" => hex::encode(Sha1::digest(bytes)),
        "sha224sum" => hex::encode(Sha224::digest(bytes)),
        "sha384sum" => hex::encode(Sha384::digest(bytes)),
        "sha512sum" => hex::encode(Sha512::digest(bytes)),
        _ => hex::encode(Sha256::digest(bytes)),
    }
}

fn sum(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "bctwsz",
        &[("check", 'c'), ("status", 's'), ("quiet", 'q'), ("binary", 'b'), ("text", 't')],
    )?
    else {
        return Ok(1);
    };
    let name = own(arguments).to_owned();
    let (contents, mut good) = inputs(shell, &name, &options.operands)?;
    for (file, bytes) in contents {
        shell.spend(1 + bytes.len() as u64 / 1024)?;
        if !options.has('c') {
            let mark = if options.has('b') { '*' } else { ' ' };
            shell.out(&format!("{} {mark}{file}\n", digest(&name, &bytes)))?;
            continue;
        }
        for line in lines(&decode(&bytes)) {
            let Some((wanted, path)) = line.split_once("  ").or_else(|| line.split_once(" *")) else {
                continue;
            };
            let fits = shell.fs.read_file(path).is_ok_and(|content| digest(&name, &content) == wanted);
            good &= fits;
            if !options.has('s') {
                shell.out(&format!("{path}: {}\n", if fits { "OK" } else { "FAILED" }))?;
            }
        }
    }
    Ok(i32::from(!good))
}

fn cksum(shell: &mut Shell, arguments: &[String]) -> Status {
    let (contents, good) = inputs(shell, own(arguments), rest(arguments))?;
    for (name, bytes) in contents {
        let mut crc = 0_u32;
        let length = (0..8)
            .map(|byte| bytes.len() >> (8 * byte))
            .take_while(|rest| *rest > 0)
            .map(|rest| (rest & 255) as u8);
        for byte in bytes.iter().copied().chain(length) {
            crc ^= u32::from(byte) << 24;
            for _ in 0..8 {
                crc = if crc & 0x8000_0000 != 0 { (crc << 1) ^ 0x04c1_1db7 } else { crc << 1 };
            }
        }
        let name = if name == "-" { String::new() } else { format!(" {name}") };
        shell.spend(bytes.len() as u64 / 256)?;
        shell.out(&format!("{} {}{name}\n", !crc, bytes.len()))?;
    }
    Ok(i32::from(!good))
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' }).collect()
}

fn xxd(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "prc:l:s:iug:", &[])? else { return Ok(1) };
    let (contents, good) = inputs(shell, "xxd", options.operands.get(..1).unwrap_or(&[]))?;
    let mut bytes: Vec<u8> = contents.into_iter().flat_map(|(_, bytes)| bytes).collect();
    if options.has('r') {
        let text = decode(&bytes);
        let digits: String = if options.has('p') {
            text.chars().filter(char::is_ascii_hexdigit).collect()
        } else {
            lines(&text)
                .map(|line| line.split_once(": ").map_or("", |(_, rest)| rest))
                .map(|rest| rest.split("  ").next().unwrap_or("").replace(' ', ""))
                .collect()
        };
        let even: String = digits.chars().take(digits.len() / 2 * 2).collect();
        shell.write(1, &hex::decode(even).unwrap_or_default())?;
        return Ok(i32::from(!good));
    }
    if let Some(length) = options.number('l') {
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
    let width = options.number('c').and_then(|width| usize::try_from(width).ok()).filter(|width| *width > 0);
    if options.has('p') {
        for line in bytes.chunks(width.unwrap_or(30)) {
            shell.out(&format!("{}\n", hex::encode(line)))?;
        }
        return Ok(i32::from(!good));
    }
    let width = width.unwrap_or(16);
    for (index, line) in bytes.chunks(width).enumerate() {
        let groups: Vec<String> = line.chunks(2).map(hex::encode).collect();
        let columns = width.div_ceil(2) * 5 - 1;
        shell.out(&format!(
            "{:08x}: {:<columns$}  {}\n",
            index * width,
            groups.join(" "),
            printable(line)
        ))?;
    }
    Ok(i32::from(!good))
}

fn hexdump(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "Cvn:s:e:xb", &[])? else { return Ok(1) };
    let (contents, good) = inputs(shell, own(arguments), &options.operands)?;
    let mut bytes: Vec<u8> = contents.into_iter().flat_map(|(_, bytes)| bytes).collect();
    if let Some(length) = options.number('n') {
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
    if let Some(format) = options.value('e') {
        let width = if format.contains("%02x") { 2 } else { 1 };
        let text: String = bytes.iter().map(|byte| format!("{byte:0width$x}")).collect();
        shell.out(&text)?;
        return Ok(i32::from(!good));
    }
    let canonical = options.has('C') || own(arguments) == "hd";
    let mut last: Option<&[u8]> = None;
    let mut starred = false;
    for (index, line) in bytes.chunks(16).enumerate() {
        if last == Some(line) && !options.has('v') {
            if !starred {
                shell.out("*\n")?;
            }
            starred = true;
            continue;
        }
        (last, starred) = (Some(line), false);
        let row = if canonical {
            let (left, right) = line.split_at_checked(8).unwrap_or((line, &[]));
            let part =
                |part: &[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            format!("{:08x}  {:<23}  {:<23}  |{}|\n", index * 16, part(left), part(right), printable(line))
        } else {
            let words: String = line
                .chunks(2)
                .map(|pair| match pair {
                    [low, high] => format!(" {high:02x}{low:02x}"),
                    other => format!(" 00{}", hex::encode(other)),
                })
                .collect();
            format!("{:07x}{words}\n", index * 16)
        };
        shell.out(&row)?;
    }
    let width = if canonical { 8 } else { 7 };
    if !bytes.is_empty() {
        shell.out(&format!("{:0width$x}\n", bytes.len()))?;
    }
    Ok(i32::from(!good))
}

fn od(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "A:t:N:j:vxcbdw:",
        &[("format", 't'), ("address-radix", 'A'), ("read-bytes", 'N')],
    )?
    else {
        return Ok(1);
    };
    let (contents, good) = inputs(shell, "od", &options.operands)?;
    if contents.is_empty() {
        return Ok(1);
    }
    let mut bytes: Vec<u8> = contents.into_iter().flat_map(|(_, bytes)| bytes).collect();
    if let Some(length) = options.number('N') {
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
    let format = options.value('t').unwrap_or(if options.has('c') {
        "c"
    } else if options.has('x') {
        "x2"
    } else {
        "o2"
    });
    let address = |offset: usize| match options.value('A') {
        Some("n") => String::new(),
        Some("x") => format!("{offset:06x}"),
        Some("d") => format!("{offset:07}"),
        _ => format!("{offset:07o}"),
    };
    for (index, line) in bytes.chunks(16).enumerate() {
        let words: String = match format {
            "x1" | "x1z" => line.iter().map(|byte| format!(" {byte:02x}")).collect(),
            "u1" => line.iter().map(|byte| format!(" {byte:>3}")).collect(),
            "d1" => line.iter().map(|byte| format!(" {:>4}", i8::from_ne_bytes([*byte]))).collect(),
            "c" => line.iter().map(|byte| format!(" {:>3}", escaped(*byte))).collect(),
            _ => grouped(line, format),
        };
        shell.out(&format!("{}{words}\n", address(index * 16)))?;
    }
    if options.value('A') != Some("n") {
        shell.out(&format!("{}\n", address(bytes.len())))?;
    }
    Ok(i32::from(!good))
}

/// A byte as `od -c` shows it.
fn escaped(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".into(),
        b'\t' => "\\t".into(),
        b'\r' => "\\r".into(),
        0 => "\\0".into(),
        0x20..0x7f => char::from(byte).to_string(),
        other => format!("{other:03o}"),
    }
}

/// A line of od in numbers of several bytes; the format is the radix's letter and the size of a number.
fn grouped(line: &[u8], format: &str) -> String {
    let size = format
        .chars()
        .last()
        .and_then(|digit| digit.to_digit(10))
        .filter(|size| matches!(size, 2 | 4 | 8))
        .unwrap_or(2) as usize;
    line.chunks(size)
        .map(|chunk| {
            let value = chunk.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            if format.starts_with('x') {
                format!(" {value:0width$x}", width = size * 2)
            } else if format.starts_with('u') || format.starts_with('d') {
                format!(" {value:>width$}", width = size * 5 / 2 + usize::from(size == 8))
            } else {
                format!(" {value:0width$o}", width = (size * 8).div_ceil(3))
            }
        })
        .collect()
}

fn strings(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "an:", &[])? else { return Ok(1) };
    let least = options.number('n').and_then(|least| usize::try_from(least).ok()).unwrap_or(4);
    let (contents, good) = inputs(shell, "strings", &options.operands)?;
    for (_, bytes) in contents {
        shell.spend(bytes.len() as u64 / 1024)?;
        for run in bytes
            .split(|byte| !(0x20..0x7f).contains(byte) && *byte != b'\t')
            .filter(|run| run.len() >= least)
        {
            shell.out(&format!("{}\n", decode(run)))?;
        }
    }
    Ok(i32::from(!good))
}
