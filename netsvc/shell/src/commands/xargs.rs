//! xargs.

use super::{
    Run,
    options::{Options, options},
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, lines},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("xargs", xargs)];

fn xargs(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        if shell.flavour().busybox() { "+0rtxn:I:i::P:pa:s:E:e:" } else { "+0rtxn:I:i::L:P:d:pa:s:E:" },
        &[
            ("null", '0'),
            ("no-run-if-empty", 'r'),
            ("max-args", 'n'),
            ("replace", 'I'),
            ("delimiter", 'd'),
            ("max-procs", 'P'),
            ("verbose", 't'),
        ],
    )?
    else {
        return Ok(1);
    };
    if shell.flavour().busybox() && options.operands.is_empty() && options.has('p') {
        return super::help::usage(shell, "xargs").map(|()| 1);
    }
    let text = decode(&shell.read_all()?);
    let whole = options.has('0') || options.has('d') || options.has('I') || options.has('L');
    if let Some(open) = open_quote(&text).filter(|_| !whole) {
        let kind = if open == '"' { "double" } else { "single" };
        let more = if shell.flavour().busybox() {
            ""
        } else {
            "; by default quotes are special to xargs unless you use the -0 option"
        };
        shell.err(&format!("xargs: unmatched {kind} quote{more}\n"))?;
        return Ok(1);
    }
    let items = items(&text, &options);
    if items.is_empty() && (options.has('r') || options.has('I')) {
        return Ok(0);
    }
    let mut status = 0;
    for words in command_lines(&items, &options) {
        if options.has('t') {
            shell.err(&format!("{}\n", words.join(" ")))?;
        }
        if let Some(status) = super::wording::absent(shell, "xargs", &words) {
            return status;
        }
        let code = shell.with_input(Vec::new(), |shell| shell.run_program(&words))?;
        status = match code {
            0 => status,
            127 => return Ok(127),
            126 => return Ok(126),
            _ => 123,
        };
    }
    Ok(status)
}

/// The input in items: ended by NUL or a delimiter, or lines, or words.
fn items(text: &str, options: &Options) -> Vec<String> {
    if options.has('0') {
        return text.split('\0').filter(|item| !item.is_empty()).map(String::from).collect();
    }
    if let Some(delimiter) = options.value('d').map(|text| super::unescape(text, false).0) {
        return text.trim_end_matches('\n').split(delimiter.as_str()).map(String::from).collect();
    }
    if options.has('I') || options.has('L') {
        let lines = lines(text).map(|line| line.trim_start().to_owned());
        return lines.filter(|line| !line.is_empty()).collect();
    }
    split(text)
}

/// What is run: the command once for each item in place of a mark, or with some of the items at its end.
fn command_lines(items: &[String], options: &Options) -> Vec<Vec<String>> {
    let command =
        if options.operands.is_empty() { vec!["echo".to_owned()] } else { options.operands.clone() };
    if let Some(mark) = options.value('I') {
        let filled = |item: &String| command.iter().map(|word| word.replace(mark, item)).collect();
        return items.iter().map(filled).collect();
    }
    if items.is_empty() {
        return vec![command];
    }
    let size = options
        .number('n')
        .or(options.number('L'))
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0)
        .unwrap_or(1_000);
    items.chunks(size).map(|chunk| [command.clone(), chunk.to_vec()].concat()).collect()
}

/// The quote that a line leaves open.
fn open_quote(text: &str) -> Option<char> {
    text.split('\n').find_map(|line| {
        let mut open = None;
        let mut escaped = false;
        for character in line.chars() {
            match (open, character) {
                _ if std::mem::take(&mut escaped) => {}
                (None, '\\') => escaped = true,
                (None, '\'' | '"') => open = Some(character),
                (Some(quote), close) if quote == close => open = None,
                _ => {}
            }
        }
        open
    })
}

/// Words as xargs splits them: blanks, with quotes and backslashes.
fn split(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), inner) => word.get_or_insert_default().push(inner),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, blank) if blank.is_ascii_whitespace() => out.extend(word.take()),
            (None, other) => word.get_or_insert_default().push(other),
        }
    }
    out.extend(word);
    out
}
