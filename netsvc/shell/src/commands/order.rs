//! sort, uniq and cut.

use super::{
    Run,
    options::{Options, inputs, options},
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, lines},
};
use std::cmp::Ordering;

pub(super) const COMMANDS: &[(&str, Run)] = &[("sort", sort), ("shuf", sort), ("uniq", uniq), ("cut", cut)];

fn sort(shell: &mut Shell, arguments: &[String]) -> Status {
    const LONG: [(&str, char); 6] = [
        ("unique", 'u'),
        ("reverse", 'r'),
        ("numeric-sort", 'n'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("human-numeric-sort", 'h'),
    ];
    let Some(options) = options(shell, arguments, "bcCdfghik:Mmno:RrsS:t:T:uVz", &LONG)? else {
        return Ok(2);
    };
    let (contents, good) = inputs(shell, "sort", &options.operands)?;
    let text: String = contents
        .iter()
        .map(|(_, bytes)| {
            let text = decode(bytes);
            if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
        })
        .collect();
    shell.spend(1 + text.len() as u64 / 256)?;
    let bad = |key: &&str| !key.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    if let Some(wrong) = options.values('k').find(bad) {
        let text = if shell.flavour().busybox() {
            "sort: bad field specification\n".to_owned()
        } else {
            let word = super::wording::quoted(wrong);
            format!("sort: invalid number at field start: invalid count at start of {word}\n")
        };
        shell.err(&text)?;
        return Ok(2);
    }
    let keys: Vec<Key> = options.values('k').map(|key| Key::parse(key, &options)).collect();
    let keys = if keys.is_empty() { vec![Key::parse("1", &options)] } else { keys };
    let separator = options.value('t').and_then(|text| text.chars().next());
    let whole = options.value('k').is_none();
    let compare = |left: &&str, right: &&str| {
        keys.iter()
            .map(|key| key.compare(left, right, separator, whole))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let mut sorted: Vec<&str> = lines(&text).collect();
    sorted.sort_by(|left, right| compare(left, right).then_with(|| last_resort(left, right, &options)));
    if options.has('u') {
        sorted.dedup_by(|left, right| compare(left, right).is_eq());
    }
    let out: String = sorted.iter().map(|line| format!("{line}\n")).collect();
    match options.value('o') {
        Some(path) => {
            if let Err(error) = shell.fs.write_file(path, &crate::text::encode(&out), 0o666) {
                shell.err(&format!("sort: open failed: {path}: {error}\n"))?;
                return Ok(2);
            }
        }
        None => shell.out(&out)?,
    }
    Ok(if good { 0 } else { 2 })
}

/// The order of lines with equal keys.
fn last_resort(left: &str, right: &str, options: &Options) -> Ordering {
    if options.has('s') || options.has('u') {
        Ordering::Equal
    } else if options.has('r') {
        right.cmp(left)
    } else {
        left.cmp(right)
    }
}

struct Key {
    from: usize,
    to: Option<usize>,
    numeric: bool,
    reverse: bool,
    fold: bool,
    version: bool,
    human: bool,
}

impl Key {
    fn parse(text: &str, options: &Options) -> Key {
        let (start, end) = text.split_once(',').map_or((text, None), |(start, end)| (start, Some(end)));
        let digits = |text: &str| {
            text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().ok()
        };
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        let own = !letters.is_empty();
        let has = |letter: char| if own { letters.contains(letter) } else { options.has(letter) };
        Key {
            from: digits(start).unwrap_or(1).max(1),
            to: end.and_then(digits),
            numeric: has('n') || has('g'),
            reverse: has('r'),
            fold: has('f'),
            version: has('V'),
            human: has('h'),
        }
    }

    fn text<'a>(&self, line: &'a str, separator: Option<char>, whole: bool) -> std::borrow::Cow<'a, str> {
        if whole {
            return line.into();
        }
        let take = self.to.map_or(usize::MAX, |to| (to + 1).saturating_sub(self.from));
        match separator {
            Some(separator) => line
                .split(separator)
                .skip(self.from - 1)
                .take(take)
                .collect::<Vec<_>>()
                .join(&separator.to_string())
                .into(),
            None => line
                .split_ascii_whitespace()
                .skip(self.from - 1)
                .take(take)
                .collect::<Vec<_>>()
                .join(" ")
                .into(),
        }
    }

    fn compare(&self, left: &str, right: &str, separator: Option<char>, whole: bool) -> Ordering {
        let (left, right) = (self.text(left, separator, whole), self.text(right, separator, whole));
        let order = if self.version {
            by_version(&left, &right)
        } else if self.numeric || self.human {
            number(&left, self.human).total_cmp(&number(&right, self.human))
        } else if self.fold {
            left.to_ascii_uppercase().cmp(&right.to_ascii_uppercase())
        } else {
            left.cmp(&right)
        };
        if self.reverse { order.reverse() } else { order }
    }
}

