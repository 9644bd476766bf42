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
        let (word, tail) = match left.find(|character| separators.contains(character)) {
            Some(at) if !last => {
                let (word, tail) = left.split_at(at);
                let mut tail = tail.trim_start_matches(blank);
                if let Some(stripped) = tail.strip_prefix(|character: char| {
                    separators.contains(character) && !character.is_ascii_whitespace()
                }) {
                    tail = stripped.trim_start_matches(blank);
                }
                (word, tail)
            }
            _ => (left, ""),
        };
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
        let end = rest.find(|character| separators.contains(character)).unwrap_or(rest.len());
        let (field, tail) = rest.split_at(end);
        fields.push(field.to_owned());
        let tail = tail.trim_start_matches(blank);
        let hard = |character: char| separators.contains(character) && !blank(character);
        rest = tail.strip_prefix(hard).map_or(tail, |tail| tail.trim_start_matches(blank));
    }
    fields
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
