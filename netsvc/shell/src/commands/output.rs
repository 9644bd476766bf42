//! `echo` and `printf`.

use super::{Run, rest};
use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("echo", echo), ("printf", printf)];

fn echo(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments);
    // dash knows -n alone, and replaces escapes always (XSI echo).
    let program = shell.applet || arguments.first().is_some_and(|name| name.contains('/'));
    let dash = shell.dialect() == Dialect::Dash && !program;
    let known = if dash { "n" } else { "neE" };
    let (mut newline, mut escapes) = (true, dash);
    while let Some((first, tail)) = words.split_first() {
        let Some(letters) = first
            .strip_prefix('-')
            .filter(|letters| !letters.is_empty() && letters.chars().all(|letter| known.contains(letter)))
            .filter(|letters| !(dash && letters.len() > 1))
        else {
            break;
        };
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = tail;
        if dash {
            break;
        }
    }
    let mut text = words.join(" ");
    if escapes {
        let octal = if shell.dialect().is_bash() { Octal::AfterZero } else { Octal::Both };
        let text_escapes = if dash { text.replace("\\x", "\\\\x") } else { text };
        let (unescaped, stop) = unescape_with(&text_escapes, false, octal);
        text = unescaped;
        newline &= !stop;
    }
    if newline {
        text.push('\n');
    }
    shell.out(&text)?;
    Ok(0)
}

/// Text with backslash escapes replaced, and whether `\c` ended it. `c_quotes`: as in `$'…'`.
pub(crate) fn unescape(text: &str, c_quotes: bool) -> (String, bool) {
    unescape_with(text, c_quotes, Octal::Plain)
}

/// How a byte is written by its octal number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Octal {
    /// `\101`: formats, `$'…'`.
    Plain,
    /// `\0101` alone: bash's `echo -e` and `%b`.
    AfterZero,
    /// Either: `echo` of dash and BusyBox.
    Both,
}

fn unescape_with(text: &str, c_quotes: bool, octal: Octal) -> (String, bool) {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let Some(escaped) = characters.next() else {
            out.push('\\');
            break;
        };
        let mut digits = |first: Option<char>, radix: u32, most: usize| -> Option<u32> {
            let mut value = first.and_then(|digit| digit.to_digit(radix));
            let mut count = usize::from(value.is_some());
            while count < most {
                let Some(digit) = characters.peek().and_then(|next| next.to_digit(radix)) else { break };
                characters.next();
                value = Some(value.unwrap_or(0) * radix + digit);
                count += 1;
            }
            value
        };
        match escaped {
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'e' | 'E' => out.push('\x1b'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            '\\' => out.push('\\'),
            '\'' | '"' | '?' if c_quotes => out.push(escaped),
            'c' if !c_quotes => return (out, true),
            'x' => match digits(None, 16, 2) {
                Some(value) => out.push(char::from(value as u8)),
                None => out.push_str("\\x"),
            },
            'u' | 'U' => {
                match digits(None, 16, if escaped == 'u' { 4 } else { 8 }).and_then(char::from_u32) {
                    Some(character) => out.extend(character.to_string().bytes().map(char::from)),
                    None => out.extend(['\\', escaped]),
                }
            }
            '0' if octal != Octal::Plain => {
                out.push(char::from((digits(None, 8, 3).unwrap_or(0) & 255) as u8))
            }
            '0'..='7' if octal != Octal::AfterZero => {
                out.push(char::from((digits(Some(escaped), 8, 3).unwrap_or(0) & 255) as u8))
            }
            other => out.extend(['\\', other]),
        }
    }
    (out, false)
}