/// The order of versions: numbers in texts by their value, everything else as text.
fn by_version(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let is_digit = |character: char| character.is_ascii_digit();
        let part = |text: &str, digits: bool| {
            text.find(|character: char| is_digit(character) != digits).unwrap_or(text.len())
        };
        for digits in [false, true] {
            let (one, rest) = left.split_at(part(left, digits));
            let (other, others) = right.split_at(part(right, digits));
            (left, right) = (rest, others);
            let order = if digits {
                let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
                one.len().cmp(&other.len()).then_with(|| one.cmp(other))
            } else {
                one.cmp(other)
            };
            if order.is_ne() {
                return order;
            }
        }
        if left.is_empty() || right.is_empty() {
            return left.len().cmp(&right.len());
        }
    }
}

fn number(text: &str, human: bool) -> f64 {
    let trimmed = text.trim_start();
    let length = trimmed
        .char_indices()
        .take_while(|(at, character)| {
            character.is_ascii_digit() || *character == '.' || (*at == 0 && *character == '-')
        })
        .count();
    let value: f64 =
        trimmed.get(..length).and_then(|digits| digits.trim_end_matches('.').parse().ok()).unwrap_or(0.0);
    let unit = trimmed.chars().nth(length).filter(|_| human).map_or(0, |unit| match unit {
        'K' | 'k' => 1,
        'M' => 2,
        'G' => 3,
        'T' => 4,
        _ => 0,
    });
    value * 1024_f64.powi(unit)
}

fn uniq(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "cdiuf:s:w:z",
        &[("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i')],
    )?
    else {
        return Ok(1);
    };
    let (contents, good) = inputs(shell, "uniq", options.operands.get(..1).unwrap_or(&[]))?;
    let text: String = contents.iter().map(|(_, bytes)| decode(bytes)).collect();
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for line in lines(&text) {
        match groups.last_mut() {
            Some((last, count)) if *last == line || options.has('i') && last.eq_ignore_ascii_case(line) => {
                *count += 1
            }
            _ => groups.push((line, 1)),
        }
    }
    for (line, count) in groups {
        if options.has('d') && count < 2 || options.has('u') && count > 1 {
            continue;
        }
        let prefix = if options.has('c') { format!("{count:>7} ") } else { String::new() };
        shell.out(&format!("{prefix}{line}\n"))?;
    }
    Ok(i32::from(!good))
}

fn cut(shell: &mut Shell, arguments: &[String]) -> Status {
    const LONG: [(&str, char); 7] = [
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("only-delimited", 's'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("output-delimiter", 'o'),
        ("complement", 'x'),
    ];
    let Some(options) = options(shell, arguments, "b:c:d:f:nsO:D", &LONG)? else { return Ok(1) };
    let Some(list) = options.value('f').or(options.value('c')).or(options.value('b')) else {
        if shell.flavour().busybox() {
            shell.err("cut: expected a list of bytes, characters, or fields\n")?;
            return Ok(1);
        }
        let text = "you must specify a list of bytes, characters, or fields";
        return super::wording::wrong_use(shell, "cut", text, 1);
    };
    let ranges = ranges(list);
    if ranges.iter().any(|(low, _)| *low == 0) {
        shell.err("cut: fields are numbered from 1\nTry 'cut --help' for more information.\n")?;
        return Ok(1);
    }
    let wanted =
        |number: usize| ranges.iter().any(|(low, high)| (*low..=*high).contains(&number)) != options.has('x');
    let delimiter = options.value('d').and_then(|text| text.chars().next()).unwrap_or('\t');
    let (contents, good) = inputs(shell, "cut", &options.operands)?;
    for (_, bytes) in contents {
        let text = decode(&bytes);
        shell.spend(text.len() as u64 / 1024)?;
        for line in lines(&text) {
            let out: String = if options.value('f').is_none() {
                chosen(line.chars(), wanted).collect()
            } else if line.contains(delimiter) {
                let fields: Vec<&str> = chosen(line.split(delimiter), wanted).collect();
                fields.join(options.value('o').or(options.value('O')).unwrap_or(&delimiter.to_string()))
            } else if options.has('s') {
                continue;
            } else {
                line.to_owned()
            };
            shell.out(&format!("{out}\n"))?;
        }
    }
    Ok(i32::from(!good))
}

/// The list of `cut`: first and last number of each range; 0 stands for what is no number.
fn ranges(list: &str) -> Vec<(usize, usize)> {
    list.split(',')
        .map(|part| match part.split_once('-') {
            Some((low, high)) => (low.parse().unwrap_or(1), high.parse().unwrap_or(usize::MAX)),
            None => part.parse().map_or((0, 0), |number| (number, number)),
        })
        .collect()
}

/// The items whose numbers, from 1, are wanted.
fn chosen<T>(items: impl Iterator<Item = T>, wanted: impl Fn(usize) -> bool) -> impl Iterator<Item = T> {
    items.enumerate().filter(move |(at, _)| wanted(at + 1)).map(|(_, item)| item)
}
