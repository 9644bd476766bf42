//! `read` and `mapfile`.

use super::{Run, rest};
use crate::interpret::{Shell, Status};

pub(super) const COMMANDS: &[(&str, Run)] = &[("read", read), ("mapfile", mapfile), ("readarray", mapfile)];

fn read(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = super::options::options(shell, arguments, "rsa:d:n:N:p:t:u:e", &[])? else {
        return Ok(2);
    };
    let line = if shell.in_is_session() && shell.interactive {
        Some(shell.ask(options.value('p').unwrap_or(""), options.has('s'))? + "\n")
    } else {
        shell.read_line()?
    };
    let complete = line.as_ref().is_some_and(|line| line.ends_with('\n'));
    let mut text = line.unwrap_or_default().trim_end_matches('\n').to_owned();
    if let Some(count) = options.number('n').or(options.number('N')) {
        text = crate::text::head(&text, usize::try_from(count).unwrap_or(0));
    }
    if !options.has('r') {
        text = text.replace("\\\\", "\u{0}").replace('\\', "").replace('\u{0}', "\\");
    }
    let separators = shell.variable("IFS").unwrap_or(" \t\n").to_owned();
    if let Some(name) = options.value('a') {
        let words = fields(&text, &separators);
        shell.state_mut().variables.set_list(name, words);
        return Ok(i32::from(!complete));
    }
    let names = if options.operands.is_empty() { vec!["REPLY".to_owned()] } else { options.operands.clone() };
    let blank = |character: char| separators.contains(character) && character.is_ascii_whitespace();
    let mut left = text.trim_matches(blank);
    for (index, name) in names.iter().enumerate() {
        let last = index + 1 == names.len();
        let (word, tail) = if last { (left, "") } else { cut(left, &separators) };
        shell.set_variable(name, word)?;
        left = tail;
    }
    Ok(i32::from(!complete))
}

/// Fields of a line: blanks among the separators join, each other separator ends one.
fn fields(text: &str, separators: &str) -> Vec<String> {
    let blank = |character: char| separators.contains(character) && character.is_ascii_whitespace();
    let mut fields = Vec::new();
    let mut rest = text.trim_matches(blank);
    while !rest.is_empty() {
        let (field, tail) = cut(rest, separators);
        fields.push(field.to_owned());
        rest = tail;
    }
    fields
}

/// The first field of a line, and what stands behind what ends it.
fn cut<'l>(line: &'l str, separators: &str) -> (&'l str, &'l str) {
    let ends = |character: char| separators.contains(character);
    let blank = |character: char| ends(character) && character.is_ascii_whitespace();
    let (field, tail) = line.split_at(line.find(ends).unwrap_or(line.len()));
    let tail = tail.trim_start_matches(blank);
    (field, tail.strip_prefix(ends).map_or(tail, |tail| tail.trim_start_matches(blank)))
}

fn mapfile(shell: &mut Shell, arguments: &[String]) -> Status {
    let strip = rest(arguments).iter().any(|word| word == "-t");
    let name = rest(arguments)
        .iter()
        .find(|word| !word.starts_with('-'))
        .cloned()
        .unwrap_or_else(|| "MAPFILE".into());
    let text = crate::text::decode(&shell.read_all()?);
    let lines = crate::text::lines(&text)
        .map(|line| if strip { line.to_owned() } else { format!("{line}\n") })
        .collect();
    shell.state_mut().variables.set_list(&name, lines);
    Ok(0)
}