/// Text quoted for a shell, as `set -x` and `printf %q` show it.
pub(crate) fn quote(text: &str) -> String {
    let safe = |character: char| character.is_ascii_alphanumeric() || "_-./:=@%+,".contains(character);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Text as `printf %q` shows it: with backslashes.
fn escaped(text: &str) -> String {
    if text.is_empty() {
        return "''".into();
    }
    if text.chars().any(|character| character.is_ascii_control()) {
        let inner = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
        return format!("$'{inner}'");
    }
    let safe = |character: char| character.is_ascii_alphanumeric() || "_-./:=@%+".contains(character);
    text.chars()
        .flat_map(|character| (!safe(character)).then_some('\\').into_iter().chain([character]))
        .collect()
}

/// What `printf` says of its arguments. A status: it ends before it prints.
fn complain(shell: &mut Shell, complaints: Vec<String>) -> Result<Option<i32>, Flow> {
    for complaint in complaints {
        let (text, invalid) = match complaint.strip_suffix(": invalid number") {
            Some(text) => (text, true),
            None => (complaint.as_str(), false),
        };
        let partly = text.trim_start().starts_with(|first: char| first.is_ascii_digit());
        match shell.dialect() {
            Dialect::Dash if invalid && partly => {
                shell.complain_of("printf", &format!("{text}: not completely converted"))?;
            }
            Dialect::Dash if invalid => {
                shell.complain_of("printf", &format!("{text}: expected numeric value"))?
            }
            Dialect::Dash => {
                let text = format!("{text}: invalid directive");
                return shell.refuse("printf", &text, false, 2).map(Some);
            }
            Dialect::Ash if invalid => shell.complain(&format!("invalid number '{text}'"))?,
            Dialect::Ash => {
                shell.complain(&format!("{text}: invalid format"))?;
            }
            _ => shell.complain(&format!("printf: {complaint}"))?,
        }
    }
    Ok(None)
}

fn printf(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments);
    let mut variable = None;
    match words {
        [flag, name, tail @ ..] if flag == "-v" && shell.dialect().is_bash() => {
            variable = Some(name.clone());
            words = tail;
        }
        [flag, ..]
            if shell.dialect() == Dialect::Dash && flag.starts_with('-') && flag != "--" && flag != "-" =>
        {
            let letter = flag.chars().nth(1).unwrap_or('-');
            return shell.refuse("printf", &format!("Illegal option -{letter}"), false, 2);
        }
        _ => {}
    }
    if let Some((first, tail)) = words.split_first()
        && first == "--"
    {
        words = tail;
    }
    let Some((format, values)) = words.split_first() else {
        match shell.dialect() {
            Dialect::Dash => return shell.refuse("printf", "usage: printf format [arg ...]", false, 2),
            Dialect::Ash => shell.complain("usage: printf FORMAT [ARGUMENT...]")?,
            _ => shell.err("printf: usage: printf [-v var] format [arguments]\n")?,
        }
        return Ok(2);
    };
    let dialect = shell.dialect();
    let mut formatter = Formatter { dialect, values, status: 0, complaints: Vec::new(), stop: false };
    let mut out = String::new();
    loop {
        shell.spend(1)?;
        let before = formatter.values.len();
        formatter.round(format, &mut out);
        if formatter.stop
            || formatter.values.is_empty()
            || formatter.values.len() == before
            || out.len() > 1 << 20
        {
            break;
        }
    }
    let status = formatter.status;
    let status = match complain(shell, formatter.complaints)? {
        Some(status) => return Ok(status),
        None => status,
    };
    match variable {
        Some(name) => {
            shell.set_variable(&name, &out)?;
        }
        None => shell.out(&out)?,
    }
    Ok(status)
}

pub(super) struct Formatter<'a> {
    pub(super) dialect: Dialect,
    pub(super) values: &'a [String],
    pub(super) status: i32,
    pub(super) complaints: Vec<String>,
    pub(super) stop: bool,
}

impl Formatter<'_> {
    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.values.split_first()?;
        self.values = rest;
        Some(first.clone())
    }

    fn number(&mut self) -> i64 {
        let ash = self.dialect == Dialect::Ash;
        let Some(text) = self.next() else {
            if ash {
                self.status = 1;
                self.complaints.push(": invalid number".into());
            }
            return 0;
        };
        let trimmed = text.trim();
        if let Some(character) = trimmed.strip_prefix(['\'', '"']) {
            return i64::from(character.chars().next().map_or(0, u32::from));
        }
        let (sign, digits) = trimmed.strip_prefix('-').map_or((1, trimmed), |digits| (-1, digits));
        let parsed = if let Some(hex) = digits.strip_prefix("0x") {
            i64::from_str_radix(hex, 16).ok()
        } else if digits.len() > 1 && digits.starts_with('0') {
            i64::from_str_radix(digits, 8).ok()
        } else {
            digits.parse().ok()
        };
        parsed.map(|value| value * sign).unwrap_or_else(|| {
            self.status = 1;
            self.complaints.push(format!("{text}: invalid number"));
            if ash {
                return 0;
            }
            digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
        })
    }

    /// Applies the format once.
    pub(super) fn round(&mut self, format: &str, out: &mut String) {
        let mut rest = format;
        while !rest.is_empty() {
            // What is between the directives has its escapes replaced, the directives themselves have none.
            let (plain, directive) = rest.split_at(rest.find('%').unwrap_or(rest.len()));
            let plain = plain.replace("\\\"", "\"");
            let plain = if self.dialect == Dialect::Dash { plain.replace("\\x", "\\\\x") } else { plain };
            let (plain, stop) = unescape(&plain, false);
            out.push_str(&plain);
            self.stop |= stop;
            let Some(body) = directive.strip_prefix('%').filter(|_| !self.stop) else { return };
            let mut characters = body.chars().peekable();
            let mut flags = String::new();
            while let Some(flag) = characters.next_if(|next| "-+ #0".contains(*next)) {
                flags.push(flag);
            }
            let mut width = String::new();
            if characters.next_if_eq(&'*').is_some() {
                width = self.number().to_string();
            }
            while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                width.push(digit);
            }
            let precision = characters.next_if_eq(&'.').map(|_| {
                let mut digits = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                digits.parse::<usize>().unwrap_or(0).min(4_096)
            });
            let modifiers = if self.dialect == Dialect::Dash { "" } else { "lhjzt" };
            while characters.next_if(|next| modifiers.contains(*next)).is_some() {}
            let width = width.parse::<usize>().unwrap_or(0).min(4_096);
            match characters.next() {
                Some('%') => out.push('%'),
                Some(code) if self.lacks(code) => {
                    let left: String = characters.collect();
                    self.refuse(code, &left);
                    return;
                }
                Some(code) => {
                    let text = self.convert(code, &flags, precision);
                    pad(out, &text, width, &flags, code);
                }
                None => out.push('%'),
            }
            if self.stop {
                return;
            }
            let left = characters.map(char::len_utf8).sum::<usize>();
            rest = body.get(body.len() - left..).unwrap_or("");
        }
    }

    /// Whether a dialect has no such directive.
    fn lacks(&self, code: char) -> bool {
        match code {
            'q' => !self.dialect.is_bash(),
            _ => !"sbqcdiuxXofFegEG".contains(code),
        }
    }

    /// Ends at a directive that is none; `left` is the format after it.
    fn refuse(&mut self, code: char, left: &str) {
        self.status = 1;
        self.stop = true;
        self.complaints.push(match self.dialect {
            Dialect::Dash => format!("%{code}"),
            Dialect::Ash => format!("%{code}{left}"),
            _ => format!("`{code}': invalid format character"),
        });
    }

    fn convert(&mut self, code: char, flags: &str, precision: Option<usize>) -> String {
        let signed = |value: String, negative: bool| {
            if flags.contains('+') && !negative { format!("+{value}") } else { value }
        };
        match code {
            's' => {
                let text = self.next().unwrap_or_default();
                precision.map_or(text.clone(), |most| crate::text::head(&text, most))
            }
            'b' => {
                let text = self.next().unwrap_or_default();
                let (text, stop) = unescape_with(&text, false, Octal::AfterZero);
                self.stop |= stop;
                text
            }
            'q' => escaped(&self.next().unwrap_or_default()),
            'c' => self.next().unwrap_or_default().chars().take(1).collect(),
            'd' | 'i' => {
                let value = self.number();
                let digits = value.unsigned_abs().to_string();
                let digits = format!("{digits:0>0$}", precision.unwrap_or(0));
                signed(if value < 0 { format!("-{digits}") } else { digits }, value < 0)
            }
            'u' => (self.number() as u64).to_string(),
            'x' => format!(
                "{}{:0>2$}",
                if flags.contains('#') { "0x" } else { "" },
                format!("{:x}", self.number()),
                precision.unwrap_or(0)
            ),
            'X' => format!(
                "{}{:0>2$}",
                if flags.contains('#') { "0X" } else { "" },
                format!("{:X}", self.number()),
                precision.unwrap_or(0)
            ),
            'o' => format!("{:o}", self.number()),
            'f' | 'F' | 'e' | 'g' => {
                let value: f64 = self.next().and_then(|text| text.trim().parse().ok()).unwrap_or(0.0);
                super::calculate::float(code, value, precision)
            }
            _ => String::new(),
        }
    }
}

fn pad(out: &mut String, text: &str, width: usize, flags: &str, code: char) {
    let missing = width.saturating_sub(text.chars().count());
    if flags.contains('-') {
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if flags.contains('0') && !"sbcq".contains(code) {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.get(..1).unwrap_or(""), digits),
            None => ("", text),
        };
        out.push_str(sign);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(digits);
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(text);
    }
}
